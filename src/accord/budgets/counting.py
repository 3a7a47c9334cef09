"""Figures of a budget counted from a run: people by organisation, and what types of enrolment cost by year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from accord.budgets.budget_file import Benchmark, Capitation, EnrolmentType
from accord.budgets.figures import BENCHMARK_COLUMNS, columns_of, write_figures
from accord.clauses.rules import stated
from accord.engine import Session, Step
from accord.engine.feed import write_rows
from accord.engine.over_run import over_run
from accord.errors import UserError
from accord.place import Place, Run, hold, line_of
from accord.tables import ACTIVITY, OBSERVATION, PERSON_MONTH
from accord.tables.budgets import BUDGET_YEAR, ENROLMENT_TYPE, LISTED, TYPE_FIGURE, TYPE_MONTH, TYPE_YEAR

READ = ("activity", "person_month", "observation")
"""The tables of a run that figures are counted from."""

NO_TYPE, NOT_ENROLLED = "no type fits", "not enrolled"
MONTHS = 12
SIX_PLACES = Decimal("0.000001")

LISTS = Step(
    name="people on each list",
    sql="""select p.registered_id as organisation_id, count(*) as n_month
from person_month p join budget_year y on p.month_date >= y.start_date and p.month_date < y.end_date
group by p.registered_id""",
    inputs=(PERSON_MONTH, BUDGET_YEAR),
    output=LISTED,
    notes="""In: person_month, budget_year. Out: listed. Units: person-months. Ties: none.
Leaves out: months outside the year; those who are on no list are a row without an organisation.""",
)

TYPES = Step(
    name="types of enrolment by month",
    sql="""with by_age as (
  select k.age_years, min(t.position) as position
  from (select distinct age_years from person_month) as k join enrolment_type t on k.age_years >= t.from_years and k.age_years < t.below_years
  where t.code is null group by k.age_years),
seen as (
  select o.person_id, y.year, k.age_years, min(t.position) as position
  from observation o
  join enrolment_type t on o.code_system = t.code_system and o.code = t.code and o.value_text = t.value_text
  join budget_year y on o.observation_date >= y.start_date and o.observation_date < y.end_date
  join (select distinct age_years from person_month) as k on k.age_years >= t.from_years and k.age_years < t.below_years
  where o.person_id is not null
  group by o.person_id, y.year, k.age_years),
placed as (
  select p.person_id, p.month_date, y.year,
    case when s.position < a.position or a.position is null then s.position else a.position end as position
  from person_month p
  join budget_year y on p.month_date >= y.start_date and p.month_date < y.end_date
  left join by_age a on p.age_years = a.age_years
  left join seen s on p.person_id = s.person_id and y.year = s.year and p.age_years = s.age_years
  where p.is_registered)
select p.person_id, p.month_date, p.year, t.enrolment_type
from placed p left join enrolment_type t on p.position = t.position""",
    inputs=(PERSON_MONTH, BUDGET_YEAR, ENROLMENT_TYPE, OBSERVATION),
    output=TYPE_MONTH,
    notes="""In: person_month, budget_year, enrolment_type, observation. Out: type_month.
A row for every person-month of the years that is on a list or plan. Units: none. Ties: of several types that fit, the one of the lower position.
Leaves out: months outside the years, and those of people who only live there.""",
)

YEARS = Step(
    name="types of enrolment by year",
    sql="""with month as (
  select year, month_date, cast(round(power(2, extract(month from month_date) - 1), 0) as bigint) as month_bit
  from (select distinct year, month_date from type_month) as known),
enrolled as (
  select t.person_id, t.year, coalesce(t.enrolment_type, 'no type fits') as enrolment_type, cast(count(*) as integer) as n_month,
    cast(sum(m.month_bit) as bigint) as month_bits
  from type_month t join month m on t.year = m.year and t.month_date = m.month_date
  group by t.person_id, t.year, coalesce(t.enrolment_type, 'no type fits')),
paid as (
  select a.person_id, y.year, m.month_bit, coalesce(a.net_amount, a.cost, 0) as spend
  from activity a
  join budget_year y on a.start_date >= y.start_date and a.start_date < y.end_date
  left join month m on y.year = m.year and cast(date_trunc('month', a.start_date) as date) = m.month_date
  where a.is_in_force),
spent as (
  select p.person_id, p.year, e.enrolment_type, cast(sum(p.spend) as decimal(18, 2)) as spend
  from paid p
  left join enrolled e on p.person_id = e.person_id and p.year = e.year and (e.month_bits // nullif(p.month_bit, 0)) % 2 = 1
  group by p.person_id, p.year, e.enrolment_type),
summed as (
  select e.person_id, e.year, e.enrolment_type, e.n_month, coalesce(s.spend, 0) as spend
  from enrolled e
  left join spent s on e.person_id = s.person_id and e.year = s.year and e.enrolment_type = s.enrolment_type
  union all
  select person_id, year, 'not enrolled' as enrolment_type, 0 as n_month, spend from spent where enrolment_type is null)
select person_id, year, enrolment_type, n_month, spend,
  case when n_month > 0 then cast(cast(spend as double) * 12 / nullif(n_month, 0) as decimal(18, 2)) end as yearly_spend
from summed""",
    inputs=(ACTIVITY, BUDGET_YEAR, TYPE_MONTH),
    output=TYPE_YEAR,
    notes="""In: activity, budget_year, type_month. Out: type_year.
Care counts in the month in which it began, at what the payer paid, or else what it cost.
Units: currency, months. Ties: none. Leaves out: care outside the years; care of nobody known is a row without a person.""",
)

FIGURES = Step(
    name="figures of each type and year",
    sql="""with ranked as (
  select enrolment_type, year, yearly_spend,
    row_number() over (partition by enrolment_type, year order by yearly_spend asc nulls last, person_id asc nulls last) as place,
    count(*) over (partition by enrolment_type, year) as n_person
  from type_year where n_month > 0),
edge as (
  select enrolment_type, year, min(case when cast(place as double) >= $share * n_person then yearly_spend end) as edge_amount
  from ranked group by enrolment_type, year),
bounded as (
  select t.enrolment_type, t.year, t.n_month, t.spend,
    case when t.n_month > 0 and t.yearly_spend > e.edge_amount
      then cast(cast(e.edge_amount as double) * t.n_month / 12 as decimal(18, 2)) else t.spend end as kept
  from type_year t left join edge e on t.enrolment_type = e.enrolment_type and t.year = e.year)
select enrolment_type, year, cast(sum(n_month) as bigint) as n_month, cast(sum(kept) as decimal(18, 2)) as spend,
  cast(sum(spend - kept) as decimal(18, 2)) as cut, count(case when kept < spend then 1 end) as n_cut
from bounded group by enrolment_type, year""",
    inputs=(TYPE_YEAR,),
    output=TYPE_FIGURE,
    parameters={"share": "DOUBLE"},
    notes="""In: type_year. Out: type_figure. A person-year above the percentile of its type and year counts for the percentile, by its months.
The percentile is the nearest rank of these people, where a programme takes that of its nation. Units: currency. Ties: none. Leaves out: nothing.""",
)


@dataclass(frozen=True)
class Counted:
    """What was counted: the file that was written, and by year what is in it, what was cut, and what is of no type or not enrolled.

    of: of a capitation, of which months the people are.
    """

    file: Path
    rows: tuple[tuple[Any, ...], ...]
    left_out: tuple[tuple[Any, ...], ...]
    of: str = ""


def count_figures(place: Place, run: Run, name: str, file: Path, written: Capitation | Benchmark) -> Counted:
    """Write the file of figures that a budget names, as far as a run tells. Raises UserError, also if the file is there.

    Of a capitation: each organisation's mean people in the twelve months before the budget's period, or as many as the run has; factors are left
    empty. Of a benchmark: person-years and cost a person-year by type and year; trend, risk and adjustment are left empty, which is none.
    """
    with hold(place, "budget"), over_run(place, run, READ) as session:
        if isinstance(written, Benchmark):
            return benchmark_figures(session, place, file, written)
        return _of_capitation(session, place, file, written)


def _of_capitation(session: Session, place: Place, file: Path, written: Capitation) -> Counted:
    period, wanted = place.settings.period, written.period.start_date
    end = min(wanted, period.end_date) if wanted > period.start_date else period.end_date
    start = max(_year_before(end), period.start_date)
    write_rows(session, BUDGET_YEAR, [(start.year, start, end)])
    session.materialise(LISTS)
    n_month = (end.year - start.year) * MONTHS + end.month - start.month
    counted = session.rows("select organisation_id, n_month from listed order by organisation_id nulls last")
    rows = [(id, _mean(n, n_month)) for id, n in counted if id is not None]
    blank = [None] * (len(columns_of(written)) - 2)
    write_figures(file.parent / written.figures, columns_of(written), ((*row, *blank) for row in rows))
    nowhere = tuple(("on no list", _mean(n, n_month)) for id, n in counted if id is None)
    return Counted(file.parent / written.figures, tuple(rows), nowhere, f": mean people of the months from {start} to {end}")


def benchmark_figures(session: Session, place: Place, file: Path, written: Benchmark) -> Counted:
    """A benchmark's figures, written beside its file. In: the tables of `READ`, in a session that is open. Raises UserError."""
    if not written.type:
        mend = "add [[type]] with an id, and from_years, below_years or observed"
        raise UserError("the budget does not say who is of which type of enrolment", where=f"{file}, line 1", what_to_do=mend)
    years = (*written.years, written.settled)
    first, period = place.settings.period.start_date, place.settings.period
    blocks = [(year, first.replace(year=year), first.replace(year=year + 1)) for year in years]
    for n, (year, start, end) in enumerate(blocks):
        if start < period.start_date or end > period.end_date:
            where = f"{file}, line {line_of(file, ('years', n) if n < len(written.years) else ('settled',))}"
            what = f"the year {year}, from {start}, is not among the days that the place accounts for, {period.start_date} to {period.end_date}"
            raise UserError(what, where=where, what_to_do="name years that it accounts for, or write the file of figures by hand")
    write_rows(session, BUDGET_YEAR, blocks)
    write_rows(session, ENROLMENT_TYPE, (_type_row(n, each) for n, each in enumerate(written.type)))
    session.materialise(TYPES)
    session.materialise(YEARS)
    session.materialise(FIGURES, share=1.0 if written.truncated_at is None else float(stated(written.truncated_at)))
    _check_conserved(session)
    columns = "enrolment_type, year, n_month, spend, cut, n_cut"
    found = session.rows(f"select {columns} from type_figure order by enrolment_type, year")
    kept = [row for row in found if row[0] not in (NO_TYPE, NOT_ENROLLED)]
    write_figures(file.parent / written.figures, BENCHMARK_COLUMNS, ((*_person_years(row), None, None, None) for row in kept))
    return Counted(file.parent / written.figures, tuple(kept), tuple(row for row in found if row not in kept))


def _person_years(row: Sequence[Any]) -> tuple[Any, ...]:
    enrolment_type, year, n_month, spend = row[:4]
    person_years = (Decimal(n_month) / MONTHS).quantize(SIX_PLACES)
    return enrolment_type, year, person_years, (Decimal(spend) * MONTHS / n_month).quantize(SIX_PLACES)


def _check_conserved(session: Session) -> None:
    """Every amount of the years is in a figure, or in what was cut: an assertion otherwise."""
    (told,), *_ = session.rows("select cast(coalesce(sum(spend + cut), 0) as decimal(18, 2)) from type_figure")
    (there,), *_ = session.rows("""select cast(coalesce(sum(coalesce(a.net_amount, a.cost, 0)), 0) as decimal(18, 2))
        from activity a join budget_year y on a.start_date >= y.start_date and a.start_date < y.end_date where a.is_in_force""")
    assert told == there, f"figures of {told} are counted from care of {there}"


def _type_row(n: int, each: EnrolmentType) -> tuple[Any, ...]:
    seen = each.observed
    return each.id, n, each.from_years, each.below_years, *((seen.system, seen.code, seen.text) if seen else (None, None, None))


def _mean(n: int, n_month: int) -> Decimal:
    return (Decimal(n) / n_month).quantize(SIX_PLACES)


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1)
