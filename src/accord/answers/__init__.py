"""The first answers: what care cost per person-month, and how each file's amount gets there.

In:    activity_in_force, person_month, calendar_month, person, registration, record_fate, file_amount, submission.
Out:   care_total, at_risk (working tables), cost_per_person_month, reconciliation, attrition.
Reads: no rules.
Never: leaves an activity out without a line that says how many, how much and why.
"""

from accord.answers.build import build

__all__ = ["build"]
