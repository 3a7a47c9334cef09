"""Who is in the population in each accounting year, what their care cost, and whom a year is foretold of."""

from __future__ import annotations

from accord.engine import Step
from accord.tables import ACTIVITY, CONTINUOUS_STAY, PERSON, PERSON_MONTH
from accord.tables.need import (
    ACCOUNT_MONTH,
    CARE_MONTH,
    COST_CAP,
    NEED_APART,
    NEED_BAND,
    NEED_LEFT_OUT,
    NEED_PERSON,
    NEED_SERVICE,
    NEED_YEAR,
    PERSON_YEAR,
)

# Months of a year are bits of one number (a month's bit is 1 in the first month and doubles), so that care is held against one row a year.
_YEAR_OF = """spell_of as (
  select p.person_id, m.year_date, case when $population = 'registered' then p.registered_id else p.resident_id end as organisation_id,
    count(*) as n_month, cast(sum(m.month_bit) as bigint) as month_bits, max(m.month_date) as last_date
  from person_month p join account_month m on p.month_date = m.month_date
  where case when $population = 'registered' then p.is_registered else p.is_resident end
  group by p.person_id, m.year_date, case when $population = 'registered' then p.registered_id else p.resident_id end),
year_of as (
  select person_id, year_date, cast(sum(n_month) as integer) as n_month, cast(sum(month_bits) as bigint) as month_bits,
    max(concat(cast(last_date as varchar), coalesce(organisation_id, ''))) as latest
  from spell_of group by person_id, year_date)"""
# Held against a year of its own person first and its month then: an inner join would be made by person alone, every year with every month.
_IS_IN = "(y.month_bits // nullif(c.month_bit, 0)) % 2 = 1"

CARE_MONTHS = Step(
    name="care-months",
    sql="""select a.person_id, m.year_date, m.month_bit, count(*) as n_activity, count(*) - count(a.cost) as n_without_cost,
  cast(coalesce(sum(a.cost), 0) as decimal(18, 2)) as cost
from activity a
join need_service s on coalesce(a.setting, 'unknown') = s.setting and coalesce(a.admission, 'none') = s.admission
join account_month m on cast(date_trunc('month', a.start_date) as date) = m.month_date
where a.is_in_force
group by a.person_id, m.year_date, m.month_bit""",
    inputs=(ACTIVITY, NEED_SERVICE, ACCOUNT_MONTH),
    output=CARE_MONTH,
    notes="""In: activity, need_service, account_month. Out: care_month. Units: cost as recorded, in the place's currency.
Ties: an act belongs to the month of its start date. Leaves out: other services, acts taken back, and what is outside the whole years.""",
)

PERSON_YEARS = Step(
    name="person-years",
    sql=f"""with {_YEAR_OF},
spent as (
  select c.person_id, c.year_date, cast(sum(case when {_IS_IN} then c.n_activity else 0 end) as bigint) as n_activity,
    cast(sum(case when {_IS_IN} then c.n_without_cost else 0 end) as bigint) as n_without_cost,
    cast(sum(case when {_IS_IN} then c.cost else 0 end) as decimal(18, 2)) as cost
  from care_month c left join year_of y on c.person_id = y.person_id and c.year_date = y.year_date
  group by c.person_id, c.year_date),
admitted as (
  select y.person_id, y.year_date, cast(count(*) as integer) as n_emergency_admission
  from continuous_stay s
  join account_month m on cast(date_trunc('month', s.admission_date) as date) = m.month_date
  join year_of y on s.person_id = y.person_id and m.year_date = y.year_date and (y.month_bits // nullif(m.month_bit, 0)) % 2 = 1
  where s.admission = 'emergency' group by y.person_id, y.year_date)
select y.person_id, y.year_date, y.n_month, y.month_bits % 2 = 1 as is_at_start, y.month_bits >= 2048 as is_at_end,
  nullif(substr(y.latest, 11), '') as organisation_id,
  cast(case when p.birth_date <= y.year_date then extract(year from y.year_date) - extract(year from p.birth_date)
    - case when extract(month from y.year_date) * 100 + extract(day from y.year_date)
        < extract(month from p.birth_date) * 100 + extract(day from p.birth_date) then 1 else 0 end end as integer) as age_years,
  coalesce(p.sex, 'unknown') as sex, p.deprivation_decile, p.ethnicity, coalesce(s.n_activity, 0) as n_activity,
  coalesce(s.n_without_cost, 0) as n_without_cost, coalesce(s.cost, 0) as cost, coalesce(e.n_emergency_admission, 0) as n_emergency_admission
from year_of y
left join person p on y.person_id = p.person_id
left join spent s on y.person_id = s.person_id and y.year_date = s.year_date
left join admitted e on y.person_id = e.person_id and y.year_date = e.year_date""",
    inputs=(PERSON_MONTH, ACCOUNT_MONTH, CARE_MONTH, CONTINUOUS_STAY, PERSON),
    output=PERSON_YEAR,
    parameters={"population": "VARCHAR"},
    notes="""In: person_month, account_month, care_month, continuous_stay, person. Out: person_year.
Units: months; completed years of age on the year's first day; cost as recorded, in the place's currency.
Ties: an admission belongs to the month of its admission date; the organisation is that of the latest month.
Leaves out: care in months in which its person is not in the population, and care of nobody known (rows of need_left_out); admissions
likewise, which are counted with the care that they are.""",
)

LEFT_OUT = Step(
    name="need-left-out",
    sql=f"""with {_YEAR_OF}
select case when c.person_id is null then 'nobody known' else 'not in the population in that month' end as reason,
  cast(sum(c.n_activity) as bigint) as n_activity, cast(sum(c.cost) as decimal(18, 2)) as cost
from care_month c left join year_of y on c.person_id = y.person_id and c.year_date = y.year_date
where y.person_id is null or not {_IS_IN}
group by case when c.person_id is null then 'nobody known' else 'not in the population in that month' end""",
    inputs=(PERSON_MONTH, ACCOUNT_MONTH, CARE_MONTH),
    output=NEED_LEFT_OUT,
    parameters={"population": "VARCHAR"},
    notes="""In: person_month, account_month, care_month. Out: need_left_out, which with person_year accounts for every act of the
services in the whole years. Units: as recorded.""",
)

COST_CAPS = Step(
    name="cost-caps",
    sql="""with ranked as (
  select year_date, cost, row_number() over (partition by year_date order by cost nulls last, person_id nulls last) as place,
    count(*) over (partition by year_date) as n_person
  from person_year)
select year_date, case when $part_per_million = 1000000 then $amount else cost end as cap_amount
from ranked where place = (n_person * $part_per_million + 999999) // 1000000""",
    inputs=(PERSON_YEAR,),
    output=COST_CAP,
    parameters={"amount": "DECIMAL(18,2)", "part_per_million": "BIGINT"},
    notes="""In: person_year. Out: cost_cap: the percentile of the year's costs over everybody in it, those with none too, by nearest rank, so that it
is somebody's cost; of a part of 1,000,000 the amount given, NULL where all is counted.
Units: of a year as it was lived, not of a part-year made whole.""",
)

NEED_PEOPLE = Step(
    name="need-people",
    sql="""with history as (
  select n.year_date, p.person_id, cast(sum(p.n_month) as integer) as n_history_month
  from person_year p join need_year n on p.year_date >= n.history_date and p.year_date < n.year_date
  group by n.year_date, p.person_id),
aged as (
  select n.year_date, n.before_date, b.person_id, b.organisation_id, b.sex, b.deprivation_decile, b.ethnicity, b.cost, b.n_emergency_admission,
    case when b.age_years is not null then b.age_years + 1 when q.birth_date < n.year_date then 0 end as age_years,
    b.person_id % 1000 < $training_per_1000 and x.organisation_id is null as is_training
  from need_year n join person_year b on n.before_date = b.year_date
  left join person q on b.person_id = q.person_id
  left join person_year f on b.person_id = f.person_id and f.year_date = $sampled_date and f.is_at_end
  left join need_apart x on coalesce(f.organisation_id, b.organisation_id) = x.organisation_id
  where b.is_at_end)
select a.year_date, a.person_id, coalesce(a.organisation_id, 'unknown') as organisation_id, coalesce(k.age_band, 'unknown') as age_band, a.sex,
  a.deprivation_decile, coalesce(a.ethnicity, 'unknown') as ethnicity, a.is_training,
  o.organisation_id is not null and not a.is_training as is_apart, h.n_history_month,
  coalesce(y.n_month, 0) as n_month, case when a.cost > e.cap_amount then e.cap_amount else a.cost end as past_counted_cost,
  coalesce(y.cost, 0) as cost,
  case when y.cost > c.cap_amount then c.cap_amount else coalesce(y.cost, 0) end as counted_cost,
  coalesce(y.n_emergency_admission, 0) as n_emergency_admission, a.n_emergency_admission as n_past_emergency_admission
from aged a
join history h on a.year_date = h.year_date and a.person_id = h.person_id
left join need_apart o on a.organisation_id = o.organisation_id
left join need_band k on a.age_years >= k.from_years and a.age_years < k.below_years
left join person_year y on a.year_date = y.year_date and a.person_id = y.person_id
left join cost_cap c on a.year_date = c.year_date
left join cost_cap e on a.before_date = e.year_date""",
    inputs=(PERSON_YEAR, NEED_YEAR, NEED_BAND, NEED_APART, PERSON, COST_CAP),
    output=NEED_PERSON,
    parameters={"training_per_1000": "INTEGER", "sampled_date": "DATE"},
    notes="""In: person_year, need_year, need_band, need_apart, person, cost_cap.
Out: need_person: who was in the population in the last month before the year.
Units: months, and amounts of a year as it was lived. Age is that on the first day of the year foretold.
Ties: who the model is fitted on follows from person_id, which is a keyed hash: the same people in every run, and no dice. Nobody is who was of
an organisation that is kept apart at the end of the year `sampled_date`, the one before the fitted year; of others it is that of the year itself.
Leaves out: who came later, of whom nothing was known when the year began.""",
)
