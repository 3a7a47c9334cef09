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
ORGANISATION_KIND = (
    "gp_practice", "hospital", "community", "mental_health", "council", "pharmacy", "ambulance", "voluntary", "payer", "area",
    "other",
)  # fmt: skip
VAT_REGIME = ("nhs_contracted_out", "local_authority", "exempt", "standard", "outside")
"""How a party recovers VAT: NHS contracted-out services, section 33 bodies, exempt, standard rated, outside the scope."""
