"""How reports look on a terminal.

In:    a console, and what a command has to say: runs, checks, findings, what was simulated, what was settled, what need was found.
Out:   `print_…`: one screen each.
Reads: no rules.
Never: works anything out, or shows text from outside as it stands: what would move a cursor is spelled out.
"""

from accord.screens.admission_risk import print_admission_risk
from accord.screens.budgets import print_budget, print_counted, print_moved
from accord.screens.finance import (
    print_agreement,
    print_place_position,
    print_position,
    print_readiness,
    print_savings,
    print_two_years,
)
from accord.screens.need import print_explanation, print_list_changes, print_need, print_score_change
from accord.screens.population import print_attribution, print_attribution_difference
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
from accord.screens.risk import print_risk
from accord.screens.settlement import print_proof
from accord.screens.simulation import print_calibration, print_faults, print_simulated
from accord.screens.statements import print_comparison, print_explained, print_settled, print_settlements

__all__ = [
    "print_admission_risk", "print_agreement", "print_attribution", "print_attribution_difference", "print_budget", "print_calibration",
    "print_check", "print_columns", "print_comparison", "print_counted", "print_diff", "print_explained", "print_explanation",
    "print_faults", "print_findings", "print_lineage", "print_list_changes", "print_moved", "print_need", "print_place_position",
    "print_position", "print_proof", "print_readiness", "print_risk", "print_rows", "print_run", "print_runs", "print_savings",
    "print_score_change", "print_settled", "print_settlements", "print_simulated", "print_suggestion", "print_tables", "print_two_years",
]  # fmt: skip
