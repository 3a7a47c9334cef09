"""The audits of attribution: every person once in every year, and a payer's list followed to the letter."""

from __future__ import annotations

_ONCE = """with everyone as (select q.person_id, p.start_date from person q cross join attribution_period p),
told as (
  select person_id, start_date, count(*) as n from (
    select person_id, start_date from attribution union all select person_id, start_date from attribution_attrition)
  group by person_id, start_date)
select 'person ' || coalesce(e.person_id, t.person_id) || ' is told of ' || coalesce(t.n, 0) || ' times in the year of '
  || coalesce(e.start_date, t.start_date)
from everyone e full join told t on e.person_id = t.person_id and e.start_date = t.start_date
where e.person_id is null or t.n is distinct from 1"""

_LEFT_OUT = """with there as (select reason, count(*) as n, count(distinct person_id) as n_person from attribution_attrition group by reason)
select 'attrition has ' || coalesce(a.n_row, 0) || ' people left out for ' || coalesce(t.reason, a.reason) || ', there are ' || coalesce(t.n, 0)
from there t full join (select * from attrition where step = 'attribution') a on t.reason = a.reason
where t.n is distinct from a.n_row or t.n_person is distinct from a.n_person"""

_LISTED = """with listed as (
  select distinct p.start_date, r.person_id
  from registration r join attribution_period p on r.start_date < p.end_date and (r.end_date is null or r.end_date > p.start_date)
  where r.population = 'aligned' and r.person_id is not null and (r.end_date is null or r.end_date > r.start_date)),
told as (select person_id, start_date from attribution where step = 'payer_list'
  union all select person_id, start_date from attribution_attrition where reason = 'aligned to another organisation')
select 'person ' || coalesce(l.person_id, t.person_id) || case when t.person_id is null then ' is on the payer''s list of ' else
  ' is told by a payer''s list, and on none of ' end || coalesce(l.start_date, t.start_date)
from listed l full join told t on l.person_id = t.person_id and l.start_date = t.start_date
where l.person_id is null or t.person_id is null"""

_MONTHS = """with there as (
  select m.person_id, p.start_date, count(*) as n
  from person_month m join attribution_period p on m.month_date >= p.first_month_date and m.month_date < p.end_date
  where case when p.method = 'resident' then m.is_resident else m.is_registered end group by m.person_id, p.start_date),
told as (
  select person_id, start_date, n_person_month from attribution union all select person_id, start_date, n_person_month from attribution_attrition)
select 'person ' || t.person_id || ' is given ' || t.n_person_month || ' person-months of ' || coalesce(h.n, 0) || ' from ' || t.start_date
from told t left join there h on t.person_id = h.person_id and t.start_date = h.start_date where t.n_person_month <> coalesce(h.n, 0)"""

ATTRIBUTION_AUDITS: dict[str, str] = {
    "every person is attributed or left out, once in every year": _ONCE,
    "attrition counts whom attribution left out": _LEFT_OUT,
    "a payer's list is followed": _LISTED,
    "attribution counts every person-month": _MONTHS,
}
