"""What each person cost, year by year and service by service: the histories that are resampled as wholes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from accord.engine import Session, Step
from accord.engine.feed import write_rows
from accord.engine.over_run import over_run
from accord.errors import UserError
from accord.place import Place, Run
from accord.tables import ATTRIBUTION, ORGANISATION, PERSON_MONTH
from accord.tables.risk import (
    BORNE_CARE,
    COUNTED_MONTH,
    HISTORY_LEFT_OUT,
    HISTORY_MONTH,
    ORGANISATION_SIZE,
    PERSON_YEAR,
    PERSON_YEAR_COST,
)
from accord.tables.settlement import ACT, CONTRACT_MEMBER

Floats = NDArray[np.float64]
MONTHS = 12
READ = ("activity", "organisation", "person_month")
YOUNGER = ("activity_cost", "attribution")
"""The tables of a run that histories are made of, and those of them that earlier runs lack."""
NO_CLAUSE = ""
"""In place of a clause's id, of a budget without a contract."""

COUNTED_MONTHS = Step(
    name="months of the budget's people",
    sql="""with found as (
  select p.person_id, p.month_date, m.year_number, p.age_band, p.sex,
    case when $population = 'resident' then p.is_resident when $population = 'attributed' then t.organisation_id is not null
      else p.is_registered end as is_of_it,
    case when $population = 'resident' then p.resident_id when $population = 'attributed' then t.organisation_id
      else p.registered_id end as organisation_id
  from person_month p
  join history_month m on p.month_date = m.month_date
  left join attribution t on p.person_id = t.person_id and p.month_date >= t.start_date and p.month_date < t.end_date)
select f.person_id, f.month_date, f.year_number, f.organisation_id, f.age_band, f.sex
from found f
left join contract_member b on f.organisation_id = b.organisation_id
where f.is_of_it and ($whose = 'everybody' or b.organisation_id is not null)""",
    inputs=(PERSON_MONTH, HISTORY_MONTH, ATTRIBUTION, CONTRACT_MEMBER),
    output=COUNTED_MONTH,
    parameters={"population": "varchar", "whose": "varchar"},
    notes="""In: person_month, history_month, attribution, contract_member. Out: counted_month.
Of a contract, the people whom a settlement counts: on the lists, or in the areas, that are its members; or, if asked for, attributed to them.
Units: none. Ties: none. Leaves out: months of people who are not of the budget, and of no whole year.""",
)

PERSON_YEARS = Step(
    name="people's years",
    sql="""with counted as (
  select person_id, year_number, age_band, sex,
    row_number() over (partition by person_id, year_number order by month_date nulls last) as place,
    count(*) over (partition by person_id, year_number) as n_month
  from counted_month)
select person_id, year_number, n_month, age_band, sex from counted where place = 1""",
    inputs=(COUNTED_MONTH,),
    output=PERSON_YEAR,
    notes="""In: counted_month. Out: person_year. Units: months.
Ties: age and sex are those of the person's first month in the year. Leaves out: nothing.""",
)

_SEEN = """every_service as (
  select distinct service from borne_care),
seen as (
  select a.activity_id, a.person_id, m.year_number, a.service, e.service is not null as is_of_service, p.person_id is not null as is_of_population,
    case when b.basis = 'price' then coalesce(a.amount, 0) else coalesce(a.cost, a.worked_out_cost, a.amount, 0) end as cost, b.clause_id,
    row_number() over (partition by a.activity_id order by b.clause_number nulls last, b.clause_id nulls last, b.service_code nulls last,
      b.currency_code nulls last) as place
  from act a
  left join history_month m on a.month_date = m.month_date
  left join counted_month p on a.person_id = p.person_id and a.month_date = p.month_date
  left join every_service e on a.service = e.service
  left join borne_care b on a.service = b.service and (b.provider_id is null or a.provider_id = b.provider_id)
    and (b.payer_id is null or a.payer_id is null or a.payer_id = b.payer_id)
    and (b.service_code is null or a.service_code = b.service_code) and (b.currency_code is null or a.currency_code = b.currency_code))"""

PERSON_YEAR_COSTS = Step(
    name="cost of people's years by clause and service",
    sql=f"""with {_SEEN}
select person_id, year_number, clause_id, service, cast(sum(cost) as decimal(18, 2)) as cost
from seen where place = 1 and is_of_population and clause_id is not null group by person_id, year_number, clause_id, service""",
    inputs=(ACT, BORNE_CARE, HISTORY_MONTH, COUNTED_MONTH),
    output=PERSON_YEAR_COST,
    notes="""In: act, borne_care, history_month, counted_month. Out: person_year_cost.
Units: the place's currency. An act counts in the month of its care; an admission in that of its discharge.
Ties: of several clauses that could claim an act, that of the lowest number.
Leaves out: activity that is not in force, and what history_left_out holds with its reason.""",
)

LEFT_OUT = Step(
    name="acts in no history",
    sql=f"""with {_SEEN},
reasoned as (
  select case when person_id is null then 'no person' when year_number is null then 'outside the whole years'
    when not is_of_population then 'not of the population in the month' when not is_of_service then 'another service'
    else 'another provider' end as reason, cost
  from seen where place = 1 and not (is_of_population and clause_id is not null))
select reason, count(*) as n_activity, cast(sum(cost) as decimal(18, 2)) as cost from reasoned group by reason""",
    inputs=(ACT, BORNE_CARE, HISTORY_MONTH, COUNTED_MONTH),
    output=HISTORY_LEFT_OUT,
    notes="""In: act, borne_care, history_month, counted_month. Out: history_left_out. Units: the place's currency.
Of a service that counts, what another party gave, or is paid for by another, or is of another specialty or code, is another provider's.
Ties: the first reason that holds. Leaves out: acts that a history holds.""",
)

SIZE = Step(
    name="people of one organisation",
    sql="""select count(*) as n_month
from counted_month p
join organisation o on o.organisation_id = p.organisation_id
where o.organisation_id = $organisation or o.parent_id = $organisation""",
    inputs=(COUNTED_MONTH, ORGANISATION),
    output=ORGANISATION_SIZE,
    parameters={"organisation": "varchar"},
    notes="""In: counted_month, organisation. Out: organisation_size. Units: person-months. Ties: none.
Leaves out: people of other organisations; of the chosen one, those of organisations that belong to it are in.""",
)

STEPS = (PERSON_YEARS, PERSON_YEAR_COSTS, LEFT_OUT)
"""Every step of histories after the people's months, in order."""


@dataclass(frozen=True)
class LeftOut:
    """Acts that are in no history, and why."""

    reason: str
    n_activity: int
    cost: Decimal


@dataclass(frozen=True)
class Histories:
    """costs: (people, years, kinds of care), in currency. months: (people, years), in which each counted. groups: (people,), by age band and sex.

    services, clauses: of each kind of care, the service and the clause that it is of; without clauses, it is of none. left_out: acts in none of
    them. n_own: people of one organisation that was asked for, on average.
    """

    costs: Floats
    months: NDArray[np.int64]
    groups: NDArray[np.int64]
    services: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
    n_own: float | None = None
    clauses: tuple[str, ...] = ()

    @property
    def n_year(self) -> int:
        """Whole years."""
        return int(self.costs.shape[1])

    @cached_property
    def n_people(self) -> float:
        """People at any one time, on average: who was there for half a year is half a person."""
        return float(self.months.sum()) / MONTHS / self.n_year

    @cached_property
    def cost_per_person(self) -> float:
        """What a person costs in a year."""
        return float(self.costs.sum()) / self.n_year / self.n_people

    def per_person_of(self, clause: str) -> dict[str, float]:
        """What a person costs in a year under one clause, by service."""
        found: dict[str, float] = {}
        for n in self.of(clause):
            found[self.services[n]] = found.get(self.services[n], 0.0) + float(self.costs[:, :, n].sum()) / self.n_year / self.n_people
        return found

    def of(self, clause: str) -> list[int]:
        """The kinds of care that are of a clause."""
        return [n for n, id in enumerate(self.clauses) if id == clause]

    def only(self, kinds: Sequence[int]) -> Histories:
        """These kinds of care alone."""
        at = list(kinds)
        clauses = tuple(self.clauses[n] for n in at) if self.clauses else ()
        return replace(self, costs=self.costs[:, :, at], services=tuple(self.services[n] for n in at), clauses=clauses)

    def windows(self, n_year: int) -> Floats:
        """(histories, kinds of care): a person's mean yearly cost over so many years in a row, for each person and each such run of years.

        A person who did not count in any of them has no such history.
        """
        assert 1 <= n_year <= self.n_year, (n_year, self.n_year)
        spans = range(self.n_year - n_year + 1)
        was_there = [self.months[:, at : at + n_year].sum(axis=1) > 0 for at in spans]
        return np.concatenate([self.costs[there, at : at + n_year].mean(axis=1) for at, there in zip(spans, was_there, strict=True)])

    def per_person(self, n_year: int) -> float:
        """How many such histories there are for each person on the list at one time: people come and go within a year."""
        return len(self.windows(n_year)) / (self.n_year - n_year + 1) / self.n_people

    def with_stop_loss(self, point: float, share: float, clause: str | None = None) -> Histories:
        """The same people where somebody else bears this share of each one's cost of a year above a point, of every service alike.

        clause: whose care is added up for it; all care, if none is named.

        >>> dear = Histories(np.array([[[150.0, 50.0]]]), np.array([[12]]), np.array([0]), ("a", "b"))
        >>> dear.with_stop_loss(100.0, 0.80).costs.tolist()
        [[[90.0, 30.0]]]
        """
        kinds = list(range(len(self.services))) if clause is None else self.of(clause)
        totals = self.costs[:, :, kinds].sum(axis=2)
        borne = totals - share * np.maximum(0.0, totals - point)
        part = np.where(totals > point, borne / np.where(totals > point, totals, 1.0), 1.0)
        costs = self.costs.copy()
        costs[:, :, kinds] *= part[:, :, None]
        return replace(self, costs=costs)

    def with_stop_loss_apart(self, point: float, share: float, clause: str, name: str) -> Histories:
        """The same cost, of which what somebody else would bear, were there no most to it, is kinds of care of their own, of a clause of this name.

        >>> dear = Histories(np.array([[[150.0, 50.0]]]), np.array([[12]]), np.array([0]), ("a", "b"), clauses=("c", "c"))
        >>> dear.with_stop_loss_apart(100.0, 0.80, "c", "s").costs.tolist()
        [[[90.0, 30.0, 60.0, 20.0]]]
        """
        kinds, after = self.of(clause), self.with_stop_loss(point, share, clause).costs
        apart = self.costs[:, :, kinds] - after[:, :, kinds]
        services = (*self.services, *(self.services[n] for n in kinds))
        return replace(self, costs=np.concatenate([after, apart], axis=2), services=services, clauses=(*self.clauses, *(name for _ in kinds)))


@dataclass(frozen=True)
class CareOf:
    """One row of borne_care but its number: one service of one clause, and who must have given it and pay for it; None is anybody.

    basis: whether it counts at cost or at its price.
    """

    clause_id: str
    service: str
    specialty: str | None = None
    code: str | None = None
    provider: str | None = None
    payer: str | None = None
    basis: str = "cost"


@dataclass(frozen=True)
class Wanted:
    """Whose histories. population: registered, resident or attributed. care: what counts, by clauses in the order in which one claims an act.

    scoping: makes the tables act and contract_member in a session. is_of_contract: whether only members of contract_member count.
    organisation: whose size to count.
    """

    population: str
    care: Sequence[CareOf]
    scoping: Callable[[Session], None]
    is_of_contract: bool = False
    organisation: str | None = None


def histories_of(place: Place, run: Run, wanted: Wanted) -> Histories:
    """The histories of a run's people. Within `hold` only. Raises UserError."""
    months = list(_months(place.settings.period.start_date, place.settings.period.end_date))
    if not months:
        what = "the place accounts for less than a year, and a person's yearly cost cannot be seen in less"
        mend = 'let the period of place.toml hold a whole year, or write a published spread: spread = { rule = "england/person_cost_variation" }'
        raise UserError(what, where=str(place.root / "place.toml"), what_to_do=mend)
    with over_run(place, run, READ, may_lack=YOUNGER) as session:
        wanted.scoping(session)
        write_rows(session, HISTORY_MONTH, months)
        write_rows(session, BORNE_CARE, _care_rows(wanted.care))
        session.materialise(COUNTED_MONTHS, population=wanted.population, whose="contract" if wanted.is_of_contract else "everybody")
        for step in STEPS:
            session.materialise(step)
        found = _read(session, len(months) // MONTHS, wanted)
        return replace(found, n_own=_n_own(session, wanted, len(months))) if wanted.organisation else found


def _care_rows(care: Sequence[CareOf]) -> Iterator[tuple[object, ...]]:
    order = {id: n for n, id in enumerate(dict.fromkeys(each.clause_id for each in care))}
    for each in care:
        yield each.clause_id, order[each.clause_id], each.service, each.specialty, each.code, each.provider, each.payer, each.basis


def _n_own(session: Session, wanted: Wanted, n_month: int) -> float:
    session.materialise(SIZE, organisation=wanted.organisation)
    ((found,),) = session.rows("select n_month from organisation_size")
    if not found:
        what = f"nobody is {wanted.population} with '{wanted.organisation}' in the run"
        raise UserError(what, where="--organisation", what_to_do="name an organisation or area of the run's table organisation")
    return float(found) / n_month


def _months(start: date, end: date) -> Iterator[tuple[date, date, int]]:
    """The months of whole years from the start: first day, the next one's, and the year's number."""
    first = start.year * MONTHS + start.month - 1
    n_month = end.year * MONTHS + end.month - 1 - first
    for n in range(n_month // MONTHS * MONTHS):
        month, after = (date((first + m) // MONTHS, (first + m) % MONTHS + 1, 1) for m in (n, n + 1))
        yield month, after, n // MONTHS


def _read(session: Session, n_year: int, wanted: Wanted) -> Histories:
    # The rows of person_year stand in the order of people and years, as its contract has it.
    found = session.connection.execute("select person_id, year_number, n_month from person_year order by person_id, year_number").fetchnumpy()
    people, at = np.unique(found["person_id"], return_inverse=True)
    if not len(people):
        raise _nobody(wanted)
    months = np.zeros((len(people), n_year), dtype=np.int64)
    months[at, found["year_number"]] = found["n_month"]
    kinds = [(str(a), str(b)) for a, b in session.rows("select distinct clause_id, service from person_year_cost order by clause_id, service")]
    costs = np.zeros((len(people), n_year, max(1, len(kinds))))
    for n, (clause, service) in enumerate(kinds):
        select = """select person_id, year_number, cast(cost as double) as cost from person_year_cost
          where clause_id = $clause and service = $service"""
        found = session.connection.execute(select, {"clause": clause, "service": service}).fetchnumpy()
        costs[np.searchsorted(people, found["person_id"]), found["year_number"], n] = found["cost"]
    left_out = tuple(LeftOut(*row) for row in session.rows("select reason, n_activity, cost from history_left_out order by reason"))
    clauses, services = zip(*(kinds or [(NO_CLAUSE, "no care")]), strict=True)
    return Histories(costs, months, _groups(session), services, left_out, None, clauses)


def _nobody(wanted: Wanted) -> UserError:
    if wanted.is_of_contract:
        what = f"nobody of the contract's population ({wanted.population}) is in any whole year of the run"
        mend = "look at its population, and at whose people the run has: accord show person_month; or let population say another"
        return UserError(what, where="population", what_to_do=mend)
    mend = 'choose another: population = "registered", "resident" or "attributed"'
    return UserError("nobody is of this population in any whole year", where="population", what_to_do=mend)


def _groups(session: Session) -> NDArray[np.int64]:
    """Each person's age band and sex in the first year, as a number; in the order of people."""
    select = """select age_band || ' ' || sex as label from person_year
      qualify row_number() over (partition by person_id order by year_number nulls last) = 1 order by person_id"""
    labels = session.connection.execute(select).fetchnumpy()["label"]
    _, groups = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    return np.asarray(groups, dtype=np.int64)
