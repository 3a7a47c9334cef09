"""Our own rule where people belong to whoever gave most of their primary care, in the steps of the Shared Savings Program."""

from __future__ import annotations

from accord.engine import Step
from accord.tables import PROCEDURE, Table
from accord.tables.attribution import ATTRIBUTION_PERIOD, OWN_ATTRIBUTION, PARTICIPANT, PROVIDER_CLASS, QUALIFYING_CODE
from accord.tables.working import ACTIVITY_IN_FORCE

# An allowed charge is what the payer pays and the shares of others; a feed states it as the gross amount or as the cost, and neither is more.
_ALLOWED = "greatest(coalesce(a.gross_amount, 0), coalesce(a.cost, 0))"

_SERVICES = f"""select a.person_id, q.start_date, coalesce(t.organisation_id, a.provider_id) as organisation_id, q.provider_class,
    q.is_in_window, a.start_date as service_date, cast(sum({_ALLOWED}) as decimal(18, 2)) as allowed_amount
  from activity_in_force a
  join qualified q on a.activity_id = q.activity_id
  left join participant t on a.provider_id = t.participant_id
  group by a.person_id, q.start_date, coalesce(t.organisation_id, a.provider_id), q.provider_class, q.is_in_window, a.start_date"""

_QUALIFIED = """qualified as (
  select distinct a.activity_id, p.start_date, a.start_date >= p.window_start_date as is_in_window,
    coalesce(s.provider_class, 'not_stated') as provider_class
  from activity_in_force a
  join attribution_period p on a.start_date >= p.wide_start_date and a.start_date < p.window_end_date
  join "procedure" c on a.activity_id = c.activity_id
  join qualifying_code q on c.code_system = q.code_system and c.code = q.code and p.start_date = q.start_date
  left join provider_class s on a.service_code = s.service_code
  where a.person_id is not null and a.provider_id is not null and (s.provider_class is not null or a.service_code is null)
    and (q.only_in_setting is null or a.setting = q.only_in_setting)
    and (q.not_in_setting is null or a.setting is null or a.setting <> q.not_in_setting)),
"""

_PASSES = {
    1: "is_in_window and provider_class in ('gp', 'physician', 'practitioner')",
    2: "is_in_window and provider_class = 'specialist'",
    3: "provider_class in ('physician', 'practitioner')",
    4: "is_in_window and provider_class = 'not_stated'",
}
"""Which services each step weighs."""

_MET = {1: "s.has_physician = 1", 2: "true", 3: "s.has_practitioner = 1 and s.has_primary = 1", 4: "true"}
"""What the organisation must also have given, of each step: a service of a physician; of the third step, one of each kind."""


def _sums(n: int, which: str) -> str:
    return f"""cast(coalesce(sum(case when {which} then allowed_amount end), 0) as decimal(18, 2)) as amount_{n},
    count(case when {which} then 1 end) as n_{n}, max(case when {which} then service_date end) as latest_{n}"""


def _candidate(n: int) -> str:
    has_window = " and p.wide_start_date < p.window_start_date" if n == 3 else ""
    return f"""select s.person_id, s.start_date, p.measure, {n} as pass, s.organisation_id, s.amount_{n} as allowed_amount, s.n_{n} as n_contact,
    s.latest_{n} as latest_date, {_MET[n]} as is_met
  from summed s join attribution_period p on s.start_date = p.start_date where s.n_{n} > 0{has_window}"""


def _of_place(place: int, column: str, name: str) -> str:
    return f"max(case when place = {place} then {column} end) as {name}"


_BEST = ", ".join(_of_place(1, c, c) for c in ("organisation_id", "allowed_amount", "n_contact", "latest_date"))
_NEXT = ", ".join(_of_place(2, c, f"runner_up_{n}") for c, n in (("organisation_id", "id"), ("allowed_amount", "amount"), ("n_contact", "n_contact")))
_ORDER = """case when measure = 'contacts' then n_contact end desc nulls last,
      allowed_amount desc nulls last, n_contact desc nulls last, latest_date desc nulls last, organisation_id asc nulls last"""
_TIE = """coalesce(case when measure = 'contacts' then n_contact = runner_up_n_contact
    else allowed_amount = runner_up_amount end, false)"""

# Contacts are all of one kind and have one window, so that one pass ranks them; windows overlap, so days are made before years are joined.
_MOST_CONTACTS = f"""with seen as (
  select a.person_id, coalesce(t.organisation_id, a.provider_id) as organisation_id, a.start_date as service_date,
    cast(sum({_ALLOWED}) as decimal(18, 2)) as allowed_amount
  from activity_in_force a
  left join participant t on a.provider_id = t.participant_id
  where a.setting = 'gp' and a.person_id is not null and a.provider_id is not null
  group by a.person_id, coalesce(t.organisation_id, a.provider_id), a.start_date),
summed as (
  select s.person_id, p.start_date, p.measure, s.organisation_id, cast(sum(s.allowed_amount) as decimal(18, 2)) as allowed_amount,
    count(*) as n_contact, max(s.service_date) as latest_date
  from seen s join attribution_period p on s.service_date >= p.window_start_date and s.service_date < p.window_end_date
  group by s.person_id, p.start_date, p.measure, s.organisation_id),
ranked as (
  select person_id, start_date, measure, organisation_id, allowed_amount, n_contact, latest_date,
    row_number() over (partition by person_id, start_date order by {_ORDER}) as place
  from summed),
best as (
  select person_id, start_date, measure,
    {_BEST},
    {_NEXT}
  from ranked where place <= 2 group by person_id, start_date, measure)
select person_id, start_date, organisation_id, 'primary_care' as step, cast(null as varchar) as reason, allowed_amount, n_contact, latest_date,
  runner_up_id, runner_up_amount, runner_up_n_contact, {_TIE} as is_tie
from best"""

_UNION = "\n  union all\n  "
_MOST = f"""summed as (
  select person_id, start_date, organisation_id,
    {(',' + chr(10) + '    ').join(_sums(n, which) for n, which in _PASSES.items())},
    max(case when is_in_window and provider_class in ('gp', 'physician', 'specialist') then 1 else 0 end) as has_physician,
    max(case when is_in_window and provider_class = 'practitioner' then 1 else 0 end) as has_practitioner,
    max(case when provider_class = 'physician' then 1 else 0 end) as has_primary
  from service group by person_id, start_date, organisation_id),
candidate as (
  {_UNION.join(_candidate(n) for n in _PASSES)}),
ranked as (
  select person_id, start_date, measure, pass, organisation_id, allowed_amount, n_contact, latest_date, is_met,
    row_number() over (partition by person_id, start_date, pass order by {_ORDER}) as place
  from candidate),
best as (
  select person_id, start_date, measure, pass, max(case when place = 1 and is_met then 1 else 0 end) as is_met,
    {_BEST},
    {_NEXT}
  from ranked where place <= 2 group by person_id, start_date, measure, pass),
reached as (
  select person_id, start_date, measure, pass, is_met, organisation_id, allowed_amount, n_contact, latest_date, runner_up_id, runner_up_amount,
    runner_up_n_contact, min(pass) over (partition by person_id, start_date) as first_pass
  from best),
chosen as (
  select person_id, start_date, measure, pass, is_met, organisation_id, allowed_amount, n_contact, latest_date, runner_up_id, runner_up_amount,
    runner_up_n_contact, row_number() over (partition by person_id, start_date order by is_met desc nulls last, pass asc nulls last) as place
  from reached where pass = first_pass or (pass = 3 and first_pass < 3))
select person_id, start_date, case when is_met = 1 then organisation_id end as organisation_id,
  case when is_met = 0 then null when pass = 1 then 'primary_care' when pass = 2 then 'specialty' when pass = 3 then 'wide_window'
    else 'specialty_not_stated' end as step,
  case when is_met = 0 then 'no physician seen' end as reason, allowed_amount, n_contact, latest_date, runner_up_id, runner_up_amount,
  runner_up_n_contact, {_TIE} as is_tie
from chosen where place = 1"""


def _plurality(name: str, sql: str, inputs: tuple[Table, ...], what: str) -> Step:
    return Step(
        name=name,
        sql=sql,
        inputs=(ACTIVITY_IN_FORCE, ATTRIBUTION_PERIOD, PARTICIPANT, *inputs),
        output=OWN_ATTRIBUTION,
        notes=f"""In: activity_in_force, attribution_period, participant{''.join(f', {t.name}' for t in inputs)}. Out: own_attribution.
{what}
Of services of Medicare: first those of primary care physicians, nurse practitioners, physician assistants and clinical nurse specialists; where
these gave none, those of the listed specialties; in years with a wider window, over that, for people whom the first two gave to an organisation
none of whose physicians they saw. Where no record states a specialty, all of them: a step of ours, which the programme does not have.
Units: currency; days with care (of one kind of clinician). Ties: the measure, allowed charges, days, the later last day, the lower id.
Leaves out: who has no such care in the window (the outcome gives them a reason).
Source: 42 CFR 425.402(b) for the steps, 425.400(c) for the services.""",
    )


CONTACTS = _plurality("attribution by most contacts", _MOST_CONTACTS, (), "All contacts of general practice in the window.")
SERVICES = _plurality(
    "attribution by most primary care", f"with {_QUALIFIED}service as (\n  {_SERVICES}),\n{_MOST}", (PROCEDURE, QUALIFYING_CODE, PROVIDER_CLASS),
    "Services with a code of primary care in the window.",
)  # fmt: skip
