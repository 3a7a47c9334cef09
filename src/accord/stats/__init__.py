"""Statistics: numbers in, frozen results out.

In:    numbers and functions of numbers.
Out:   the parts of a change, shared out symmetrically; when a volume runs out; how far luck alone may take a year's cost, and how likely an overspend
       is.
Reads: no rules: a confidence or a spread is an argument, and whoever calls takes it from the rulebook.
Never: reads a file, knows what a contract is, or rounds.
"""

from accord.stats.decomposition import parts_of_change
from accord.stats.luck import Verdict, chance_of_overspend, luck_band, people_needed, verdict
from accord.stats.running_out import MONTHS_NEEDED, RunsOut, runs_out

__all__ = [
    "MONTHS_NEEDED", "RunsOut", "Verdict", "chance_of_overspend", "luck_band", "parts_of_change", "people_needed", "runs_out", "verdict",
]  # fmt: skip
