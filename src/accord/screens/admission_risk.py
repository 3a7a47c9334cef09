"""A list of people at risk of an emergency admission, without a person on it: how far it can be trusted, whom it misses, and what such lists did."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from accord.population.need import SMALLEST_COUNT, Flagged, RiskReport
from accord.screens.reports import count, grid_of, plain


def print_admission_risk(console: Console, report: RiskReport, currency: str) -> None:
    """Figures of groups alone; people stand in the list's file."""
    console.print("[bold]Who may be admitted as an emergency[/], for direct care alone", soft_wrap=True)
    console.print(
        f"Year from {report.coming_year}; learnt from {count(report.n_training, 'person', 'people')} and their year from {report.fitted_year}, "
        f"judged on {report.flagged.n_all:,} others.",
        soft_wrap=True,
    )
    _print_evidence(console, report)
    _print_list(console, report)
    _print_calibration(console, report)
    _print_spend(console, report, currency)
    _print_equity(console, report)
    console.print(f"\nThe list ({count(report.n_list, 'person', 'people')}): {plain(str(report.list_file))}", soft_wrap=True)


def _print_evidence(console: Console, report: RiskReport) -> None:
    console.print("\n[bold yellow]What happened where such lists were made or worked[/]")
    for value in report.evidence:
        console.print(f"  {plain(str(value.amount))} ({plain(value.reference)})", soft_wrap=True)


def _print_list(console: Console, report: RiskReport) -> None:
    found = report.flagged
    console.print(f"\nA list of this part of people ({found.share:.2%}), tried on those it was not fitted on:", soft_wrap=True)
    console.print(f"  of those on it {_part(found.predictive_value)} were admitted (positive predictive value)", soft_wrap=True)
    console.print(f"  of those admitted {_part(found.sensitivity)} were on it (sensitivity): the others were not", soft_wrap=True)
    console.print(f"  AUC {report.area_under_curve:.3f}; Brier score {report.brier:.4f}, against {report.brier_of_mean:.4f} if all had the mean risk")


def _part(value: float) -> str:
    return f"{value:.1%}"


def _print_calibration(console: Console, report: RiskReport) -> None:
    console.print(f"\nCalibration: slope {report.slope:.2f} (1 is right), intercept {report.intercept:+.2f} (0 is right)", soft_wrap=True)
    grid = grid_of("Tenth by risk", *(str(n) for n in range(1, len(report.deciles) + 1)))
    grid.add_row("said", *(_part(risk) for risk, _ in report.deciles))
    grid.add_row("came", *(_part(event) for _, event in report.deciles))
    console.print(grid)


def _print_spend(console: Console, report: RiskReport, currency: str) -> None:
    if report.event_cost is None:
        console.print("\nWhat may be spent on each: not known, as no emergency admission has a cost.", soft_wrap=True)
        return
    cost = f"One admitted person's emergency admissions of a year cost {report.event_cost:,.0f} {currency}"
    console.print(f"\n{cost}. Before a programme costs more than it saves:", soft_wrap=True)
    for spend in report.spends:
        most = f"{spend.most:,.0f} {currency}"
        console.print(f"  if {spend.effect:.0%} of them were prevented, {most} may be spent on each of the list", soft_wrap=True)
    console.print("  These parts are suppositions: see above what was found.", soft_wrap=True)


def _print_equity(console: Console, report: RiskReport) -> None:
    grid = grid_of("\nFifth of areas by deprivation", "people", "on the\nlist", "admitted of\nthe list", "listed of\nthe admitted", "came over\nsaid")
    hidden = hidden_groups([group.flagged for group in report.equity])
    for n, group in enumerate(report.equity):
        cells = ("–",) * 3 if n in hidden else _cells(group.flagged)
        grid.add_row(group.quintile, f"{group.flagged.n_all:,}", *cells, f"{group.observed_over_expected:.2f}")
    console.print(grid)
    said = f"A dash: fewer than {SMALLEST_COUNT} people, or the one group from which these could be told"
    console.print(f"{said}. Came over said: above 1, the risk of these people is underrated.", soft_wrap=True)


def hidden_groups(groups: Sequence[Flagged]) -> set[int]:
    """The groups of which too few are on the list, or too few of these were admitted; if it is one alone, the next smallest too.

    One hidden group could be told from the others and the whole.
    """
    by_size = sorted(range(len(groups)), key=lambda n: (min(groups[n].n, groups[n].n_event), n))
    few = [n for n in by_size if min(groups[n].n, groups[n].n_event) < SMALLEST_COUNT]
    return set(by_size[:2] if len(few) == 1 else few)


def _cells(found: Flagged) -> tuple[str, str, str]:
    return _part(found.share), _part(found.predictive_value), _part(found.sensitivity)
