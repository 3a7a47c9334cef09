"""The care of one run under the contracts of its place: tables made once, and what was done under each contract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from accord.clauses.kinds import prices_activity
from accord.clauses.services import name_of
from accord.engine import Session
from accord.engine.feed import write_columns, write_rows
from accord.engine.over_run import over_run
from accord.errors import UserError
from accord.place import Place, Run, line_of
from accord.place.toml_faults import did_you_mean
from accord.place.toml_lines import KeyPath
from accord.rulebook import service_of_each, services
from accord.settlement.acting import ACTS, STEPS
from accord.settlement.contract import Contract, Resident
from accord.settlement.prices import OF_THE_RECORD, PriceList, price_list, price_tables
from accord.settlement.scoping import BASELINE, Part, parts_of
from accord.settlement.span import Span, months_of, next_month
from accord.settlement.totals import NOTHING, Done, Total
from accord.tables import ACTIVITY, ACTIVITY_COST
from accord.tables.settlement import CONTRACT_ACTIVITY, CONTRACT_MEMBER, CONTRACT_SCOPE, SERVICE
from accord.tables.working import CALENDAR_MONTH

READ = ("activity", "activity_cost", "organisation", "person_month")
"""The tables of a run that a settlement reads."""

YOUNGER = (ACTIVITY_COST.name,)
"""Those of them that earlier runs lack: such a run knows reported costs alone."""

_EVER_TOLD = ", ".join("reverses_id is null as is_in_force" if name == "is_in_force" else name for name in ACTIVITY.names)
BATCH = 250_000


@dataclass(frozen=True)
class Scoped:
    """A contract with its file, how far it is settled, and the lists of prices that it names."""

    contract: Contract
    file: Path
    span: Span
    lists: Mapping[str, PriceList]


@dataclass(frozen=True)
class Unsettled:
    """The acts of one payer, provider and service that no contract pays for, and why. amount: of those that have one."""

    reason: str
    payer: str | None
    provider: str
    service: str
    n_activity: int
    n_unvalued: int
    amount: Decimal


@dataclass(frozen=True)
class Conserved:
    """Everything in force in the run, and where it went: acts, and the amounts of those that have one."""

    n_activity: int
    amount: Decimal
    settled: Mapping[str, tuple[int, Decimal]]
    unsettled: tuple[int, Decimal]

    @property
    def holds(self) -> bool:
        """Whether what contracts pay for and what none does add up to everything."""
        n = sum(n for n, _ in self.settled.values()) + self.unsettled[0]
        return (n, sum((amount for _, amount in self.settled.values()), self.unsettled[1])) == (self.n_activity, self.amount)


@dataclass(frozen=True)
class Care:
    """What was done under each contract, what under none, and the session that still holds the acts."""

    session: Session
    done: Mapping[str, Done]
    unsettled: tuple[Unsettled, ...]
    conserved: Conserved

    def write_acts(self, contract_id: str, file: Path) -> None:
        """The acts that a contract's lines rest on, as a file of the table contract_activity."""
        select = f"select {', '.join(CONTRACT_ACTIVITY.names)} from contract_activity where contract_id = $contract order by clause_id, activity_id"
        reader = self.session.connection.sql(select, params={"contract": contract_id}).to_arrow_reader(BATCH)
        with pq.ParquetWriter(file, reader.schema) as writer:
            for group in _row_groups(reader):
                writer.write_table(group, row_group_size=BATCH)


def _row_groups(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Tables of BATCH rows, the last of what is left: however the engine cuts its batches, the file is the same, byte for byte."""
    waiting = reader.schema.empty_table()
    for batch in reader:
        waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch])])
        while waiting.num_rows >= BATCH:
            yield waiting.slice(0, BATCH).combine_chunks()
            waiting = waiting.slice(BATCH)
    if waiting.num_rows:
        yield waiting.combine_chunks()


def scoped(place: Place, contract: Contract, file: Path, span: Span) -> Scoped:
    """A contract with its prices. Raises UserError for a service or a list of prices that nobody knows."""
    known = [service for service, _, _ in services()]
    lists: dict[str, PriceList] = {}
    for n, clause in enumerate(contract.clause):
        for m, service in enumerate(getattr(clause, "services", ()) if prices_activity(clause) else ()):
            if name_of(service) not in known:
                mend = did_you_mean(name_of(service), known, "settle from a monthly file with --totals, or write one of")
                raise _fault(file, ("clause", n, "services", m), f"no act of care is of the service '{name_of(service)}'", mend)
        name = getattr(clause, "prices", None)
        if name is not None and name not in OF_THE_RECORD and name not in lists:
            lists[name] = price_list(place.root / "prices", name, contract, file, n)
    return Scoped(contract, file, span, lists)


def _fault(file: Path, path: KeyPath, what: str, mend: str) -> UserError:
    return UserError(what, where=f"{file}, line {line_of(file, path)}", what_to_do=mend)


@contextmanager
def care_of(place: Place, run: Run, contracts: Mapping[str, Scoped], *, as_told: bool = False) -> Iterator[Care]:
    """The care of a run under these contracts, which are all that may claim an act. Within `hold` only.

    as_told: every act that was ever delivered counts as in force, be it taken back since: for the history of what was known when.
    """
    select = {ACTIVITY.name: _EVER_TOLD} if as_told else {}
    with over_run(place, run, [name for name in READ if name not in YOUNGER], may_lack=YOUNGER, select=select) as session:
        acts_into(session, place, {id: each.contract for id, each in contracts.items()})
        _feed(session, place, contracts)
        for step in STEPS[STEPS.index(ACTS) + 1 :]:
            session.materialise(step)
        yield _care(session, contracts)


def acts_into(session: Session, place: Place, contracts: Mapping[str, Contract]) -> None:
    """Make the tables act and contract_member in a session over a run: its care as contracts see it, and whose people these contracts are about."""
    months = list(months_of(place.settings.period.start_date, place.settings.period.end_date))
    write_columns(session, CALENDAR_MONTH, {"month_date": months, "next_month_date": list(map(next_month, months))})
    write_rows(session, SERVICE, service_of_each())
    parents = [(str(id), parent) for id, parent in session.rows("select organisation_id, parent_id from organisation order by organisation_id")]
    partners = {partner.id for partner in place.settings.partner}
    write_rows(session, CONTRACT_MEMBER, (row for id, each in contracts.items() for row in _member_rows(id, each, parents, partners)))
    session.materialise(ACTS)


def _feed(session: Session, place: Place, contracts: Mapping[str, Scoped]) -> None:
    scopes = ((id, each, row) for id, each in contracts.items() for row in parts_of(each.contract, each.span, place.settings.period))
    write_rows(session, CONTRACT_SCOPE, (_scope_row(*scope) for scope in scopes))
    lists = {name: each for one in contracts.values() for name, each in one.lists.items()}
    for table, rows in price_tables(lists.values()):
        write_rows(session, table, rows)


def _scope_row(contract_id: str, scope: Scoped, part: Part) -> tuple[Any, ...]:
    contract = scope.contract
    population = "resident" if isinstance(contract.population, Resident) else "registered"
    return (
        contract_id, part.clause_id, part.service, contract.payer, contract.payee, population, part.start_date, part.end_date, part.prices,
        part.is_paying, part.specialty, part.code, part.is_baseline, contract.period.start_date if part.is_baseline else None,
    )  # fmt: skip


def _member_rows(contract_id: str, contract: Contract, parents: Sequence[tuple[str, str | None]], partners: set[str]) -> Iterator[tuple[str, str]]:
    """The areas that are named; or the partners that are, with the practices that belong to them."""
    if isinstance(contract.population, Resident):
        yield from ((contract_id, area) for area in contract.population.resident_in)
        return
    named = contract.population.registered_with
    lists = partners if named == "partners" else {named} if isinstance(named, str) else set(named)
    yield from ((contract_id, id) for id, parent in parents if id in lists or parent in lists)


def _care(session: Session, contracts: Mapping[str, Scoped]) -> Care:
    order = "amount desc, n_activity desc, reason, provider_id, service, payer_id"
    unsettled = tuple(Unsettled(*row) for row in session.rows(f"select * from unsettled_activity order by {order}"))
    conserved = _conserved(session, unsettled)
    assert conserved.holds, f"acts of care are lost or counted twice: {conserved}"
    return Care(session, {id: _done(session, id, each.contract) for id, each in contracts.items()}, unsettled, conserved)


def _conserved(session: Session, unsettled: Iterable[Unsettled]) -> Conserved:
    (n_activity, amount), *_ = session.rows("select count(*), cast(coalesce(sum(amount), 0) as decimal(18, 2)) from act")
    sums = "cast(sum(n_activity) as bigint), cast(sum(amount) as decimal(18, 2))"
    paid = session.rows(f"select contract_id, {sums} from contract_total where is_paying group by contract_id order by contract_id")
    left = list(unsettled)
    none = sum(each.n_activity for each in left), sum((each.amount for each in left), NOTHING)
    return Conserved(n_activity, amount, {id: (n, each) for id, n, each in paid}, none)


def _done(session: Session, contract_id: str, contract: Contract) -> Done:
    """What was done. The cost of each person is read only for the clauses whose dear people a stop-loss looks at."""
    bound = {"contract": contract_id}
    columns = "clause_id, month_date, service, price_group, n_activity, value_amount"
    costs_of = "n_unpriced, unpriced_cost, worked_out_cost, n_costed, priced_cost"
    rows = session.rows(f"select {columns}, {costs_of} from contract_total where contract_id = $contract order by all", bound)
    totals = tuple(Total(*row) for row in rows)
    people = session.rows("select cast(coalesce(sum(n_person), 0) as bigint) from contract_people where contract_id = $contract", bound)
    costs: dict[str, list[Decimal]] = {}
    for clause_id in sorted({clause.of for clause in contract.clause if clause.kind == "stop_loss"}):
        select = "select cost from person_cost where contract_id = $contract and clause_id = $clause order by cost"
        costs[clause_id] = [cost for (cost,) in session.rows(select, {**bound, "clause": clause_id})]
    own, earlier = (tuple(t for t in totals if t.clause_id.endswith(BASELINE) is is_earlier) for is_earlier in (False, True))
    by_clause = {id: tuple(t for t in earlier if t.clause_id == id) for id in sorted({t.clause_id for t in earlier})}
    by_person = {id: tuple(each) for id, each in costs.items()}
    return Done(own, people[0][0], by_person, {id.removesuffix(BASELINE): each for id, each in by_clause.items()})
