"""The position of a place's contracts, from its run: what was received when, what was paid, and what each contract plans and fixes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from accord.clauses.services import names
from accord.errors import UserError
from accord.place import hold
from accord.place.csv_rows import read_rows
from accord.place.toml_faults import did_you_mean
from accord.settlement.care import Care, Scoped, care_of
from accord.settlement.chain import Case, settle
from accord.settlement.checking import read_contract
from accord.settlement.disputes import FOLDER as DISPUTES
from accord.settlement.disputes import read_disputes
from accord.settlement.figures import read_payments
from accord.settlement.freezing import with_disputes
from accord.settlement.position.lines import Standing, Told, lines_of, people_of
from accord.settlement.position.outturn import ContractPosition, Position, positions
from accord.settlement.position.telling import TOLD
from accord.settlement.position.totals import NOTHING, Line, Totals, each_month
from accord.settlement.scoping import BASELINE
from accord.settlement.settling import Asked, case_of, contract_files, scope
from accord.settlement.span import next_month, span_of
from accord.settlement.totals import Done, Total

PLANS_NAME = "plans.csv"


@dataclass(frozen=True)
class PartyPosition:
    """One partner in all contracts. to_receive, to_pay: due to it and by it; received, paid: of that, so far. forecast: the net of the outturns."""

    party: str
    to_receive: Decimal
    received: Decimal
    to_pay: Decimal
    paid: Decimal
    forecast: Decimal

    @property
    def balance(self) -> Decimal:
        """What others still owe it, less what it still owes."""
        return (self.to_receive - self.received) - (self.to_pay - self.paid)


@dataclass(frozen=True)
class PlacePosition:
    """Every contract of a place. left_out: contracts that have no position, with the reason. parties: their totals, which come to nothing.

    n_received: in how many months acts of care became known: in one alone, no pattern can be seen.
    """

    run_id: str
    position: Position
    parties: tuple[PartyPosition, ...]
    left_out: tuple[tuple[str, str], ...]
    n_received: int


def position_of_place(asked: Asked, as_at: date | None, named: str = "") -> PlacePosition:
    """Where each contract of a place stands, or one. as_at: as at the end of this month; that in which the run was known, if None.

    Raises UserError. A contract that cannot be settled to date is left out with the reason, which is the one that settling it gives.
    """
    run = asked.run
    if run is None:
        mend = "make one: accord run; or give a file of totals"
        raise UserError("the place has no published run yet", where=str(asked.place.root), what_to_do=mend)
    month = as_at or run.manifest.known_at.date().replace(day=1)
    known = min(next_month(month) - timedelta(days=1), asked.known)
    asked = replace(asked, until=next_month(month), known_on=known)
    scopes, left_out = _scopes(asked, month)
    with hold(asked.place, "position"), care_of(asked.place, run, scopes, as_told=True) as care:
        care.session.materialise(TOLD)
        lines: list[Line] = []
        for id, each in scopes.items():
            if named and id != named:
                continue
            try:
                lines += lines_of(_standing(asked, id, each, care, month))
            except UserError as error:
                left_out.append((id, str(error)))
        n_received = care.session.rows("select count(distinct known_date) from contract_told where known_date <= $month", {"month": month})[0][0]
    if named and named not in {line.contract for line in lines}:
        reasons = [why for id, why in left_out if id == named]
        what = f"contract '{named}' has no position" + "".join(f": {why}" for why in reasons)
        raise UserError(what, where=str(asked.place.contracts), what_to_do=f"name one of {', '.join(scopes) or 'none'}, and settle it first")
    found = positions(Totals(month, tuple(lines), 0))
    payers = {id: each.contract.payer for id, each in scopes.items()}
    found = replace(found, contracts=tuple(replace(each, payer=payers[each.contract]) for each in found.contracts))
    return PlacePosition(run.run_id, found, tuple(parties(found.contracts)), tuple(left_out), n_received)


def parties(contracts: Sequence[ContractPosition]) -> Iterator[PartyPosition]:
    """Each partner's total as payee and as payer, by its name."""
    sums: dict[str, list[Decimal]] = {}
    for each in contracts:
        assert each.payer is not None, "a contract of a place has a payer"
        for partner in each.partners:
            due, paid, forecast = partner.begun.due, partner.begun.paid, partner.outturn.forecast
            for name, amounts in ((partner.partner, (due, paid, NOTHING, NOTHING, forecast)), (each.payer, (NOTHING, NOTHING, due, paid, -forecast))):
                sums[name] = [a + b for a, b in zip(sums.get(name, [NOTHING] * len(amounts)), amounts, strict=True)]
    yield from (PartyPosition(name, *amounts) for name, amounts in sorted(sums.items()))


def _scopes(asked: Asked, month: date) -> tuple[dict[str, Scoped], list[tuple[str, str]]]:
    """The contracts that have begun, as far as they have come, and those of which nothing can be said."""
    scopes: dict[str, Scoped] = {}
    left_out: list[tuple[str, str]] = []
    for id, file in contract_files(asked.place, "").items():
        contract, days = read_contract(file, asked.place.root), asked.place.settings.period
        if contract.period.start_date.replace(day=1) > month:
            left_out.append((id, f"it begins on {contract.period.start_date}"))
        elif contract.period.start_date >= days.end_date or contract.period.end_date <= days.start_date:
            left_out.append((id, f"it runs from {contract.period.start_date} to {contract.period.end_date}, outside the days of the place"))
        else:
            scopes[id] = scope(asked, contract, file)
    return scopes, left_out


def _standing(asked: Asked, id: str, each: Scoped, care: Care, month: date) -> Standing:
    told = tuple(_told(care, id, month))
    people = dict(care.session.rows("select month_date, n_person from contract_people where contract_id = $contract", {"contract": id}))
    case = case_of(asked, id, each.contract, _done(care, id, month, sum(people.values())), each.file)
    months = tuple(each_month(case.span.start_date.replace(day=1), each.contract.period.end_date - timedelta(days=1)))
    whole = span_of(each.contract, None)
    planned = replace(case, span=whole, done=replace(case.done, n_person_month=people_of(people, months)))
    folder = asked.place.root / "figures"
    contracts = frozenset(contract_files(asked.place, ""))
    raised = read_disputes(asked.place.root / DISPUTES, id, each.contract).by(asked.known)
    settled = with_disputes(settle(case), raised, asked.known)
    return Standing(
        case, settled, settle(planned), months, month, people, told, _plans(folder / PLANS_NAME, id, case, contracts),
        read_payments(folder, id, contracts, asked.known),
    )  # fmt: skip


def _told(care: Care, contract_id: str, month: date) -> Iterator[Told]:
    select = """select clause_id, service, month_date, known_date, cast(sum(sign) as bigint), cast(sum(value_amount) as decimal(18, 2))
        from contract_told where contract_id = $contract and known_date <= $month and is_paying group by all order by all"""
    yield from (Told(*row) for row in care.session.rows(select, {"contract": contract_id, "month": month}))


def _done(care: Care, contract_id: str, month: date, n_person_month: int) -> Done:
    """What was known in a month to be done: as told, less what was taken back by then."""
    bound = {"contract": contract_id, "month": month}
    of = "from contract_told where contract_id = $contract and known_date <= $month"
    select = f"""select clause_id, month_date, service, price_group, cast(sum(sign) as bigint), cast(sum(value_amount) as decimal(18, 2)),
        cast(sum(n_unpriced) as bigint), cast(sum(unpriced_cost) as decimal(18, 2)) {of} group by all having sum(sign) <> 0 order by all"""
    costs: dict[str, list[Decimal]] = {}
    people = f"""select clause_id, cast(sum(cost) as decimal(18, 2)) as person_cost {of} group by clause_id, person_id
        having sum(sign) <> 0 order by clause_id, person_cost"""
    for clause_id, cost in care.session.rows(people, bound):
        costs.setdefault(clause_id, []).append(cost)
    own: list[Total] = []
    earlier: dict[str, list[Total]] = {}
    for total in (Total(*row) for row in care.session.rows(select, bound)):
        id = total.clause_id
        earlier.setdefault(id.removesuffix(BASELINE), []).append(total) if id.endswith(BASELINE) else own.append(total)
    by_person = {id: tuple(each) for id, each in costs.items()}
    return Done(tuple(own), n_person_month, by_person, {id: tuple(each) for id, each in earlier.items()})


def _plans(file: Path, contract_id: str, case: Case, contracts: frozenset[str]) -> Mapping[tuple[date, str], Decimal]:
    """What the place's file of plans says of one contract, by month and service; nothing where there is no file. Raises UserError."""
    found: dict[tuple[date, str], Decimal] = {}
    services = sorted({service for clause in case.contract.pricing for service in names(clause.services)})
    for row in read_rows(file, ("contract", "month", "service", "plan")) if file.is_file() else ():
        named = row.text("contract")
        if named not in contracts:
            raise row.wrong("contract", f"is '{named}', and no contract has that name", did_you_mean(named, sorted(contracts), "there are"))
        if named != contract_id:
            continue
        key = row.month("month"), row.text("service")
        if key[1] not in services:
            raise row.wrong("service", f"is '{key[1]}', and the contract pays for none such", did_you_mean(key[1], services, "its services are"))
        if key in found:
            raise row.wrong("month", f"has two plans for {key[1]}", "keep one of the two")
        found[key] = row.number("plan")
    return found
