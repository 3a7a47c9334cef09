"""Whose each person is in the end: a payer's list before the person's choice before our own rule, or the step that left the person out."""

from __future__ import annotations

from accord.engine import Step
from accord.tables import ATTRIBUTION, ATTRIBUTION_ATTRITION, PERSON, PERSON_MONTH, REGISTRATION, Table
from accord.tables.attribution import ATTRIBUTION_OUTCOME, ATTRIBUTION_PERIOD, OWN_ATTRIBUTION

OUTCOMES = Step(
    name="whose each person is, or why nobody's",
    sql="""with listed as (
  select r.population, p.start_date, r.person_id, coalesce(r.organisation_id, 'unknown') as organisation_id,
    row_number() over (partition by r.population, p.start_date, r.person_id order by r.start_date desc nulls last, r.end_date desc nulls first,
      r.organisation_id nulls last, r.registration_id nulls last) as place
  from registration r
  join attribution_period p on r.start_date < p.end_date and coalesce(r.end_date, date '9999-12-31') > p.start_date
  where r.population in ('aligned', 'voluntary') and r.person_id is not null and (r.end_date is null or r.end_date > r.start_date)),
said as (
  select start_date, person_id, max(case when population = 'aligned' then organisation_id end) as aligned_id,
    max(case when population = 'voluntary' then organisation_id end) as chosen_id
  from listed where place = 1 group by start_date, person_id),
payer_list as (
  select start_date, count(*) as n_person from said where aligned_id is not null group by start_date),
belonged as (
  select p.start_date, m.person_id, count(*) as n_person_month
  from person_month m
  join attribution_period p on m.month_date >= p.first_month_date and m.month_date < p.end_date
  where case when p.method = 'resident' then m.is_resident else m.is_registered end
  group by p.start_date, m.person_id),
ever as (
  select person_id, max(case when population = 'registered' then 1 else 0 end) as was_registered,
    max(case when population = 'resident' then 1 else 0 end) as was_resident
  from registration where person_id is not null group by person_id),
covered as (
  select distinct p.start_date, r.person_id
  from registration r
  join attribution_period p on r.start_date < p.window_end_date and coalesce(r.end_date, date '9999-12-31') > p.window_start_date
  where r.population = 'registered' and r.person_id is not null and p.is_cover_required and (r.end_date is null or r.end_date > r.start_date)),
everyone as (
  select q.person_id, p.start_date, p.end_date, p.method, p.organisation_id as ours_id, q.birth_date, q.death_date, s.aligned_id, s.chosen_id,
    l.n_person is not null as has_list, p.is_cover_required and c.person_id is null as has_no_cover, o.organisation_id as own_id,
    o.step as own_step, o.reason as own_reason, o.allowed_amount, o.n_contact, o.latest_date, o.runner_up_id, o.runner_up_amount,
    o.runner_up_n_contact, coalesce(o.is_tie, false) as is_tie, coalesce(b.n_person_month, 0) as n_person_month,
    coalesce(case when p.method = 'resident' then e.was_resident else e.was_registered end, 0) as was_in_one
  from person q
  cross join attribution_period p
  left join said s on q.person_id = s.person_id and p.start_date = s.start_date
  left join payer_list l on p.start_date = l.start_date
  left join covered c on q.person_id = c.person_id and p.start_date = c.start_date
  left join own_attribution o on q.person_id = o.person_id and p.start_date = o.start_date
  left join belonged b on q.person_id = b.person_id and p.start_date = b.start_date
  left join ever e on q.person_id = e.person_id),
told as (
  select person_id, start_date, end_date, method, ours_id, own_id, own_step, allowed_amount, n_contact, latest_date, runner_up_id,
    runner_up_amount, runner_up_n_contact, is_tie, n_person_month,
    case when has_list then aligned_id when chosen_id is not null then chosen_id else own_id end as whose_id,
    case when has_list then 'payer_list' when chosen_id is not null then 'choice' else own_step end as step,
    case when has_list and aligned_id is null then 'not on the payer''s list'
      when has_list and aligned_id <> ours_id then 'aligned to another organisation'
      when has_list then null
      when death_date < start_date then 'died before'
      when birth_date >= end_date then 'born after'
      when has_no_cover then 'no cover in the window'
      when chosen_id <> ours_id then 'chose another organisation'
      when chosen_id is not null then null
      when own_reason is not null then own_reason
      when own_id <> ours_id and method = 'plurality' then 'more care elsewhere'
      when own_id <> ours_id then 'with another organisation'
      when own_id is not null then null
      when method = 'plurality' then 'no qualifying care'
      when was_in_one = 1 then 'in one at other times'
      else 'never in any' end as reason,
    case when death_date < start_date or birth_date >= end_date or has_no_cover then null when ours_id is null or own_id = ours_id then own_id
      end as own_claim_id, has_list or chosen_id is not null as has_word
  from everyone)
select person_id, start_date, end_date, method, case when reason is null then whose_id end as organisation_id,
  case when reason is null then step end as step, reason, own_id as own_organisation_id, own_step, allowed_amount, n_contact, latest_date,
  runner_up_id, runner_up_amount, runner_up_n_contact, is_tie,
  has_word and coalesce(case when reason is null then whose_id end, '') <> coalesce(own_claim_id, '') as is_overridden, n_person_month
from told""",
    inputs=(PERSON, ATTRIBUTION_PERIOD, REGISTRATION, PERSON_MONTH, OWN_ATTRIBUTION),
    output=ATTRIBUTION_OUTCOME,
    notes="""In: person, attribution_period, registration, person_month, own_attribution. Out: attribution_outcome: every person in every year.
In a year that a payer's list (aligned) has anybody in, the list alone tells; otherwise the person's choice (voluntary) comes before our own rule.
Ties: of several lines of a list that touch a year the one that began last, then that which ends last, then the lower organisation and record.
Units: months, currency. Leaves out: nobody.
Source: 42 CFR 425.402(e) for the choice, 425.401(a)(1) for cover, as far as registrations tell it.""",
)


def _part(name: str, output: Table, condition: str) -> Step:
    return Step(
        name=name,
        sql=f"select {', '.join(output.names)}\nfrom attribution_outcome where {condition}",
        inputs=(ATTRIBUTION_OUTCOME,),
        output=output,
        notes=f"In: attribution_outcome. Out: {output.name}. Units: as there. Ties: none. Leaves out: the others.",
    )


ATTRIBUTIONS = _part("attribution", ATTRIBUTION, "reason is null")
LEFT_OUT = _part("people left out of attribution", ATTRIBUTION_ATTRITION, "reason is not null")
