"""What each person cost, year by year and service by service: the histories that are resampled as wholes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from accord import rulebook
from accord.engine import Session, Step
from accord.engine.feed import write_rows
from accord.engine.over_run import over_run
from accord.errors import UserError
from accord.place import Place, Run
from accord.tables import ACTIVITY, ORGANISATION, PERSON_MONTH
from accord.tables.risk import COUNTED_SERVICE, HISTORY_LEFT_OUT, HISTORY_MONTH, ORGANISATION_SIZE, PERSON_YEAR, PERSON_YEAR_COST
from accord.tables.settlement import SERVICE

Floats = NDArray[np.float64]
MONTHS = 12
READ = ("activity", "organisation", "person_month")
"""The tables of a run that histories are made of."""

_IS_OF_POPULATION = "case when $population = 'resident' then p.is_resident else p.is_registered end"

PERSON_YEARS = Step(
    name="people's years",
    sql=f"""with counted as (
  select p.person_id, m.year_number, p.age_band, p.sex,
    row_number() over (partition by p.person_id, m.year_number order by p.month_date nulls last) as place,
    count(*) over (partition by p.person_id, m.year_number) as n_month
  from person_month p join history_month m on p.month_date = m.month_date
  where {_IS_OF_POPULATION})
select person_id, year_number, n_month, age_band, sex from counted where place = 1""",
    inputs=(PERSON_MONTH, HISTORY_MONTH),
    output=PERSON_YEAR,
    parameters={"population": "varchar"},
    notes="""In: person_month, history_month. Out: person_year. Units: months.
Ties: age and sex are those of the person's first month in the year. Leaves out: months of nobody of the population, and of no whole year.""",
)

_SEEN = f"""seen as (
  select a.activity_id, a.person_id, m.year_number, s.service, c.service is not null as is_counted,
    p.person_id is not null as is_of_population, coalesce(a.cost, a.net_amount, 0) as cost
  from activity a
  join service s on coalesce(a.setting, 'unknown') = s.setting and coalesce(a.admission, 'none') = s.admission
  left join counted_service c on s.service = c.service
  left join history_month m on a.start_date >= m.month_date and a.start_date < m.next_month_date
  left join person_month p on a.person_id = p.person_id and m.month_date = p.month_date and {_IS_OF_POPULATION}
  where a.is_in_force)"""

PERSON_YEAR_COSTS = Step(
    name="cost of people's years by service",
    sql=f"""with {_SEEN}
select person_id, year_number, service, cast(sum(cost) as decimal(18, 2)) as cost
from seen where is_of_population and is_counted group by person_id, year_number, service""",
    inputs=(ACTIVITY, SERVICE, COUNTED_SERVICE, HISTORY_MONTH, PERSON_MONTH),
    output=PERSON_YEAR_COST,
    parameters={"population": "varchar"},
    notes="""In: activity, service, counted_service, history_month, person_month. Out: person_year_cost.
Units: the place's currency. An act counts in the month in which it began. Ties: none.
Leaves out: activity that is not in force, and what history_left_out holds with its reason.""",
)

LEFT_OUT = Step(
    name="acts in no history",
    sql=f"""with {_SEEN},
reasoned as (
  select case when person_id is null then 'no person' when year_number is null then 'outside the whole years'
    when not is_of_population then 'not of the population in the month' else 'another service' end as reason, cost
  from seen where not is_of_population or not is_counted)
select reason, count(*) as n_activity, cast(sum(cost) as decimal(18, 2)) as cost from reasoned group by reason""",
    inputs=(ACTIVITY, SERVICE, COUNTED_SERVICE, HISTORY_MONTH, PERSON_MONTH),
    output=HISTORY_LEFT_OUT,
    parameters={"population": "varchar"},
    notes="""In: activity, service, counted_service, history_month, person_month. Out: history_left_out. Units: the place's currency.
Ties: the first reason that holds. Leaves out: acts that a history holds.""",
)

SIZE = Step(
    name="people of one organisation",
    sql="""select count(*) as n_month
from person_month p
join history_month m on p.month_date = m.month_date
join organisation o on o.organisation_id = case when $population = 'resident' then p.resident_id else p.registered_id end
where o.organisation_id = $organisation or o.parent_id = $organisation""",
    inputs=(PERSON_MONTH, HISTORY_MONTH, ORGANISATION),
    output=ORGANISATION_SIZE,
    parameters={"population": "varchar", "organisation": "varchar"},
    notes="""In: person_month, history_month, organisation. Out: organisation_size. Units: person-months. Ties: none.
Leaves out: people of other organisations; of the chosen one, those of organisations that belong to it are in.""",
)

STEPS = (PERSON_YEARS, PERSON_YEAR_COSTS, LEFT_OUT)
"""Every step of histories, in order."""


@dataclass(frozen=True)
class LeftOut:
    """Acts that are in no history, and why."""

    reason: str
    n_activity: int
    cost: Decimal


@dataclass(frozen=True)
class Histories:
    """costs: (people, years, services), in currency. months: (people, years), in which each counted. groups: (people,), by age band and sex.

    left_out: acts in none of them. n_own: people of one organisation that was asked for, on average.
    """

    costs: Floats
    months: NDArray[np.int64]
    groups: NDArray[np.int64]
    services: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
    n_own: float | None = None

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

    def windows(self, n_year: int) -> Floats:
        """(histories, services): a person's mean yearly cost over so many years in a row, for each person and each such run of years.

        A person who did not count in any of them has no such history.
        """
        assert 1 <= n_year <= self.n_year, (n_year, self.n_year)
        spans = range(self.n_year - n_year + 1)
        was_there = [self.months[:, at : at + n_year].sum(axis=1) > 0 for at in spans]
        return np.concatenate([self.costs[there, at : at + n_year].mean(axis=1) for at, there in zip(spans, was_there, strict=True)])

    def per_person(self, n_year: int) -> float:
        """How many such histories there are for each person on the list at one time: people come and go within a year."""
        return len(self.windows(n_year)) / (self.n_year - n_year + 1) / self.n_people

    def with_stop_loss(self, point: float, share: float) -> Histories:
        """The same people where somebody else bears this share of each one's cost of a year above a point, of every service alike.

        >>> dear = Histories(np.array([[[150.0, 50.0]]]), np.array([[12]]), np.array([0]), ("a", "b"))
        >>> dear.with_stop_loss(100.0, 0.80).costs.tolist()
        [[[90.0, 30.0]]]
        """
        totals = self.costs.sum(axis=2)
        borne = totals - share * np.maximum(0.0, totals - point)
        part = np.where(totals > point, borne / np.where(totals > point, totals, 1.0), 1.0)
        return replace(self, costs=self.costs * part[:, :, None])


@dataclass(frozen=True)
class Wanted:
    """Whose histories. population: registered or resident. services: those that count; all, if none are named. organisation: whose size to count."""

    population: str
    services: Sequence[str] = ()
    organisation: str | None = None


def histories_of(place: Place, run: Run, wanted: Wanted) -> Histories:
    """The histories of a run's people. Within `hold` only. Raises UserError."""
    months = list(_months(place.settings.period.start_date, place.settings.period.end_date))
    if not months:
        what = "the place accounts for less than a year, and a person's yearly cost cannot be seen in less"
        mend = 'let the period of place.toml hold a whole year, or write a published spread: spread = { rule = "england/person_cost_variation" }'
        raise UserError(what, where=str(place.root / "place.toml"), what_to_do=mend)
    with over_run(place, run, READ) as session:
        _feed(session, months, wanted.services)
        for step in STEPS:
            session.materialise(step, population=wanted.population)
        found = _read(session, len(months) // MONTHS)
        return replace(found, n_own=_n_own(session, wanted, len(months))) if wanted.organisation else found


def _n_own(session: Session, wanted: Wanted, n_month: int) -> float:
    session.materialise(SIZE, population=wanted.population, organisation=wanted.organisation)
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


def _feed(session: Session, months: Sequence[tuple[date, date, int]], services: Sequence[str]) -> None:
    write_rows(session, HISTORY_MONTH, months)
    every = list(rulebook.service_of_each())
    write_rows(session, SERVICE, every)
    write_rows(session, COUNTED_SERVICE, ((service,) for service in services or sorted({service for _, _, service in every})))


def _read(session: Session, n_year: int) -> Histories:
    # The rows of person_year stand in the order of people and years, as its contract has it.
    found = session.connection.execute("select person_id, year_number, n_month from person_year order by person_id, year_number").fetchnumpy()
    people, at = np.unique(found["person_id"], return_inverse=True)
    if not len(people):
        mend = 'choose the other: population = "resident", or "registered"'
        raise UserError("nobody is of this population in any whole year", where="population", what_to_do=mend)
    months = np.zeros((len(people), n_year), dtype=np.int64)
    months[at, found["year_number"]] = found["n_month"]
    services = tuple(str(row[0]) for row in session.rows("select distinct service from person_year_cost order by service"))
    costs = np.zeros((len(people), n_year, max(1, len(services))))
    for n, service in enumerate(services):
        select = "select person_id, year_number, cast(cost as double) as cost from person_year_cost where service = $service"
        found = session.connection.execute(select, {"service": service}).fetchnumpy()
        costs[np.searchsorted(people, found["person_id"]), found["year_number"], n] = found["cost"]
    left_out = tuple(LeftOut(*row) for row in session.rows("select reason, n_activity, cost from history_left_out order by reason"))
    return Histories(costs, months, _groups(session), services or ("no care",), left_out)


def _groups(session: Session) -> NDArray[np.int64]:
    """Each person's age band and sex in the first year, as a number; in the order of people."""
    select = """select age_band || ' ' || sex as label from person_year
      qualify row_number() over (partition by person_id order by year_number nulls last) = 1 order by person_id"""
    labels = session.connection.execute(select).fetchnumpy()["label"]
    _, groups = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    return np.asarray(groups, dtype=np.int64)
