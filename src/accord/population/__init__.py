"""Who the place is responsible for, month by month.

In:    registration (spans on lists and in areas), person, calendar_month, age_band.
Out:   person_month.
Reads: the rulebook's age bands, by the table age_band.
Never: decides who a person is, or what care cost.
"""

from accord.population.person_months import PERSON_MONTHS, build

__all__ = ["PERSON_MONTHS", "build"]
