"""Our own rule where people belong to the list they are on, or to the area they live in."""

from __future__ import annotations

from accord.engine import Step
from accord.tables import PERSON_MONTH
from accord.tables.attribution import ATTRIBUTION_PERIOD, OWN_ATTRIBUTION, PARTICIPANT


def _by_month(name: str, population: str, step: str) -> Step:
    return Step(
        name=name,
        sql=f"""with month as (
  select p.start_date, p.movers, m.person_id, m.month_date, coalesce(t.organisation_id, m.{population}_id, 'unknown') as organisation_id
  from person_month m
  join attribution_period p on m.month_date >= p.first_month_date and m.month_date < p.end_date
  left join participant t on m.{population}_id = t.participant_id
  where m.is_{population}),
summed as (
  select start_date, movers, person_id, organisation_id, count(*) as n_month, min(month_date) as first_date, max(month_date) as last_date
  from month group by start_date, movers, person_id, organisation_id),
ranked as (
  select start_date, movers, person_id, organisation_id, n_month, row_number() over (partition by person_id, start_date
    order by case when movers = 'first' then first_date end asc nulls last, case when movers = 'longest' then n_month end desc nulls last,
      last_date desc nulls last, organisation_id asc nulls last) as place
  from summed),
best as (
  select person_id, start_date, movers, max(case when place = 1 then organisation_id end) as organisation_id,
    max(case when place = 1 then n_month end) as n_month, max(case when place = 2 then organisation_id end) as runner_up_id,
    max(case when place = 2 then n_month end) as runner_up_n_month
  from ranked where place <= 2 group by person_id, start_date, movers)
select person_id, start_date, organisation_id, '{step}' as step, cast(null as varchar) as reason, cast(null as decimal(18, 2)) as allowed_amount,
  cast(null as bigint) as n_contact, cast(null as date) as latest_date, runner_up_id, cast(null as decimal(18, 2)) as runner_up_amount,
  cast(null as bigint) as runner_up_n_contact, coalesce(movers = 'longest' and n_month = runner_up_n_month, false) as is_tie
from best""",
        inputs=(PERSON_MONTH, ATTRIBUTION_PERIOD, PARTICIPANT),
        output=OWN_ATTRIBUTION,
        notes=f"""In: person_month, attribution_period, participant. Out: own_attribution: one row a person and year with a month {population}.
Ties: of several in one year the first, the last, or that of most months, as place.toml says; then the one that lasted longer into the year,
then the lower id. Units: months. Leaves out: who has no such month (the outcome gives them a reason).""",
    )


LISTS = _by_month("attribution by the list", "registered", "list")
AREAS = _by_month("attribution by the area", "resident", "area")
