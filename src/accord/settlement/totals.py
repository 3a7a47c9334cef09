"""What was done under a contract, month by month: summed from a run, or as a finance team holds it in a monthly file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from accord.clauses.services import name_of, names, said, takes
from accord.errors import UserError
from accord.place.csv_rows import Row, read_rows
from accord.place.toml_faults import did_you_mean
from accord.settlement.contract import Contract

COLUMNS = ("contract", "month", "service", "price_group", "activity", "amount")
SPECIALTY = "specialty"
"""A column that a monthly file needs where a clause narrows a service to specialties; codes are held against its price groups."""

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Total:
    """The acts of one service and price group in one month under one clause. value: what they are worth by the clause's prices.

    unpriced_cost: of those without a price; worked_out: of that, by unit costs and minutes. n_costed, cost: of those with a price and a cost.
    """

    clause_id: str
    month: date
    service: str
    price_group: str
    n_activity: int
    value: Decimal
    n_unpriced: int = 0
    unpriced_cost: Decimal = NOTHING
    worked_out: Decimal = NOTHING
    n_costed: int = 0
    cost: Decimal = NOTHING


@dataclass(frozen=True)
class Done:
    """What was done under one contract. n_person_month: of its population; None where nobody counted it.

    person_costs: by clause, what each person's care cost; nothing where no persons are known. earlier: by clause, what was done in the earlier span
    of its baseline, at current prices; nothing where no care of it is known.
    """

    totals: tuple[Total, ...]
    n_person_month: int | None = None
    person_costs: Mapping[str, tuple[Decimal, ...]] = field(default_factory=dict)
    earlier: Mapping[str, tuple[Total, ...]] = field(default_factory=dict)

    def of(self, clause_id: str, services: Sequence[str] | None = None) -> list[Total]:
        """The totals of one clause, of some of its services if they are named."""
        return [t for t in self.totals if t.clause_id == clause_id and (services is None or t.service in services)]


def value(totals: Iterable[Total]) -> Decimal:
    """What the acts are worth together."""
    return sum((t.value for t in totals), NOTHING)


def by_service(totals: Iterable[Total]) -> dict[str, Decimal]:
    """The same by service."""
    found: dict[str, Decimal] = defaultdict(lambda: NOTHING)
    for total in totals:
        found[total.service] += total.value
    return dict(found)


def read_totals(file: Path, contract_id: str, contract: Contract, end_date: date) -> Done:
    """What a monthly file says was done under a contract before a day. Raises UserError for a row that cannot be read or that no clause knows."""
    seen: dict[tuple[date, str, str, str], int] = {}
    rows = []
    for row in read_rows(file, COLUMNS):
        if row.text("contract") != contract_id:
            continue
        group, specialty = row.text("price_group"), row.cells.get(SPECIALTY, "")
        service, month = _known(row, contract, specialty, group), row.month("month")
        if (month, service, group, specialty) in seen:
            what = f"{service} ({group}) of {month:%Y-%m} stands on line {seen[month, service, group, specialty]} too"
            raise UserError(what, where=f"{file}, line {row.line}", what_to_do="send one row a month, service and price group")
        seen[month, service, group, specialty] = row.line
        rows.append((month, service, group, specialty, row.whole("activity"), row.number("amount")))
    if not rows:
        what = f"{file.name} has no row of contract '{contract_id}'"
        raise UserError(what, where=str(file), what_to_do="name the contract in the column 'contract' as its file is called, without .toml")
    return Done(tuple(_totals(contract, [row for row in rows if row[0] < end_date])))


def _known(row: Row, contract: Contract, specialty: str, group: str) -> str:
    service, month = row.text("service"), row.month("month")
    served = [each for clause in contract.pricing for each in clause.services]
    if service not in names(served):
        what = f"is '{service}', and no clause of the contract pays for it"
        raise row.wrong("service", what, did_you_mean(service, sorted(names(served)), "its services are"))
    if not any(takes(each, service, specialty, group) for each in served):
        parts = "; ".join(said(each) for each in served if name_of(each) == service)
        what = f"is '{service}' with the price group '{group}' and the specialty '{specialty}', and the contract pays for {parts}"
        raise row.wrong("service", what, f"write the code as price_group, and the specialty in a column '{SPECIALTY}'; or take the row out")
    if not contract.period.start_date.replace(day=1) <= month < contract.period.end_date:
        what = f"is {month:%Y-%m}, and the contract runs from {contract.period.start_date} to {contract.period.end_date}"
        raise row.wrong("month", what, "write a month of the contract's period, or take the row out")
    return service


def _totals(contract: Contract, rows: Iterable[tuple[date, str, str, str, int, Decimal]]) -> Iterator[Total]:
    for month, service, group, specialty, n_activity, amount in rows:
        for clause in (c for c in contract.pricing if any(takes(each, service, specialty, group) for each in c.services)):
            yield Total(clause.id, month, service, group, n_activity, amount, n_unpriced=0 if amount else n_activity)


@dataclass(frozen=True)
class Difference:
    """One month and service by the monthly file and by the run. None: the one does not have it."""

    month: date
    service: str
    by_file: Decimal | None
    by_run: Decimal | None

    @property
    def amount(self) -> Decimal:
        """The file's amount less the run's."""
        return (self.by_file or NOTHING) - (self.by_run or NOTHING)


def differences(contract: Contract, by_file: Done, by_run: Done) -> list[Difference]:
    """Each month and service of either, of the clauses that pay, in order."""
    paying = {clause.id for clause in contract.clause if not clause.shadow}
    one, other = (_by_month(t for t in done.totals if t.clause_id in paying) for done in (by_file, by_run))
    return [Difference(month, service, one.get((month, service)), other.get((month, service))) for month, service in sorted({*one, *other})]


def _by_month(totals: Iterable[Total]) -> dict[tuple[date, str], Decimal]:
    found: dict[tuple[date, str], Decimal] = defaultdict(lambda: NOTHING)
    for total in totals:
        found[total.month, total.service] += total.value
    return dict(found)
