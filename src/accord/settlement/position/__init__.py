"""The position of each contract, month by month: what is known, what is still to come, what is due, what was paid.

In:    a CSV of totals by contract, partner, service, month of care and the month in which they became known; or a place's run, contracts,
       plans and payments, with the months in which each act was received.
Out:   for each contract and month plan, actual, accrual, due, paid and balance; for each contract and partner a forecast outturn with its
       interval; for each partner of a place its total as payee and payer.
Reads: run_off, below what part known the plan stands for the rest; interval_confidence.
Never: estimates without saying how, takes a month of which nothing came for a month in which nothing was done, or sees what was known later.
"""

from accord.settlement.position.estimates import Estimate, Method
from accord.settlement.position.of_place import PartyPosition, PlacePosition, position_of_place
from accord.settlement.position.outturn import ContractPosition, MonthPosition, Outturn, PartnerPosition, Position, position
from accord.settlement.position.totals import Line, MonthTotals, read_totals

__all__ = [
    "ContractPosition", "Estimate", "Line", "Method", "MonthPosition", "MonthTotals", "Outturn", "PartnerPosition", "PartyPosition",
    "PlacePosition", "Position", "position", "position_of_place", "read_totals",
]  # fmt: skip
