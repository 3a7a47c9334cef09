"""Episodes into spells, spells into continuous stays, and what followed each discharge.

In:    activity_in_force, person, diagnosis, calendar_month.
Out:   stay_activity, spell, transfer, continuous_stay, readmission, readmission_exclusion; working tables: stay_rule, provider_spell,
       readmission_pair.
Reads: the rulebook's rules of stays and of readmission, by the table stay_rule.
Never: drops a stay that has not ended, or changes an amount.
"""

from accord.stays.build import build

__all__ = ["build"]
