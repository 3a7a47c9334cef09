"""The audits of conditions: nobody without a segment, no score that is not the points of its conditions, no diagnosis without an account."""

from __future__ import annotations

_ONE_SEGMENT = """with lived as (
  select distinct m.person_id, y.year_date
  from person_month m join accounting_year y on m.month_date >= y.year_date and m.month_date <= y.last_date)
select 'person ' || coalesce(l.person_id, s.person_id) || case when s.person_id is null then ' has no segment in the year from '
    else ' has a segment without a person-month in the year from ' end || coalesce(l.year_date, s.year_date)
from lived l full join segment s on l.person_id = s.person_id and l.year_date = s.year_date
where l.person_id is null or s.person_id is null"""

_POINTS = """with held as (
  select c.person_id, c.year_date, k.condition_number
  from condition c join condition_kind k on c.classification = k.classification and c.condition = k.condition),
points as (
  select h.person_id, h.year_date, w.score, sum(w.weight) as points
  from held h join condition_weight w on h.condition_number = w.condition_number
  where not exists (select 1 from held g where g.person_id = h.person_id and g.year_date = h.year_date
    and g.condition_number = w.gives_way_number) group by h.person_id, h.year_date, w.score)
select coalesce(s.score, p.score) || ' of person ' || coalesce(s.person_id, p.person_id) || ' is ' || coalesce(s.value, 0)
  || ', and the points of the conditions ' || coalesce(p.points, 0)
from (select * from person_score where score <> 'hcc_risk') s
full join points p on s.person_id = p.person_id and s.year_date = p.year_date and s.score = p.score
where s.value is null or p.points is null or s.value <> p.points"""

_SEEN = """with there as (select count(*) as n from diagnosis), seen as (select coalesce(sum(n_record), 0) as n from code_seen)
select 'there are ' || t.n || ' diagnoses, and ' || s.n || ' that count or have a reason why not' from there t cross join seen s where t.n <> s.n"""

_HCC_SCORED = """select 'person ' || person_id || ' has condition categories of HCC, and no score, in the year from ' || year_date
from (select distinct person_id, year_date from condition where classification = 'hcc') c
anti join (select * from person_score where score = 'hcc_risk') s using (person_id, year_date)"""

CONDITION_AUDITS: dict[str, str] = {
    "everyone of a year has one segment": _ONE_SEGMENT,
    "every score is the points of its conditions": _POINTS,
    "every diagnosis counts for conditions, or has its reason": _SEEN,
    "whoever has a condition category has an HCC score": _HCC_SCORED,
}
"""Name of each audit to the query that finds its breaches, as in run_audits. That a person has no second segment is the key of `segment`."""
