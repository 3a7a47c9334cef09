"""DE-SynPUF samples 1 to 4: the claims in `activity` add up to the yearly amounts that CMS states, and what is odd is accounted for.

Source: CMS 2008-2010 DE-SynPUF. What is expected is worked out here from the raw text by Python, apart from the package.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from accord import place
from accord.budgets.budget_file import read_budget
from accord.budgets.counting import count_figures
from accord.budgets.setting import set_budget

pytestmark = pytest.mark.xdist_group("desynpuf")
CLAIMS = "Inpatient_Claims"
SHARES = ("NCH_PRMRY_PYR_CLM_PD_AMT", "NCH_BENE_IP_DDCTBL_AMT", "NCH_BENE_PTA_COINSRNC_LBLTY_AM", "NCH_BENE_BLOOD_DDCTBL_LBLTY_AM")
Key = tuple[str, int]


class Claim(NamedTuple):
    """One claim as its text states it. net: payment and per-diem x days used."""

    person: str
    provider: str
    payment: Decimal
    net: Decimal
    shares: Decimal
    first_day: str
    last_day: str
    admitted: str
    discharged: str


@pytest.fixture(scope="module")
def raw(outside_data: Path, read_records: Callable) -> dict[Key, dict]:
    files = sorted((outside_data / "desynpuf").glob("DE1_0_*.csv.gz"))
    if len(files) != 16:
        pytest.skip("the sixteen files of DE-SynPUF samples 1 to 4 are not here")
    return {(f.name, n): record for f in files for n, record in read_records(f)}


@pytest.fixture(scope="module")
def claims(raw: dict[Key, dict]) -> dict[Key, Claim]:
    return {key: _claim(r) for key, r in raw.items() if CLAIMS in key[0]}


def _claim(r: dict) -> Claim:
    per_diem = Decimal(r["CLM_PASS_THRU_PER_DIEM_AMT"] or 0) * int(r["CLM_UTLZTN_DAY_CNT"] or 0)
    shares = sum((Decimal(r[c] or 0) for c in SHARES), Decimal(0))
    payment = Decimal(r["CLM_PMT_AMT"])
    return Claim(
        r["DESYNPUF_ID"], r["PRVDR_NUM"], payment, payment + per_diem, shares,
        r["CLM_FROM_DT"], r["CLM_THRU_DT"], r["CLM_ADMSN_DT"], r["NCH_BENE_DSCHRG_DT"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(outside_data: Path, raw: dict, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> object:
    files = [outside_data / "desynpuf" / name for name in sorted({name for name, _ in raw})]
    return publish("desynpuf", files, tmp_path_factory.mktemp("desynpuf"))


@pytest.fixture(scope="module")
def activity(run, sent: Callable) -> dict[Key, tuple]:
    """Each act of care by the record it came from: person, last day, net amount, gross amount."""
    names = sent(run)
    rows = run.activity.project("submission_id, record_number, person_id, end_date, net_amount, gross_amount, cost").fetchall()
    return {(names[submission], number): tuple(rest) for submission, number, *rest in rows}


@pytest.fixture(scope="module")
def summary(run, sent: Callable) -> dict[Key, tuple[int, date, Decimal]]:
    """Each beneficiary summary by the record it came from: the person, the year's first day and the amount as published."""
    names = sent(run)
    rows = run.sql(
        """select f.submission_id, f.record_number, o.person_id, o.observation_date, o.value_number
        from observation o join record_fate f on o.observation_id = f.record_id and f.fate = 'accepted'
        where o.code_system = 'desynpuf' and o.code = 'MEDREIMB_IP'"""
    ).fetchall()
    return {(names[submission], number): (person, day, amount) for submission, number, person, day, amount in rows}


def test_every_person_year_ties_to_the_beneficiary_summary_to_the_cent(raw, summary, activity) -> None:
    paid: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for person, last_day, net, *_ in activity.values():
        paid[person, last_day.year] += net
    stated = {}
    for key, (person, first_day, _) in summary.items():
        stated[person, first_day.year] = Decimal(raw[key]["MEDREIMB_IP"])
    assert len(summary) == len(stated) == 118_226
    assert {y: a for y, a in stated.items() if paid.get(y, Decimal(0)) != a} == {}
    assert set(paid) <= set(stated)


def test_the_year_of_a_summary_is_that_of_its_file(summary) -> None:
    assert all(first_day == date(int(name[6:10]), 1, 1) for (name, _), (_, first_day, _) in summary.items())


def test_one_person_stands_behind_each_beneficiary_in_all_files(raw, summary, activity, run) -> None:
    pairs = {(raw[key]["DESYNPUF_ID"], row[0]) for table in (summary, activity) for key, row in table.items()}
    assert len(pairs) == len({raw_id for raw_id, _ in pairs}) == len({person for _, person in pairs}) == 40_000
    assert run.person.aggregate("count(*)").fetchall() == [(40_000,)]


def test_what_activity_holds_is_what_each_claim_says(claims, activity) -> None:
    dated = {key: c for key, c in claims.items() if c.last_day}
    assert len(claims) == 22_950
    assert set(activity) == set(dated)
    wrong = [key for key, c in dated.items() if activity[key][2:] != (c.net, c.net + c.shares, c.net + c.shares)]
    assert wrong == []


def test_undated_claims_are_refused_with_their_reason(claims, run, sent: Callable) -> None:
    names = sent(run)
    undated = {key for key, c in claims.items() if not c.last_day}
    refused = {(names[s], n): (rule, column) for s, n, rule, column in run.sql(
        "select submission_id, record_number, rule, column_name from quarantine").fetchall()}  # fmt: skip
    assert len(undated) == 21
    assert set(refused) == undated
    assert set(refused.values()) == {("missing_required", "CLM_FROM_DT")}
    found = run.sql("select column_name, count(*) from issue where severity = 'refuse' group by column_name order by column_name").fetchall()
    assert found == [("CLM_FROM_DT", 21), ("CLM_THRU_DT", 21)]


def test_undated_claims_are_a_line_of_the_bridge(claims, run, sent: Callable) -> None:
    names = sent(run)
    refused: dict[str, Decimal] = defaultdict(Decimal)
    for (name, _), c in claims.items():
        refused[name] += Decimal(0) if c.last_day else -c.net
    lines = run.sql(
        "select submission_id, amount from reconciliation where total = 'activity' and measure = 'net_amount' and line = 'refused'"
    ).fetchall()
    assert {names[s]: amount for s, amount in lines if CLAIMS in names[s]} == refused


def _flagged(run, names: dict[int, str], rule: str) -> set[Key]:
    rows = run.sql("select distinct submission_id, record_number from issue where rule = $rule and severity = 'flag'", {"rule": rule}).fetchall()
    return {(names[submission], number) for submission, number in rows}


def test_payments_below_zero_are_kept_and_flagged(claims, activity, run, sent: Callable) -> None:
    below = {key for key, c in claims.items() if c.payment < 0}
    assert len(below) == 22  # of which one is lifted above zero by its per-diem
    assert len({key for key in below if claims[key].net < 0}) == 21
    assert _flagged(run, sent(run), "negative_amount") == below
    assert below <= set(activity)


def stays(claims: dict[Key, Claim]) -> Iterator[list[tuple[Key, Claim]]]:
    """The dated claims of one person at one provider."""
    found: dict[tuple[str, str], list[tuple[Key, Claim]]] = defaultdict(list)
    for key, c in claims.items():
        if c.last_day:
            found[c.person, c.provider].append((key, c))
    yield from found.values()


def overlapping(claims: dict[Key, Claim]) -> Iterator[Key]:
    """Stays that begin before any earlier stay of the same person at the same provider has ended, by admission and discharge."""
    for each in stays(claims):
        latest = ""
        for key, c in sorted(each, key=lambda pair: (pair[1].admitted, pair[1].discharged, pair[0])):
            if c.admitted < latest:
                yield key
            latest = max(latest, c.discharged)


def overlapping_the_one_before(claims: dict[Key, Claim]) -> Iterator[Key]:
    """Claims that begin before the one just before them has ended, by the days of the claim."""
    for each in stays(claims):
        in_order = sorted(each, key=lambda pair: (pair[1].first_day, pair[1].last_day, pair[0]))
        yield from (key for (_, before), (key, c) in pairwise(in_order) if c.first_day < before.last_day)


def _stay(c: Claim) -> tuple[str, str, str, str]:
    return c.person, c.provider, c.admitted, c.discharged


def test_overlapping_stays_are_kept_and_flagged(claims, activity, run, sent: Callable) -> None:
    flagged = _flagged(run, sent(run), "overlapping_stay")
    expected = Counter(_stay(claims[key]) for key in overlapping(claims))
    assert expected.total() == 185
    assert Counter(_stay(claims[key]) for key in flagged) == expected  # of two stays on the same days, either may count as the earlier
    assert flagged <= set(activity)
    neighbours = Counter(_stay(claims[key]) for key in overlapping_the_one_before(claims))
    assert neighbours.total() == 180  # the count that is usually given for these four samples
    assert {each[:2] for each in neighbours} <= {each[:2] for each in expected}


def test_every_record_has_one_fate_and_none_is_lost(raw, run, sent: Callable) -> None:
    names = sent(run)
    fates = [(names[s], n) for s, n in run.record_fate.project("submission_id, record_number").fetchall()]
    assert len(fates) == len(set(fates)) == len(raw)
    assert set(fates) == set(raw)


def test_registration_months_are_the_months_of_hospital_insurance(raw, run) -> None:
    months = sum(int(r["BENE_HI_CVRAGE_TOT_MONS"]) for (name, _), r in raw.items() if CLAIMS not in name)
    spans = run.sql(
        "select cast(sum(date_diff('month', start_date, end_date)) as bigint) from registration where population = 'registered'"
    ).fetchall()
    assert spans == [(months,)]


@pytest.fixture(scope="module")
def spells(claims, run, sent: Callable) -> dict[Key, tuple[int, int]]:
    """The spell and the continuous stay of each dated claim."""
    names = sent(run)
    rows = run.sql(
        """select a.submission_id, a.record_number, s.spell_id, s.continuous_stay_id
        from stay_activity t join activity a on t.activity_id = a.activity_id join spell s on t.spell_id = s.spell_id"""
    ).fetchall()
    return {(names[submission], number): (spell, stay) for submission, number, spell, stay in rows}


def joined(claims: dict[Key, Claim], spells: dict[Key, tuple[int, int]]) -> Iterator[list[Key]]:
    """Claims that make one continuous stay: each against the one that ended last, whose days it shares or whose last day, elsewhere, it begins on."""
    people: dict[str, list[Key]] = defaultdict(list)
    for key in spells:
        people[claims[key].person].append(key)
    for each in people.values():
        stay: list[Key] = []
        last = None
        for key in sorted(each, key=lambda k: (claims[k].admitted, claims[k].discharged, spells[k][0])):
            c = claims[key]
            if last and (c.admitted < last.discharged or (c.admitted == last.discharged and c.provider != last.provider)):
                stay.append(key)
            else:
                if stay:
                    yield stay
                stay = [key]
            if last is None or c.discharged >= last.discharged:
                last = c
        yield stay


def test_overlapping_spells_keep_every_cent_once(claims, spells, run) -> None:
    dated = [c for c in claims.values() if c.last_day]
    assert len(dated) == len(spells) == len({spell for spell, _ in spells.values()})
    found = run.sql("select count(*), sum(net_amount), sum(case when is_overlapping then 1 else 0 end) from spell").fetchall()
    assert found == [(22_929, sum(c.net for c in dated), 185)]
    assert run.sql("select sum(net_amount), sum(n_spell) from continuous_stay").fetchall() == [(sum(c.net for c in dated), 22_929)]


def test_continuous_stays_are_those_worked_out_claim_by_claim(claims, spells) -> None:
    expected = {frozenset(stay) for stay in joined(claims, spells)}
    found: dict[int, set[Key]] = defaultdict(set)
    for key, (_, stay) in spells.items():
        found[stay].add(key)
    assert {frozenset(stay) for stay in found.values()} == expected
    assert len(expected) == 22_250


def test_what_no_claim_says_is_not_taken_for_no_readmission(claims, spells, run) -> None:
    """These files do not say how an admission came about: whoever came back within 30 days is in neither count."""
    stays: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for stay in joined(claims, spells):
        days = [(claims[k].admitted, claims[k].discharged) for k in stay]
        stays[claims[stay[0]].person].append((_day(min(d[0] for d in days)), _day(max(d[1] for d in days))))
    back = sum((b[0] - a[1]).days <= 30 for each in stays.values() for a, b in pairwise(sorted(each)))
    found = run.sql("select is_readmitted, is_in_denominator, count(*) from readmission where next_stay_id is not null group by all").fetchall()
    assert found == [(None, False, back)]
    assert run.sql("select count(*) from readmission_exclusion where rule = 'admission_unknown'").fetchall() == [(back,)]


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


BENCHMARK = """title   = "Benchmark of the beneficiaries"
source  = "their own two years before"
kind    = "benchmark"
period  = { from = 2010-01-01, to = 2011-01-01 }
holder  = "all"
figures = "beneficiaries.csv"
years   = [2008, 2009]
weights = [0.4, 0.6]
settled = 2010
truncated_at = 0.99

[[type]]
id       = "esrd"
observed = { system = "desynpuf", code = "BENE_ESRD_IND", text = "Y" }

[[type]]
id          = "disabled"
below_years = 65

[[type]]
id         = "aged"
from_years = 65
"""


def test_types_of_enrolment_are_counted_to_the_month_and_the_cent(run, raw) -> None:
    """Person-months by type are those of the summaries; what was paid, cut or for nobody enrolled is all that was paid in the years."""
    opened = place.open_place(run.folder.parent.parent)
    (opened.root / "budgets").mkdir()
    file = opened.root / "budgets" / "benchmark.toml"
    file.write_text(BENCHMARK, encoding="utf-8")
    counted = count_figures(opened, place.open_run(opened, "current"), "benchmark", file, read_budget(file))
    rows = [*counted.rows, *counted.left_out]
    assert sum(n for _, _, n, *_ in rows) == sum(_months_covered_alive(raw))
    esrd = {(r["DESYNPUF_ID"], name.split("_")[2]) for (name, _), r in raw.items() if CLAIMS not in name and r["BENE_ESRD_IND"] == "Y"}
    assert esrd and 0 < sum(n for kind, _, n, *_ in rows if kind == "esrd") <= 12 * len(esrd)
    paid = run.sql("select sum(net_amount) from activity where is_in_force and start_date >= date '2008-01-01'").fetchall()[0][0]
    assert sum(spend + cut for _, _, _, spend, cut, _ in rows) == paid
    made = set_budget(opened, "benchmark")
    assert made.total > 0 and {service for _, service in made.bridges} == {"esrd", "disabled", "aged"}


def _months_covered_alive(raw: dict[Key, dict]) -> Iterator[int]:
    """Of each summary, the months of hospital insurance, which begin in January, up to the month of death, whichever year's summary states it."""
    summaries = [(int(name.split("_")[2]), r) for (name, _), r in raw.items() if CLAIMS not in name]
    deaths = {r["DESYNPUF_ID"]: (int(r["BENE_DEATH_DT"][:4]), int(r["BENE_DEATH_DT"][4:6])) for _, r in summaries if r["BENE_DEATH_DT"]}
    for year, r in summaries:
        died = deaths.get(r["DESYNPUF_ID"], (9999, 12))
        yield sum((year, month) <= died for month in range(1, int(r["BENE_HI_CVRAGE_TOT_MONS"]) + 1))
