"""Two years of one contract's care in a run, held against each other: who belonged, what they were given, and why the cost changed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from accord.engine import Session, Step
from accord.errors import UserError
from accord.place import hold
from accord.settlement.care import care_of, scoped
from accord.settlement.checking import read_contract
from accord.settlement.savings import Explained, Group, Year, explained
from accord.settlement.settling import Asked, contract_files
from accord.settlement.span import Span
from accord.tables import PERSON_MONTH
from accord.tables.settlement import CONTRACT_ACTIVITY, CONTRACT_MEMBER, CONTRACT_SCOPE, YEAR_CARE, YEAR_MEMBER

DAYS = {"earlier_date": "date", "earlier_end_date": "date", "later_date": "date", "later_end_date": "date"}

MEMBERS = Step(
    name="people of a contract in two years",
    sql="""with scope as (select contract_id, population from contract_scope group by contract_id, population),
seen as (
  select s.contract_id, p.person_id, case when p.month_date >= $later_date then 2 else 1 end as year_number, p.month_date, p.age_band, p.sex,
    b.organisation_id as list_id
  from person_month p
  cross join scope s
  join contract_member b on s.contract_id = b.contract_id
    and b.organisation_id = case when s.population = 'resident' then p.resident_id else p.registered_id end
  where (p.month_date >= $earlier_date and p.month_date < $earlier_end_date) or (p.month_date >= $later_date and p.month_date < $later_end_date)),
first_seen as (
  select contract_id, person_id, year_number, age_band, sex, list_id,
    row_number() over (partition by contract_id, person_id, year_number order by month_date asc nulls last) as place
  from seen),
one as (
  select contract_id, person_id, year_number, age_band, sex, list_id, count(*) over (partition by contract_id, person_id) as n_year
  from first_seen where place = 1)
select contract_id, person_id, cast(year_number as integer) as year_number, list_id, age_band, sex,
  case when n_year = 2 then 'kept' when year_number = 1 then 'left' else 'joined' end as attributed
from one""",
    inputs=(PERSON_MONTH, CONTRACT_SCOPE, CONTRACT_MEMBER),
    output=YEAR_MEMBER,
    parameters=DAYS,
    notes="""In: person_month, contract_scope, contract_member. Out: year_member: one row a person and year.
A person's group is that of the first month in which the person belongs. Units: none. Ties: none, as a month has one row a person.
Leaves out: months outside the two years, and of people who do not belong.""",
)

CARE = Step(
    name="care of two years by group",
    sql="""select m.year_number, m.attributed, m.age_band, m.sex, m.list_id, a.service, coalesce(a.currency_code, 'none') as price_group,
  count(case when a.is_priced then 1 end) as n_activity, cast(sum(a.value_amount) as decimal(18, 2)) as value_amount,
  count(case when not a.is_priced then 1 end) as n_unpriced
from contract_activity a
join year_member m on a.contract_id = m.contract_id and a.person_id = m.person_id
  and m.year_number = case when a.month_date >= $later_date then 2 else 1 end
where a.is_paying and ((a.month_date >= $earlier_date and a.month_date < $earlier_end_date)
  or (a.month_date >= $later_date and a.month_date < $later_end_date))
group by m.year_number, m.attributed, m.age_band, m.sex, m.list_id, a.service, coalesce(a.currency_code, 'none')""",
    inputs=(CONTRACT_ACTIVITY, YEAR_MEMBER),
    output=YEAR_CARE,
    parameters=DAYS,
    notes="""In: contract_activity, year_member. Out: year_care. An act is claimed only in a month in which its person belongs: each has a group.
Units: currency. Ties: none. Leaves out: acts outside the two years, and those of clauses that only show.""",
)


@dataclass(frozen=True)
class TwoYears:
    """One contract's care of two years. n_unpriced: acts that have no price, and so no part in the cost. n_month: of each "year"."""

    contract_id: str
    run_id: str
    explained: Explained
    n_unpriced: tuple[int, int]
    n_month: int


def two_years(asked: Asked, named: str, earlier: date, later: date, n_month: int) -> TwoYears:
    """Why one contract's care cost other in a later year of a run than in an earlier. earlier, later: their first months.

    The terms of the contract say whose care it is about and by which prices, for both years, whenever it was signed. Raises UserError.
    """
    run = asked.run
    if run is None:
        raise UserError("the place has no published run yet", where=str(asked.place.root), what_to_do="make one: accord run; or give a file")
    files = contract_files(asked.place, named)
    (id, file), *_ = files.items()
    ends = _after(earlier, n_month), _after(later, n_month)
    _check(asked, (earlier, later), ends)
    contract = read_contract(file, asked.place.root)
    scope = scoped(asked.place, contract, file, Span(earlier, ends[1], Fraction(1)))
    days = {"earlier_date": earlier, "earlier_end_date": ends[0], "later_date": later, "later_end_date": ends[1]}
    with hold(asked.place, "savings"), care_of(asked.place, run, {id: scope}) as care:
        for step in (MEMBERS, CARE):
            care.session.materialise(step, **days)
        years = _year(care.session, 1), _year(care.session, 2)
        n_unpriced = dict(care.session.rows("select year_number, cast(sum(n_unpriced) as bigint) from year_care group by year_number"))
    if years[0].cost <= 0:
        what = f"the care of {earlier:%Y-%m} to {ends[0] - timedelta(days=1):%Y-%m} under '{id}' cost nothing"
        raise UserError(what, where=f"run {run.run_id}", what_to_do="name two years of which the run has care: --from and --to")
    return TwoYears(id, run.run_id, explained(*years, (earlier, later)), (n_unpriced.get(1, 0), n_unpriced.get(2, 0)), n_month)


def _check(asked: Asked, starts: tuple[date, date], ends: tuple[date, date]) -> None:
    """Raises UserError for years that overlap or that the place does not account for."""
    days = asked.place.settings.period
    if starts[1] < ends[0]:
        what = f"the later year begins in {starts[1]:%Y-%m}, before the earlier is over"
        raise UserError(what, where="--to", what_to_do="name a later month, or compare shorter spans with --months")
    if starts[0] < days.start_date.replace(day=1) or ends[1] > _after(days.end_date - timedelta(days=1), 1):
        what = f"the place accounts for {days.start_date} to {days.end_date}, and the years are {starts[0]:%Y-%m} to {ends[1]}"
        mend = "let the place account for these days (place.toml, period), or compare fewer --months"
        raise UserError(what, where="--from and --to", what_to_do=mend)


def _after(month: date, n_month: int) -> date:
    n = month.year * 12 + month.month - 1 + n_month
    return date(n // 12, n % 12 + 1, 1)


def _year(session: Session, number: int) -> Year:
    groups = session.rows(
        "select attributed, age_band, sex, list_id, count(*) from year_member where year_number = $n group by all order by all", {"n": number}
    )
    people: dict[Group, Fraction] = {(state, _group(*of)): Fraction(n) for state, *of, n in groups}
    acts: dict[tuple[Group, str], Fraction] = defaultdict(Fraction)
    amounts: dict[tuple[Group, str], Fraction] = defaultdict(Fraction)
    columns = "attributed, age_band, sex, list_id, service, price_group, n_activity, value_amount"
    select = f"select {columns} from year_care where year_number = $n order by all"
    for state, age, sex, list_id, service, group, n, amount in session.rows(select, {"n": number}):
        key = (state, _group(age, sex, list_id)), f"{service} {group}"
        acts[key] += n
        amounts[key] += Fraction(amount)
    return Year(people, dict(acts), dict(amounts))


def _group(age_band: str, sex: str, list_id: str) -> str:
    return f"{age_band} {sex} {list_id}"
