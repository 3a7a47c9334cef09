"""Who the place is responsible for, month by month, and which conditions they have.

In:    registration (spans on lists and in areas), person, calendar_month, age_band.
Out:   person_month; condition, person_score, segment, unmapped_code (conditions, see its own doorplate).
Reads: the rulebook's age bands, by the table age_band.
Never: decides who a person is, or what care cost.
"""

from accord.population.conditions import build as build_conditions
from accord.population.person_months import PERSON_MONTHS, build

__all__ = ["PERSON_MONTHS", "build", "build_conditions"]
