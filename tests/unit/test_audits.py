"""Each audit holds for a run as it was made, and finds what was done to one table of it afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from accord import audits, pipeline
from accord.audits import AUDITS, audit
from accord.engine import Session, duck
from accord.errors import AuditError
from accord.intake.canonical import IN_FORCE
from accord.place import current_run, open_place
from accord.simulate import copy_small_place
from accord.tables import PUBLISHED

FIRST_ACT = "activity_id = (select min(activity_id) from activity)"


def dropped(where):
    return f"select * from {{table}} where not ({where})"


def changed(what, where):
    return f"select * replace ({what}) from {{table}} where {where} union all select * from {{table}} where not ({where})"


def added(what, where):
    return f"select * from {{table}} union all select * replace ({what}) from {{table}} where {where}"


def of_one(table, fate):
    """The first record of one fate, in a table that has submissions and record numbers."""
    first = f"select min(submission_id * 1000000 + record_number) from record_fate where fate = '{fate}'"
    if fate == "accepted":
        first += " and is_activity and coalesce(net_amount, 0) <> 0"
    return f"submission_id * 1000000 + record_number = ({first})"


LINE = "total = '{}' and measure = 'cost' and submission_id = 1 and line = '{}'"
ALL = "population = '{}' and dimension = 'all'"
FIRST_IN_BED = "activity_id = (select min(activity_id) from stay_activity where spell_id is not null)"
FIRST_SPELL = "spell_id = (select min(spell_id) from spell)"
FIRST_COSTED = "activity_id = (select min(activity_id) from activity_cost where cost_basis = 'reported')"
FIRST_STAY = "continuous_stay_id = (select min(continuous_stay_id) from spell)"
STRANGER = "person_id = (select min(person_id) from {} where person_id is not null)"

LEFT_OUT = "person_id = (select min(person_id) from attribution_attrition)"

TAMPERED = [
    ("every person is attributed or left out, once in every year", "attribution", dropped(STRANGER.format("attribution"))),
    ("every person is attributed or left out, once in every year", "attribution_attrition", added("person_id + 1 as person_id", LEFT_OUT)),
    ("attrition counts whom attribution left out", "attribution_attrition", changed("'died before' as reason", LEFT_OUT)),
    ("attrition counts whom attribution left out", "attrition", dropped("step = 'attribution'")),
    ("a payer's list is followed", "attribution", changed("'payer_list' as step", STRANGER.format("attribution"))),
    ("attribution counts every person-month", "attribution", changed("n_person_month + 1 as n_person_month", STRANGER.format("attribution"))),
    ("every record framed has one fate", "record_fate", dropped(of_one("record_fate", "accepted"))),
    ("every record framed has one fate", "record_fate", changed("record_number + 1000000 as record_number", of_one("record_fate", "accepted"))),
    ("every record framed has one fate", "submission", changed("n_record + 1 as n_record", "submission_id = 2")),
    ("every record framed has one fate", "file_amount", dropped("submission_id = 2")),
    ("every refused record is in quarantine", "quarantine", dropped(of_one("quarantine", "quarantined"))),
    ("every refused record is in quarantine", "quarantine",
     added("record_number + 1000000 as record_number", of_one("quarantine", "quarantined"))),
    ("every refused record is in quarantine", "quarantine", changed("coalesce(cost, 0) + 1 as cost", of_one("quarantine", "quarantined"))),
    ("every refused record has its reason", "issue", dropped(f"severity = 'refuse' and {of_one('issue', 'quarantined')}")),
    ("every exact duplicate is of a record that was kept", "record_fate",
     changed("kept_record_number + 1000000 as kept_record_number", of_one("record_fate", "exact_duplicate"))),
    ("every exact duplicate is of a record that was kept", "record_fate",
     changed("record_id + 1 as record_id", of_one("record_fate", "exact_duplicate"))),
    ("every accepted act of care is in activity", "activity", dropped(FIRST_ACT)),
    ("every reversal takes back one activity, whole", "activity",
     added("activity_id + 1 as activity_id, 5 as reverses_id, false as is_in_force", FIRST_ACT)),
    ("every reversal takes back one activity, whole", "activity",
     added("-activity_id as activity_id, activity_id as reverses_id, false as is_in_force",
           "activity_id = (select min(activity_id) from activity where cost <> 0)")),
    ("what counts is what nothing takes back", "activity", changed("false as is_in_force", FIRST_ACT)),
    ("what counts is what nothing takes back", "activity",
     added("-activity_id as activity_id, activity_id as reverses_id, false as is_in_force", FIRST_ACT)),
    ("every record counts once", "activity", added("activity_id + 1 as activity_id", FIRST_ACT)),
    ("every activity is an accepted act of care", "activity", added("activity_id + 1 as activity_id", FIRST_ACT)),
    ("every activity is an accepted act of care", "activity", changed("record_number + 1 as record_number", FIRST_ACT)),
    ("the months of a rate add up to its record", "activity",
     added("activity_id + 1 as activity_id, cast(start_date + interval 40 day as date) as start_date", FIRST_ACT)),
    ("accepted amounts are those of activity, file by file", "activity", changed("net_amount + 0.01 as net_amount", of_one("activity", "accepted"))),
    ("accepted amounts are those of activity, file by file", "activity", changed("cost - 0.01 as cost", of_one("activity", "accepted"))),
    ("accepted amounts are those of activity, file by file", "record_fate",
     changed("net_amount * 2 as net_amount", of_one("record_fate", "accepted"))),
    ("gross is net and shares, or an issue says it is not", "activity",
     changed("gross_amount + 0.01 as gross_amount", "activity_id = (select min(activity_id) from activity where client_amount is not null)")),
    ("every bridge adds up", "reconciliation", changed("amount - 0.01 as amount", LINE.format("activity", "refused"))),
    ("every bridge adds up", "reconciliation", changed("n_record - 1 as n_record", LINE.format("registered", "no person"))),
    ("every bridge adds up", "reconciliation", dropped("submission_id = 1 and total = 'activity' and line = 'in the file'")),
    ("every bridge starts at its file and passes through activity", "reconciliation",
     changed("amount + 1 as amount, n_record + 1 as n_record", LINE.format("activity", "in the file"))),
    ("every bridge starts at its file and passes through activity", "reconciliation", changed("amount + 1 as amount", "line = 'activity'")),
    ("every bridge starts at its file and passes through activity", "reconciliation", dropped("submission_id = 1")),
    ("rounding is no more than rounding", "reconciliation", changed("amount + 100 as amount", LINE.format("activity", "rounding"))),
    ("no amount lies in a record that is no act of care", "reconciliation",
     changed("amount + 1 as amount", LINE.format("activity", "no act of care"))),
    *((f"{measure} of the {population} is what the files lead to", "cost_per_person_month",
       changed(f"{measure} + 0.01 as {measure}", ALL.format(population)))
      for population in ("registered", "resident") for measure in ("net_amount", "cost")),
    ("cost of the registered is what the files lead to", "cost_per_person_month",
     changed("n_activity - 1 as n_activity", ALL.format("registered"))),
    ("cost of the resident is what the files lead to", "cost_per_person_month", dropped(ALL.format("resident"))),
    ("every dimension adds up to all", "cost_per_person_month", dropped("dimension = 'provider' and group_id = 'WXH'")),
    ("every dimension adds up to all", "cost_per_person_month",
     changed("n_person_month + 1 as n_person_month", "population = 'registered' and dimension = 'month' and group_id = '2025-04-01'")),
    ("the rates count every person-month", "person_month",
     dropped("is_registered and person_id = (select min(person_id) from person_month where is_registered)")),
    ("every person of a person-month is known", "person_month", changed("person_id + 1 as person_id", STRANGER.format("person_month"))),
    ("every person of an activity is known", "person", dropped(STRANGER.format("activity"))),
    ("every person of a registration is known", "person", dropped(STRANGER.format("registration"))),
    ("every provider is known", "organisation", dropped("organisation_id = 'WXH'")),
    ("every diagnosis belongs to an activity", "diagnosis", added("activity_id + 1 as activity_id", "position = 1")),
    ("every procedure belongs to an activity", "procedure", added("activity_id + 1 as activity_id", "position = 1")),
    ("every inpatient activity is in one spell, or has its reason", "stay_activity", dropped(FIRST_IN_BED)),
    ("every inpatient activity is in one spell, or has its reason", "stay_activity", added("activity_id + 1 as activity_id", FIRST_IN_BED)),
    ("every inpatient activity is in one spell, or has its reason", "stay_activity", changed("cast(null as bigint) as spell_id", FIRST_IN_BED)),
    ("every inpatient activity is in one spell, or has its reason", "stay_activity", changed("'no person' as reason", FIRST_IN_BED)),
    ("every inpatient activity is in one spell, or has its reason", "spell", dropped(FIRST_SPELL)),
    ("attrition says what is in no spell", "attrition", added("'spell' as step", "step = 'cost_per_person_month' and reason = 'no person'")),
    ("amounts of spells are those of their activities", "spell", changed("net_amount + 0.01 as net_amount", FIRST_SPELL)),
    ("amounts of spells are those of their activities", "spell", changed("cost - 0.01 as cost", FIRST_SPELL)),
    ("amounts of spells are those of their activities", "spell", changed("n_episode + 1 as n_episode", FIRST_SPELL)),
    ("amounts of spells are those of their activities", "spell", changed("n_without_cost + 1 as n_without_cost", FIRST_SPELL)),
    ("amounts of continuous stays are those of their spells", "continuous_stay", changed("cost + 0.01 as cost", FIRST_STAY)),
    ("amounts of continuous stays are those of their spells", "continuous_stay",
     changed("net_amount_accrued + 0.01 as net_amount_accrued", FIRST_STAY)),
    ("amounts of continuous stays are those of their spells", "continuous_stay", dropped(FIRST_STAY)),
    ("continuous stays of one person lie apart", "spell", changed("spell_id as continuous_stay_id", "coalesce(joined_by, '') = 'overlapping_dates'")),
    ("every spell that continues another is in transfer", "transfer", dropped("rule = 'overlapping_dates'")),
    ("every spell that continues another is in transfer", "transfer", changed("'adjoining_dates' as rule", "rule = 'overlapping_dates'")),
    ("no more is accrued than there is", "spell", changed("net_amount + 0.01 as net_amount_accrued", FIRST_SPELL)),
    ("no more is accrued than there is", "spell", changed("net_amount - 0.01 as net_amount_accrued", "n_night = 3 and net_amount > 0")),
    ("no more is accrued than there is", "spell", changed("n_night_accrued + 1 as n_night_accrued", FIRST_SPELL)),
    ("every stay that ended has its row in readmission", "readmission", dropped(FIRST_STAY)),
    ("every stay that ended has its row in readmission", "continuous_stay", dropped(FIRST_STAY)),
    ("every stay that ended has its row in readmission", "readmission",
     changed("cast(discharge_date + interval 1 day as date) as discharge_date", FIRST_STAY)),
    ("every exclusion counts, and none is missing", "readmission_exclusion", dropped("rule = 'day_case'")),
    ("every exclusion counts, and none is missing", "readmission_exclusion", dropped("rule = 'window_not_complete'")),
    ("every exclusion counts, and none is missing", "readmission", changed("not is_in_denominator as is_in_denominator", FIRST_STAY)),
    ("every exclusion counts, and none is missing", "readmission", changed("not is_in_numerator as is_in_numerator", FIRST_STAY)),
    ("every exclusion counts, and none is missing", "readmission", changed("false as is_readmitted", "not is_window_whole")),
    ("every person of a condition is known", "condition", changed("person_id + 1 as person_id", STRANGER.format("condition"))),
    ("everyone of a year has one segment", "segment", dropped(STRANGER.format("segment"))),
    ("everyone of a year has one segment", "segment", changed("person_id + 1 as person_id", STRANGER.format("segment"))),
    ("every score is the points of its conditions", "person_score", changed("value + 1 as value", "score = 'charlson'")),
    ("every score is the points of its conditions", "person_score", dropped("score = 'frailty'")),
    ("every score is the points of its conditions", "condition", dropped("classification = 'charlson'")),
    ("every diagnosis counts for conditions, or has its reason", "diagnosis", added("activity_id + 1 as activity_id", "position = 1")),
    ("whoever has a condition category has an HCC score", "condition",
     added("'hcc' as classification, '37' as condition", f"classification = 'long_term' and {STRANGER.format('condition')}")),
    ("every activity in force has a cost, or the reason why it has none", "activity_cost", dropped(FIRST_COSTED)),
    ("every activity in force has a cost, or the reason why it has none", "activity_cost",
     added("activity_id + 1 as activity_id", FIRST_COSTED)),
    ("every activity in force has a cost, or the reason why it has none", "activity_cost",
     changed("cast(null as decimal(18, 2)) as cost", FIRST_COSTED)),
    ("every activity in force has a cost, or the reason why it has none", "activity_cost", changed("'none' as cost_basis", FIRST_COSTED)),
    ("what records report as cost stands", "activity_cost", changed("cost + 0.01 as cost", FIRST_COSTED)),
    ("what records report as cost stands", "activity_cost", changed("'unit_cost' as cost_basis", FIRST_COSTED)),
    ("costs by basis are those of the acts", "cost_by_basis", changed("cost + 0.01 as cost", "cost_basis = 'reported'")),
    ("costs by basis are those of the acts", "cost_by_basis", dropped("cost_basis = 'none'")),
    ("reported costs are what the files lead to", "cost_by_basis", dropped("cost_basis = 'reported' and setting = 'inpatient'")),
    ("capacity is used or unused", "capacity", changed("unused_cost - 0.01 as unused_cost", "true")),
    ("capacity is used or unused", "capacity", changed("used_minutes + 1 as used_minutes", "true")),
    ("capacity is used or unused", "capacity", dropped("true")),
]  # fmt: skip


POOL = """
title  = "General practice"
source = "invented"

[[pool]]
id                  = "gp_contacts"
provider            = "WGF"
setting             = "gp"
from                = 2025-04-01
to                  = 2026-04-01
cost                = 30000.00
theoretical_minutes = 40000
practical_share     = 0.80
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The tables of a run, working tables too, as its audits see them."""
    folder = tmp_path_factory.mktemp("made")
    place = open_place(copy_small_place(tmp_path_factory.mktemp("places") / "small"))
    (place.root / "costs").mkdir()
    (place.root / "costs" / "general_practice.toml").write_text(POOL, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:

        def spy(session):
            for path in session.folder.glob("*.parquet"):
                shutil.copyfile(path, folder / path.name)
            return audit(session)

        patch.setattr(audits, "audit", spy)
        pipeline.run(place, lambda _: None)
    return folder


@pytest.fixture
def audited(made, tmp_path):
    """Audits the run with one table put through a query, and gives what every audit found."""

    def run(table=None, query=""):
        with Session(folder=tmp_path / "tables", scratch=tmp_path / "scratch", readable=[made]) as session:
            for path in made.glob("*.parquet"):
                if path.stem == table:
                    session.register("as_made", [path])
                else:
                    session.register(path.stem, [path])
            if table:
                text = query.replace("{table}", "as_made").replace(f"from {table}", "from as_made")
                if table == "activity":  # a sum is a digit wider than what it is made of, and the view over activity is held to its types
                    columns = ", ".join(f"cast({c.name} as {c.type}) as {c.name}" for c in PUBLISHED[table])
                    text = f"select {columns} from ({text})"
                target = tmp_path / "tables" / f"{table}.parquet"
                session.connection.execute(f"copy ({text}) to {duck.literal(str(target))} (format parquet)")
                session.register(table, [target])
                assert _differs(session, table), "the tampering changes nothing"
            session.view(IN_FORCE)
            return {finding.name: finding for finding in audit(session)}

    return run


def _differs(session, table):
    one, other = "from as_made", f"from {duck.name(table)}"
    return session.rows(f"({one} except all {other}) union all ({other} except all {one}) limit 1")


def test_every_audit_holds_for_a_run_as_it_was_made(audited):
    found = audited()
    assert set(found) == {*AUDITS, *(f"{name} keeps its contract" for name in PUBLISHED)}
    assert not [f for f in found.values() if not f.held]


def test_every_audit_has_a_table_tampered_with():
    assert {name for name, _, _ in TAMPERED} == set(AUDITS)


@pytest.mark.parametrize(("name", "table", "query"), TAMPERED, ids=[f"{n} ({t} {i})" for i, (n, t, _) in enumerate(TAMPERED)])
def test_an_audit_finds_what_was_done(audited, name, table, query):
    finding = audited(table, query)[name]
    assert not finding.held
    assert finding.detail


@pytest.mark.parametrize("table", PUBLISHED)
def test_a_row_that_stands_twice_breaks_the_contract(audited, table):
    finding = audited(table, "select * from {table} union all (select * from {table} limit 1)")[f"{table} keeps its contract"]
    assert not finding.held
    assert "repeated keys" in finding.detail


@pytest.mark.parametrize("table", [name for name, contract in PUBLISHED.items() if not contract.may_be_empty])
def test_a_table_that_may_not_be_empty(audited, table):
    assert not audited(table, "select * from {table} where false")[f"{table} keeps its contract"].held


def test_what_is_found_is_a_sentence_with_a_count(audited):
    every = audited("activity", "select * replace (net_amount + 1 as net_amount) from {table}")
    finding = every["accepted amounts are those of activity, file by file"]
    assert finding.detail.startswith("submission ")
    assert " in all" in finding.detail


def test_a_run_whose_audit_does_not_hold_is_not_published(tmp_path, monkeypatch):
    place = open_place(copy_small_place(tmp_path / "small"))
    monkeypatch.setitem(AUDITS, "never", "select 'this cannot be'")
    with pytest.raises(AuditError, match="never: this cannot be"):
        pipeline.run(place, lambda _: None)
    assert current_run(place) is None
    assert not [path for path in place.runs.iterdir() if Path(path).is_dir()]
