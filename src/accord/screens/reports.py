"""Runs, checks, differences and tables on a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.markup import escape as _escape
from rich.table import Table as Grid

from accord.engine.lineage import Hop
from accord.intake.draft import Suggestion
from accord.notebook import OpenRun
from accord.place import PlaceSettings, Run
from accord.publish.check_report import CheckReport, FileReport
from accord.publish.run_diff import RunDiff
from accord.publish.run_report import RateRow, RunReport
from accord.tables import Table

_MOST_GROUPS = 12
_MOST_FILES = 4
_RATES = ("cost per\nperson-\nmonth", "acts per\n1,000 person-\nmonths")


def grid_of(*headings: str, left: int = 1) -> Grid:
    """Columns without lines between them: the first `left` hold words and may wrap, the others hold figures and may not."""
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    n_line = max(heading.count("\n") for heading in headings)
    for i, heading in enumerate(headings):
        is_figure = i >= left
        lowered = "\n" * (n_line - heading.count("\n")) + heading
        grid.add_column(lowered, justify="right" if is_figure else "left", overflow="fold", no_wrap=is_figure)
    return grid


def last_is_words(grid: Grid) -> Grid:
    """The same grid, its last column words instead of figures."""
    grid.columns[-1].justify, grid.columns[-1].no_wrap = "left", False
    return grid


def plain(text: str) -> str:
    """Text from outside as it can be shown: none of it is a style, and what would move a terminal's cursor is spelled out."""
    return _escape("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text))


def count(n: int, one: str, many: str = "") -> str:
    """A number with the word for it: 1 file, 2 files, 3,363 records."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def money(amount: Decimal | None, decimals: int = 0) -> str:
    """An amount with separators; a dash where there is none."""
    return "–" if amount is None else f"{amount:,.{decimals}f}"


def print_run(console: Console, settings: PlaceSettings, run: OpenRun, directory: Path, unclaimed: Sequence[str]) -> None:
    """The one screen of a run."""
    report, currency = run.report(), settings.currency
    console.print(f"\n[bold]{plain(settings.name)}[/] · {settings.period.start_date} to {settings.period.end_date} · run {run.run_id} published")
    rejected = f" · [red]{report.n_rejected:,} rejected whole[/]" if report.n_rejected else ""
    console.print(
        f"{count(report.n_person, 'person', 'people')} · {count(report.n_file, 'file')}{rejected} · {count(report.n_record, 'record')} · "
        f"{report.n_quarantined:,} refused · {report.n_flagged:,} flagged and kept",
        soft_wrap=True,
    )
    for name, reason in report.rejected:
        console.print(f"[red]rejected[/] {plain(name)}: {plain(reason)} Its amounts are in no figure below.", soft_wrap=True)
    _print_unclaimed(console, unclaimed)
    _print_populations(console, report, currency)
    _print_rates(console, "By setting", report.by_setting, currency)
    _print_rates(console, "By practice, plan or area", report.by_organisation, currency)
    _print_bridge(console, report, currency)
    held = sum(audit.held for audit in run.manifest.audits)
    console.print(f"\n{held} of {len(run.manifest.audits)} audits hold. Tables: {plain(str(run.folder / 'tables'))}", soft_wrap=True)
    place = plain(shlex.quote(str(directory)))
    console.print(f"Next: accord show -p {place} · accord show reconciliation -p {place} · accord check {place}", soft_wrap=True)


def _print_populations(console: Console, report: RunReport, currency: str) -> None:
    grid = grid_of("Population", "person-\nmonths", "acts of\ncare", f"cost,\n{currency}", *_RATES)
    for name, row in sorted(report.populations.items()):
        grid.add_row(name, *_rate_cells(row))
    if not report.populations:
        console.print("\nNobody is registered or known to be resident in the period: there are no rates.")
        return
    _print_below(console, grid)


def _print_below(console: Console, grid: Grid) -> None:
    console.print()
    console.print(grid)


def _rate_cells(row: RateRow) -> tuple[str, ...]:
    return (
        f"{row.n_person_month:,}", f"{row.n_activity:,}", money(row.cost), money(row.cost_per_person_month, 2),
        money(row.activity_per_1000, 1),
    )  # fmt: skip


def _print_rates(console: Console, title: str, rows: Sequence[RateRow], currency: str) -> None:
    if not rows:
        return
    grid = grid_of(title, "acts of\ncare", "of which\nwithout\na cost", f"cost,\n{currency}", *_RATES)
    for row in rows[:_MOST_GROUPS]:
        is_costed = row.n_without_cost < row.n_activity or not row.n_activity
        cost = (money(row.cost), money(row.cost_per_person_month, 2)) if is_costed else ("–", "–")
        grid.add_row(plain(row.group), f"{row.n_activity:,}", f"{row.n_without_cost:,}", *cost, money(row.activity_per_1000, 1))
    if len(rows) > _MOST_GROUPS:
        grid.add_row(f"… {len(rows) - _MOST_GROUPS} more")
    _print_below(console, grid)


def _print_bridge(console: Console, report: RunReport, currency: str) -> None:
    grid = grid_of("From the files to the population's cost", "records", currency)
    for line, n, amount in report.bridge:
        is_total = line in ("in the file", "activity", "registered", "resident")
        style = "bold" if is_total else ("dim" if n == 0 and amount == 0 else "")
        grid.add_row(("" if is_total else "  ") + line, f"{n:,}", money(amount, 2), style=style)
    _print_below(console, grid)


def print_diff(console: Console, diff: RunDiff, currency: str) -> None:
    """Each total of the earlier and the later run, and between them what moved it."""
    console.print(f"From run {diff.before_id} to run {diff.after_id}", soft_wrap=True)
    if diff.changed_inputs:
        console.print(f"changed besides files: {plain(', '.join(diff.changed_inputs))}", soft_wrap=True)
    for total, (n_before, _, cost_before) in diff.before.items():
        grid = grid_of(total, "acts of\ncare", f"cost,\n{currency}")
        grid.add_row("before", f"{n_before:,}", money(cost_before, 2), style="bold")
        for m in (m for m in diff.moved if m.total == total):
            grid.add_row(f"  {m.cause}" + (f": {plain(m.what)}" if m.what else ""), f"{m.n_activity:+,}", money(m.cost, 2))
        n_after, _, cost_after = diff.after[total]
        grid.add_row("after", f"{n_after:,}", money(cost_after, 2), style="bold")
        _print_below(console, grid)


def print_check(console: Console, report: CheckReport) -> None:
    """Per file what became of its records, what was found, and what later rooms will miss."""
    grid = grid_of("File", "partner", "map", "records", "accepted", "refused", "duplicates", "flagged", left=3)
    for f in report.files:
        counts = [f"{n:,}" for n in (f.n_record, f.n_accepted, f.n_refused, f.n_duplicate, f.n_flagged)]
        is_rejected = f.status == "rejected"
        cells = ["–", "rejected", "–", "–", "–"] if is_rejected else counts
        grid.add_row(plain(f.file_name), f.partner_id, f.map_id, *cells, style="red" if is_rejected else "")
    console.print(grid)
    for f in report.files:
        _print_file_findings(console, f)
    _print_unclaimed(console, report.unclaimed)
    if report.missed:
        console.print("\nWhat later steps will miss:")
        for words in report.missed:
            console.print(f"  {plain(words)}", soft_wrap=True)
    console.print("\nNothing found." if report.is_clean else "\nNothing was kept: `accord run` publishes.")


def _print_unclaimed(console: Console, names: Sequence[str]) -> None:
    mend = plain("add a [[source]] for it to place.toml, or take it out of sources/")
    for name in names:
        console.print(f"[yellow]no source takes[/] {plain(name)}: {mend}", soft_wrap=True)


def _print_file_findings(console: Console, f: FileReport) -> None:
    if f.rejected:
        console.print(f"\n[red]{plain(f.file_name)} is rejected whole[/]: {plain(f.rejected)}", soft_wrap=True)
    if not f.findings:
        return
    console.print(f"\n[bold]{plain(f.file_name)}[/]")
    grid = last_is_words(grid_of("  rule", "severity", "column", "records", "for example", left=3))
    for found in f.findings:
        example = f"record {found.example_record}: {found.example}"
        grid.add_row(f"  {found.rule}", found.severity, plain(found.column), f"{found.n:,}", plain(example))
    console.print(grid)


def print_tables(console: Console, run: OpenRun) -> None:
    """The tables of a run and what a row of each is."""
    grid = last_is_words(grid_of("Table", "rows", "one row is"))
    for name, table in run.tables.items():
        grid.add_row(name, f"{run.manifest.tables[name].n_row:,}", table.meaning)
    console.print(grid)


def print_columns(console: Console, table: Table) -> None:
    """A table's contract."""
    console.print(f"[bold]{table.name}[/]: {plain(table.meaning)}\nkey: {', '.join(table.key)} · edition {table.edition}")
    grid = grid_of("column", "type", "meaning", left=3)
    for column in table:
        grid.add_row(column.name, column.type, plain(column.meaning))
    console.print(grid)


def print_rows(console: Console, run: OpenRun, name: str, most: int) -> None:
    """The first rows of a table, one block a row where they do not fit the width."""
    relation = run.table(name)
    rows = relation.limit(most).fetchall()
    n_row = run.manifest.tables[name].n_row
    widths = [max([len(c), *(len(str(r[i])) for r in rows)]) for i, c in enumerate(relation.columns)]
    if sum(widths) + 2 * len(widths) <= console.width:
        grid = grid_of(*relation.columns, left=0)
        for row in rows:
            grid.add_row(*(plain(_cell(v)) for v in row))
        console.print(grid)
    else:
        for row in rows:
            console.print(_block(relation.columns, row), soft_wrap=True)
    console.print(f"{len(rows):,} of {n_row:,} rows of {name}, run {run.run_id}")


def _block(columns: Sequence[str], row: Sequence[object]) -> str:
    widest = max(map(len, columns))
    return "".join(f"{column:>{widest}}  {plain(_cell(value))}\n" for column, value in zip(columns, row, strict=True))


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def print_runs(console: Console, runs: Sequence[Run], current: Run | None) -> None:
    """Every run, the current one marked."""
    if not runs:
        console.print("No run has been published yet: accord run")
        return
    grid = grid_of("run", "made at (UTC)", "files", "activities", "accord")
    for run in runs:
        m = run.manifest
        mark = " (current)" if current and run.run_id == current.run_id else ""
        grid.add_row(run.run_id + mark, f"{m.created_at:%Y-%m-%d %H:%M}", str(m.receipts.n), f"{m.tables['activity'].n_row:,}", m.accord_version)
    console.print(grid)


def print_findings(console: Console, what: str, findings: Sequence[str], clean: str) -> None:
    """What is wrong, line by line, or that nothing is."""
    if not findings:
        console.print(f"{what}: {clean}")
        return
    console.print(f"[red]{what}: {count(len(findings), 'finding')}[/]")
    for finding in findings:
        console.print(f"  {plain(finding)}", soft_wrap=True)


def print_suggestion(console: Console, suggested: Suggestion) -> None:
    """What a drafted map leaves to a person: keys to complete, choices to look at, columns that it could not place."""
    console.print(f"\nDrafted from {count(suggested.n_looked_at, 'record')}.")
    for heading, lines in (("To complete, or accord check refuses the map", suggested.to_complete), ("To decide", suggested.to_decide)):
        if lines:
            console.print(f"[bold]{heading}:[/]")
        for line in lines:
            console.print(f"  {plain(line)}", soft_wrap=True)
    if suggested.left:
        console.print("[bold]Could not be placed, and are ignored with the reason:[/]")
    for reason in dict.fromkeys(suggested.left.values()):
        columns = ", ".join(column for column, why in suggested.left.items() if why == reason)
        console.print(f"  {plain(columns)}: {plain(reason.partition(': ')[2])}", soft_wrap=True)


def print_lineage(console: Console, hops: Sequence[Hop], files: Mapping[str, Sequence[str]]) -> None:
    """Where a column comes from, step by step, down to the columns of the delivered files."""
    for hop in hops:
        name = f"{hop.table}.{hop.column}"
        if hop.step:
            sources = ", ".join(f"{table}.{column}" for table, column in hop.sources) or "nothing but the step's own text"
            console.print(f"[bold]{plain(name)}[/]  by step '{plain(hop.step)}'\n    from {plain(sources)}", soft_wrap=True)
        elif hop.table in files:
            delivered = files[hop.table]
            more = f" and {len(delivered) - _MOST_FILES} more" if len(delivered) > _MOST_FILES else ""
            console.print(f"[bold]{plain(name)}[/]  as delivered in {plain(', '.join(delivered[:_MOST_FILES]))}{more}", soft_wrap=True)
        else:
            console.print(f"[bold]{plain(name)}[/]  set up by the run from place.toml, the rulebook or the key", soft_wrap=True)
