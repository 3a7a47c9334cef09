"""What the simulator wrote, and how a run of it compares with its targets and its truth, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from accord.screens.reports import count, grid_of, last_is_words, plain
from accord.simulate import Assumption, FoundFaults, Measured, Simulated


def print_simulated(console: Console, made: Simulated) -> None:
    """Where the place is, and how large."""
    console.print(
        f"Wrote an invented place in {plain(str(made.place.root))}: {count(made.n_person, 'person', 'people')}, {count(made.n_record, 'record')} in "
        f"{count(made.n_file, 'file')}. Nobody in it is real.",
        soft_wrap=True,
    )  # fmt: skip
    console.print(f"Its truth, for those who may know it: {plain(str(made.truth))}", soft_wrap=True)


def print_calibration(console: Console, measured: Sequence[Measured], assumed: Sequence[Assumption]) -> None:
    """Each target with its band and what a run of the place gives; then what is assumed, for want of a source."""
    grid = last_is_words(grid_of("Target", "wanted", "between", "measured", "", "source"))
    for one in measured:
        said = one.target
        mark = "–" if one.is_within is None else ("within" if one.is_within else "[red]outside[/]")
        grid.add_row(
            f"{plain(said.title)}, {plain(said.unit)}", f"{said.amount:g}", f"{said.low:g}–{said.high:g}",
            "–" if one.value is None else f"{one.value:.4g}", mark, plain(said.reference),
        )  # fmt: skip
    console.print(grid)
    told = [one for one in measured if one.is_within is not None]
    console.print(f"\n{sum(bool(one.is_within) for one in told)} of {len(told)} targets are met.")
    if assumed:
        console.print("\nAssumed, as no source was read:")
    for each in assumed:
        console.print(f"  {plain(each.title)}: {each.amount:g} {plain(each.unit)}. {plain(each.why)}", soft_wrap=True)


def print_faults(console: Console, found: Sequence[FoundFaults], others: Sequence[tuple[str, int]]) -> None:
    """Of each kind of fault how many were planted and found, and what was found on records in which nothing was planted."""
    grid = last_is_words(grid_of("Planted fault", "planted", "found", "recall", "false\nalarms", "found by"))
    for one in found:
        recall = "–" if one.recall is None else f"{one.recall:.1%}"
        rules = ", ".join(one.rules) or "nothing yet: it takes linkage"
        grid.add_row(plain(one.title), f"{one.n_planted:,}", f"{one.n_found:,}", recall, f"{one.n_false:,}" if one.rules else "–", rules)
    console.print(grid)
    hidden = sum(one.n_hidden for one in found)
    if hidden:
        console.print(f"\n{count(hidden, 'more fault')} lie in files that were rejected whole.", soft_wrap=True)
    for rule, n in others:
        console.print(f"[red]{plain(rule)}[/]: {count(n, 'finding')} where nothing was planted", soft_wrap=True)
