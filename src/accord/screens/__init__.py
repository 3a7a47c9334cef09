"""How reports look on a terminal.

In:    a console, and what a command has to say: runs, checks, findings, what was simulated, what was settled.
Out:   `print_…`: one screen each.
Reads: no rules.
Never: works anything out, or shows text from outside as it stands: what would move a cursor is spelled out.
"""

from accord.screens.budgets import print_budget, print_counted
from accord.screens.finance import print_agreement, print_position, print_readiness, print_savings
from accord.screens.reports import (
    print_check,
    print_columns,
    print_diff,
    print_findings,
    print_lineage,
    print_rows,
    print_run,
    print_runs,
    print_suggestion,
    print_tables,
)
from accord.screens.settlement import print_proof
from accord.screens.simulation import print_calibration, print_faults, print_simulated
from accord.screens.statements import print_comparison, print_explained, print_settled, print_settlements

__all__ = [
    "print_agreement", "print_budget", "print_calibration", "print_check", "print_columns", "print_comparison", "print_counted",
    "print_diff", "print_explained", "print_faults", "print_findings", "print_lineage", "print_position", "print_proof", "print_readiness",
    "print_rows", "print_run", "print_runs", "print_savings", "print_settled", "print_settlements", "print_simulated", "print_suggestion",
    "print_tables",
]  # fmt: skip
