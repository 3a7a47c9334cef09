"""The closed lists that table columns keep to."""

from __future__ import annotations

SETTING = (
    "gp",  # a contact with primary medical care, of any professional and by any means
    "inpatient",
    "outpatient",
    "emergency",  # A&E, emergency department, urgent care
    "ambulance",
    "community",
    "mental_health",
    "social_care",
    "pharmacy",
    "long_term_care",  # skilled nursing, care home, hospice
    "home_health",
    "diagnostic",
    "online",
    "voluntary",
    "other",
)
ADMISSION = ("elective", "emergency", "maternity", "transfer", "other")
SEX = ("female", "male", "other", "unknown")
COST_BASIS = ("reported", "unit_cost", "minutes", "none")
FATE = ("accepted", "quarantined", "exact_duplicate", "superseded", "cancellation")
SEVERITY = ("reject", "refuse", "flag")
SUBMISSION_STATUS = ("landed", "rejected", "withdrawal")
ATTACHMENT_STANDING = ("attached", "not in force", "not found")
POPULATION = ("registered", "resident")
REGISTRATION_KIND = (
    *POPULATION,
    "aligned",  # on a payer's own list of whose people are whose
    "voluntary",  # by the person's own choice
)
ATTRIBUTION_METHOD = ("registered", "resident", "plurality")
ATTRIBUTION_STEP = (
    "payer_list",  # the payer's own list, which overrides ours
    "choice",  # the person's own
    "list",
    "area",
    "primary_care",  # most primary care of physicians, nurse practitioners, physician assistants; of contacts of general practice, all
    "specialty",  # most primary care of the listed specialties, where those gave none
    "wide_window",  # as primary_care, over the wider window
    "specialty_not_stated",  # most primary care, where no record says by whom
)
ATTRIBUTION_REASON = (
    "not on the payer's list",
    "aligned to another organisation",
    "died before",
    "born after",
    "no cover in the window",
    "chose another organisation",
    "no qualifying care",
    "no physician seen",
    "more care elsewhere",
    "with another organisation",
    "never in any",  # on no list, or in no area, at any time
    "in one at other times",
)
ORGANISATION_KIND = (
    "gp_practice", "hospital", "community", "mental_health", "council", "pharmacy", "ambulance", "voluntary", "payer", "area",
    "other",
)  # fmt: skip
VAT_REGIME = ("nhs_contracted_out", "local_authority", "exempt", "standard", "outside")
"""How a party recovers VAT: NHS contracted-out services, section 33 bodies, exempt, standard rated, outside the scope."""
