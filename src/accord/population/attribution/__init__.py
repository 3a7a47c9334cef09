"""Whose people are whose: each person in each year, by the list, the area, or who gave most of the primary care.

In:    person, registration, person_month, activity in force, procedure; the settings [attribution] of place.toml.
Out:   attribution and attribution_attrition: together every person once a year. Of two days of a run: `difference`, and what each move is worth.
Reads: the rulebook's windows, codes and specialties of the Shared Savings Program.
Never: leaves a person out without the step that did, or prices care.
"""

from accord.population.attribution.build import build
from accord.population.attribution.differing import Difference, Moved, Point, difference, point
from accord.population.attribution.showing import Shown, Year, shown

__all__ = ["Difference", "Moved", "Point", "Shown", "Year", "build", "difference", "point", "shown"]
