"""What each person's care is expected to cost, how far that can be trusted, and who may need help: on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

from rich.console import Console

from accord.population.need import (
    APART,
    CAUSES,
    SMALLEST_COUNT,
    Coding,
    Explanation,
    Judged,
    KeptModel,
    ListChange,
    NeedReport,
    OrganisationNeed,
    ScoreChange,
    figure,
)
from accord.screens.reports import count, grid_of, last_is_words, plain

_MODELS = {
    "age_sex": "age and sex", "with_diagnoses": "and diagnoses", "with_needs": "and needs", "full": "and supply, organisations",
    "allocated": "as money is shared out",
}  # fmt: skip
_MOST_LINES = 15


def print_need(console: Console, report: NeedReport, published: Mapping[str, Any], currency: str) -> None:
    """One fit on a screen: what it rests on, how well it does, where it does not, what each list needs, what is recorded there."""
    model = report.fit.model
    _print_basis(console, report, currency)
    _print_r2(console, report.judged, published, currency)
    _print_ratios(console, report.judged)
    _print_later(console, report.judged)
    _print_lists(console, model, report.organisations, currency)
    _print_coding(console, report.coding)
    is_old = "" if report.is_new else " (there already)"
    console.print(f"\nKept in {plain(str(report.fit.folder))}{is_old}", soft_wrap=True)


def _print_basis(console: Console, report: NeedReport, currency: str) -> None:
    model = report.fit.model
    console.print(f"[bold]{plain(model.title)}[/]: expected cost of the year from {model.coming_year}", soft_wrap=True)
    asked = "" if model.n_history == model.n_history_asked else f" (the file asks for {model.n_history_asked}; the place has no more before it)"
    console.print(
        f"Fitted on {count(model.n_training, 'person', 'people')} and their cost of the year from {model.fitted_year}, by what was known of the "
        f"{count(model.n_history, 'year')} before{asked}; judged on {model.n_validation:,} others.",
        soft_wrap=True,
    )
    if model.apart:
        named = ", ".join(model.apart[:_MOST_LINES]) + (", …" if len(model.apart) > _MOST_LINES else "")
        people = count(model.n_apart, "person", "people")
        console.print(f"{count(len(model.apart), 'organisation')} kept apart, with {people}, to be judged on too: {plain(named)}.", soft_wrap=True)
    else:
        console.print("No organisation is kept apart: how the model does on lists that it has not seen is not known.", soft_wrap=True)
    cap = "" if model.cap is None else f" up to {float(model.cap):,.0f} {currency} a person"
    console.print(f"Of the year's cost {model.counted_share:.1%} counts{cap} ({plain(model.truncation)}).", soft_wrap=True)
    console.print("Who was there for part of a year counts for that part, at the cost of a whole year.", soft_wrap=True)
    if not model.has_conditions:
        console.print("[yellow]The run has no table condition, so that nobody has a diagnosis: make the run again.[/]", soft_wrap=True)
    dropped = [p for p in model.predictors if p.is_dropped]
    if dropped:
        names = ", ".join(f"{p.kind} {p.label}" for p in dropped[:_MOST_LINES])
        console.print(f"{count(len(dropped), 'predictor')} said nothing that others did not, and stayed out: {plain(names)}.", soft_wrap=True)
    for each in model.left_out:
        acts = f"{count(each.n_activity, 'act')} of care, {each.cost:,.2f} {currency}"
        console.print(f"In nobody's year: {acts}: {plain(each.reason)}.", soft_wrap=True)


def _print_r2(console: Console, judged: Sequence[Judged], published: Mapping[str, Any], currency: str) -> None:
    heading = "\nPart of cost explained (R²), of people\nthe model was not fitted on"
    grid = grid_of(heading, "person", "organi-\nsation", "apart,\nperson", "apart,\norganisation", "PBRA,\nperson", "PBRA,\npractice")
    for model, words in _MODELS.items():
        found = [figure(judged, measure, model, part) for part in ("validation", APART) for measure in ("r2_person", "r2_organisation")]
        if isnan(found[0]):
            continue
        said = published.get(model, {})
        grid.add_row(words, *map(_share, found), *(f"{said[k]:.3f}" if said else "–" for k in ("person", "practice")))
    console.print(grid)
    known = "PBRA, person-based resource allocation: England 2007/08, five million people, 797 practices"
    console.print(f"{known}; shown to compare, and nothing is tuned to it.", soft_wrap=True)
    off = figure(judged, "organisations_far_off", "allocated")
    _print_apart(console, judged)
    slope = figure(judged, "calibration_slope", "allocated")
    console.print(f"{off:.0%} of organisations are off by more than 10 % (of PBRA's practices about a third).", soft_wrap=True)
    console.print(f"One {currency} more foretold is {slope:.2f} more spent (1 is right; below 1, scores differ more than costs do).", soft_wrap=True)


def _print_apart(console: Console, judged: Sequence[Judged]) -> None:
    off, ratio = (figure(judged, measure, "allocated", APART) for measure in ("organisations_far_off", "predictive_ratio"))
    lists = [j for j in judged if (j.part, j.measure) == (APART, "predictive_ratio by organisation") and j.n >= SMALLEST_COUNT and not isnan(j.value)]
    if isnan(ratio) or not lists:
        return
    low, high = (pick(lists, key=lambda j: j.value) for pick in (min, max))
    console.print(
        f"Of the organisations kept apart {off:.0%} are off by more than 10 %; foretold over actual cost is {ratio:.2f} of all of them, "
        f"{low.value:.2f} ({plain(low.group)}) to {high.value:.2f} ({plain(high.group)}).",
        soft_wrap=True,
    )


def _share(value: float) -> str:
    return "–" if isnan(value) else f"{value:.3f}"


def _print_ratios(console: Console, judged: Sequence[Judged]) -> None:
    """Foretold over actual cost of each group: what is far from 1 would be paid wrongly."""
    measures = dict.fromkeys(j.measure for j in judged if j.part == "validation" and j.measure.startswith("predictive_ratio by"))
    grid = grid_of("\nForetold over actual cost, by", "lowest", "group", "highest", "group", "people in the\nsmaller of the two")
    for measure in measures:
        rows = [j for j in judged if (j.part, j.measure) == ("validation", measure) and j.n >= SMALLEST_COUNT and not isnan(j.value)]
        if rows:
            low, high = (pick(rows, key=lambda j: j.value) for pick in (min, max))
            words = measure.removeprefix("predictive_ratio by ")
            grid.add_row(words, f"{low.value:.2f}", plain(low.group), f"{high.value:.2f}", plain(high.group), f"{min(low.n, high.n):,}")
    console.print(grid)


def _print_later(console: Console, judged: Sequence[Judged]) -> None:
    for part in dict.fromkeys(j.part for j in judged if j.part.startswith("year ")):
        times, r2 = (figure(judged, measure, "allocated", part) for measure in ("recalibrated_by", "r2_person"))
        which = part.replace(APART, "organisations kept apart")
        console.print(f"Tried as it is on {which}, every score times {times:.3f}: R² {r2:.3f} of people it was not fitted on.", soft_wrap=True)


def _print_lists(console: Console, model: KeptModel, lists: Sequence[OrganisationNeed], currency: str) -> None:
    grid = grid_of("\nOrganisation", "people", "need", "weighted\npeople", f"expected\ncost, {currency}")
    for one in sorted(lists, key=lambda each: -each.n_person)[:_MOST_LINES]:
        grid.add_row(plain(one.organisation_id), f"{one.n_person:,}", f"{one.need:.3f}", f"{one.weighted:,.2f}", f"{one.expected_cost:,.0f}")
    n_person, weighted, expected = (sum(getattr(one, name) for one in lists) for name in ("n_person", "weighted", "expected_cost"))
    grid.add_row("all", f"{n_person:,}", "1.000", f"{weighted:,.2f}", f"{expected:,.0f}", style="bold")
    console.print(grid)
    if len(lists) > _MOST_LINES:
        console.print(f"The {_MOST_LINES} largest of {len(lists):,}; all are in organisation_need.csv.")
    if model.n_below_zero:
        people = count(model.n_below_zero, "person", "people")
        console.print(f"Expected to cost less than nothing: {people}. That stays, so that lists add up.", soft_wrap=True)


def _print_coding(console: Console, codings: Sequence[Coding]) -> None:
    grid = grid_of("\nCoding, beside cost", "recorded", "score", "cost", "growth of\nscore", "growth of\ncost", "of score not\nmet by cost", "")
    last_is_words(grid)
    codings = [one for one in codings if one.n_person >= SMALLEST_COUNT]
    marked = [one for one in codings if one.is_marked]
    shown = marked + sorted((one for one in codings if not one.is_marked), key=lambda one: -(one.recorded / one.cost if one.cost else 0))
    for one in shown[:_MOST_LINES]:
        growths = (_growth(each) for each in (one.score_growth, one.cost_growth, one.unmatched_growth))
        said = "more is recorded than costs" if one.is_marked else ""
        figures = ("–" if isnan(each) else f"{each:.2f}" for each in (one.recorded, one.score, one.cost))
        grid.add_row(plain(one.organisation_id), *figures, *growths, said, style="yellow" if one.is_marked else "")
    console.print(grid)
    console.print("Recorded, score and cost: over what everybody's ages and sexes would give; 1 is usual.", soft_wrap=True)


def _growth(value: float | None) -> str:
    return "–" if value is None else f"{value:+.1%}"


def print_explanation(console: Console, said: Explanation, currency: str) -> None:
    """One person's score, line by line."""
    expected = f"expected cost of a whole year {said.expected_cost:,.2f} {currency}"
    console.print(f"Person {said.person_id}: {expected}, {said.need:.3f} times the mean", soft_wrap=True)
    grid = grid_of("What is known", "", f"adds,\n{currency}", "give or\ntake", left=2)
    for line in said.lines:
        error = "" if line.standard_error is None else f"{line.standard_error:,.2f}"
        grid.add_row(line.kind.replace("_", " "), plain(line.label), f"{line.amount:,.2f}", error)
    grid.add_row("together", "", f"{said.expected_cost:,.2f}", "", style="bold")
    console.print(grid)
    console.print("Give or take: one standard error of the coefficient, if costs spread alike for everybody, which they do not.", soft_wrap=True)
    if said.unknown:
        words = ", ".join(f"{kind} {label}" for kind, label in said.unknown)
        console.print(f"Known of the person, and too rare for the model to say anything of: {plain(words)}.", soft_wrap=True)


def print_score_change(console: Console, said: ScoreChange) -> None:
    """Why one person's need moved."""
    grid = grid_of(f"Person {said.person_id}", "need")
    grid.add_row("before", f"{said.before:.4f}")
    for cause, amount in said.parts.items():
        grid.add_row(f"  {cause}", f"{amount:+.4f}")
    grid.add_row("after", f"{said.after:.4f}", style="bold")
    console.print(grid)
    _print_order(console)


def print_list_changes(console: Console, changes: Sequence[ListChange]) -> None:
    """Why each list's weighted population moved, the largest moves first."""
    headings = [cause.replace("where and how the person lives", "where\nlived") for cause in CAUSES]
    grid = grid_of("Organisation", "before", "came", "left", *headings, "after")
    for one in sorted(changes, key=lambda each: -abs(each.after - each.before))[:_MOST_LINES]:
        parts = (f"{one.parts[cause]:+,.1f}" for cause in CAUSES)
        grid.add_row(plain(one.organisation_id), f"{one.before:,.1f}", f"{one.came:+,.1f}", f"{one.left:+,.1f}", *parts, f"{one.after:,.1f}")
    console.print(grid)
    console.print("People weighted by need, 1 being the mean person of the fit.", soft_wrap=True)
    _print_order(console)


def _print_order(console: Console) -> None:
    console.print(f"One after the other, each valued as the ones before left it: {', '.join(CAUSES)}.", soft_wrap=True)
