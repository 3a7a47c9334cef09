"""What counts in the end is what a plain reading says, however the records are shuffled, split, merged, repeated and delayed."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spec_place import PageFile, PagePlace, wiring

MAP = """
[[identifier]]
column = "member"
system = "member_id"
scope = "any"

[activity]
setting = { constant = "inpatient" }
start_date = { date = "day", format = "YYYY-MM-DD" }
net_amount = { amount = "paid" }

[[diagnosis]]
columns = ["dx"]
system = "icd10cm"

[correction]
key = ["claim"]
version = [{ integer = "version" }]
cancels = { column = "kind", in = ["1"] }
"""
COLUMNS = ("claim", "member", "day", "paid", "dx", "version", "kind")
STEPS = ("checked_claims", "found_claims", "refusal", "repeat", "record_version", "contested", "entry", "unentered", "record_fate", "dropped")
START = datetime(2025, 6, 1)
IN_FORCE = "select start_date, net_amount, cost from activity where is_in_force order by all"


class Engine:
    """The steps of corrections, checked once and run over rows in memory."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        wired = wiring((("claims", MAP),), ("member_id",), frozenset({"claims"}))
        self.raw, self.steps = wired.plans[0].map.raw, [wired.steps[name] for name in STEPS]
        people = "create table sighting_person as select cast(null as varchar) as sighting_key, cast(null as bigint) as person_id where false"
        self.connection.execute(people)
        self.steps += [wired.steps["activity"], wired.steps["diagnosis"]]

    def run(self, files: list[PageFile]) -> None:
        rows = PagePlace({"claims": MAP}, ("member_id",), files, {})._raw(wiring((("claims", MAP),), ("member_id",), frozenset({"claims"})).plans[0])
        columns = ", ".join(f'"{c.name}" {c.type}' for c in self.raw)
        self.connection.execute(f"create or replace table {self.raw.name} ({columns})")
        if rows.rows:
            self.connection.executemany(f"insert into {self.raw.name} values ({', '.join('?' for _ in self.raw)})", [list(r) for r in rows.rows])
        for step in self.steps:
            self.connection.execute(f'create or replace table "{step.output.name}" as {step.runnable({})}')

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return self.connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def file(number: int, records: list[tuple[str, ...]], day: int) -> PageFile:
    return PageFile(f"{number}.csv", "claims", "PARTNER", START + timedelta(days=day), {}, COLUMNS, tuple(records), "by_key")


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, ...]]:
    """Records of a few claims: of each claim versions that differ, some of them cancellations, some with a day that cannot be read."""
    records = []
    for claim in range(draw(st.integers(1, 4))):
        for version in draw(st.lists(st.integers(1, 30), min_size=1, max_size=4, unique=True)):
            paid, kind = draw(st.sampled_from(["10.00", "20.00", "-5.25"])), draw(st.sampled_from("0012"))
            day = draw(st.sampled_from(["2025-05-01"] * 6 + ["2025-02-30"]))
            records.append((f"C{claim}", f"M{claim}", day, paid, draw(st.sampled_from(["J10", "E11", ""])), str(version), kind))
    return records


@st.composite
def delivered(draw: st.DrawFn, records: list[tuple[str, ...]]) -> list[PageFile]:
    """The records in some files: shuffled, split, some repeated, on some days."""
    again = draw(st.lists(st.sampled_from(records), max_size=3))
    order = draw(st.permutations(records + again))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=3)))
    parts = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True) if a < b]
    days = draw(st.lists(st.integers(0, 90), min_size=len(parts), max_size=len(parts)))
    return [file(n, part, day) for n, (part, day) in enumerate(zip(parts, days, strict=True), 1)]


def counted(records: list[tuple[str, ...]]) -> list[tuple[str, str]]:
    """What counts, worked out plainly: of each claim the highest version that can be read, unless that cancels."""
    newest: dict[str, tuple[str, ...]] = {}
    for record in records:
        if record[2] != "2025-02-30" and int(record[5]) > int(newest.get(record[0], ("",) * 5 + ("0",))[5]):
            newest[record[0]] = record
    return sorted((r[2], r[3]) for r in newest.values() if r[6] != "1")


@settings(max_examples=1000)
@given(data=st.data())
def test_the_final_state_does_not_hang_on_how_it_came(engine: Engine, data: st.DataObject) -> None:
    records = data.draw(histories())
    engine.run(data.draw(delivered(records)))
    found = [(str(day), f"{net:.2f}") for day, net, _ in engine.rows(IN_FORCE)]
    assert sorted(found) == counted(records)
    sums = engine.rows("""select coalesce(sum(net_amount), 0), coalesce(sum(case when is_in_force then net_amount end), 0),
      coalesce(sum(quantity), 0) from activity""")[0]
    assert sums[0] == sums[1], "the corrections do not add up to what counts"
    lost = "select count(*) from raw_claims r anti join record_fate f on r._submission_id = f.submission_id and r._record_number = f.record_number"
    assert engine.rows(lost) == [(0,)]
    assert engine.rows("select count(*) - count(distinct activity_id) from activity") == [(0,)]
    alive = "select count(*) from diagnosis d anti join activity a on d.activity_id = a.activity_id and a.is_in_force"
    assert engine.rows(alive) == [(0,)], "a code of an act that does not count"


@settings(max_examples=60)
@given(data=st.data())
def test_a_file_withdrawn_is_as_if_it_had_never_come(engine: Engine, data: st.DataObject) -> None:
    records = data.draw(histories())
    files = data.draw(delivered(records))
    gone = data.draw(st.integers(0, len(files) - 1))
    withdrawn = [f if n != gone else PageFile(*[getattr(f, name) for name in f.__dataclass_fields__][:-1], START + timedelta(days=100))
                 for n, f in enumerate(files)]  # fmt: skip
    engine.run(withdrawn)
    with_it = engine.rows(IN_FORCE)
    kept = [f for n, f in enumerate(files) if n != gone]
    engine.run(kept or [file(1, [], 0)])
    assert with_it == engine.rows(IN_FORCE)
