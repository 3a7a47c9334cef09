"""What a benchmark found, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as Grid


@dataclass(frozen=True)
class Line:
    """One thing that was measured. n_row: how many rows it wrote, where it wrote a table."""

    label: str
    seconds: float
    n_row: int | None = None


@dataclass(frozen=True)
class Figures:
    """One benchmark: what was measured, in which unit (the baseline, measured in the same run), and the most memory held.

    totals: sums of lines by name, the last that of the whole.
    """

    name: str
    title: str
    aim: str
    baseline: Line
    totals: tuple[Line, ...]
    lines: tuple[Line, ...]
    peak_byte: int

    def multiple(self, line: Line) -> float:
        """How many times its baseline a line took."""
        return line.seconds / max(self.baseline.seconds, 1e-9)


def print_figures(console: Console, figures: Figures) -> None:
    """One benchmark as a table: each step, its seconds, its multiple of the baseline."""
    console.print(f"\n[bold]{figures.title}[/]\naim: {figures.aim}", soft_wrap=True)
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("", "rows", "seconds", f"multiple of\n{figures.baseline.label}"):
        grid.add_column(heading, justify="right" if heading else "left", overflow="fold")
    for line in figures.lines:
        grid.add_row(*_cells(figures, line))
    for line in (figures.baseline, *figures.totals):
        grid.add_row(*_cells(figures, line), style="bold")
    console.print(grid)
    console.print(f"peak memory {figures.peak_byte / 1e9:.2f} GB")
    whole = figures.totals[-1]
    ratio = f"{figures.multiple(whole):.2f} times {figures.baseline.label} ({figures.baseline.seconds:.2f} s)"
    console.print(f"{figures.name}: {whole.label}: {whole.seconds:.2f} s, {ratio}", soft_wrap=True)


def _cells(figures: Figures, line: Line) -> tuple[str, ...]:
    return line.label, "" if line.n_row is None else f"{line.n_row:,}", f"{line.seconds:.2f}", f"{figures.multiple(line):.2f}"
