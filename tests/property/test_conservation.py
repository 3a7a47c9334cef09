"""Nothing is lost, whatever stands in the files; and the order, cut and repetition of files changes nothing that is published."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from spec_dirt import CARE_COLUMNS, added, amount_of, deliveries, files_of, is_day, make, page_file, rounded

from accord.audits import audit
from accord.engine import content_hash
from accord.tables import PUBLISHED

BY_FILE = {"submission", "reconciliation"}
"""Tables whose rows are about single files: they change where the same records come in other files."""
BY_RECORD = BY_FILE | {"record_fate", "issue"}
"""Tables that count every copy of a record: they change where a record is sent again."""


def expected_fates(files):
    """(fate, exact net amount, exact cost) of every record by submission and number, worked out plainly from the text."""
    found, seen = {}, set()
    for submission, file in enumerate(files, 1):
        for number, record in enumerate(file.records, 1):
            said = dict(zip(file.columns, record, strict=True))
            key = (file.map_id, file.partner_id, tuple(sorted((k, v) for k, v in said.items())))
            is_care = file.map_id == "care" and said["kind"] == "care"
            refused = not is_day(said["seen"]) if is_care else file.map_id == "lists" and not is_day(said["joined"])
            fate = "exact_duplicate" if key in seen else "quarantined" if refused else "accepted"
            seen.add(key)
            net = (amount_of(said["paid"]), amount_of(said["extra"])) if is_care else ()
            found[submission, number] = (fate, added(*net), amount_of(said["cost"]) if is_care else None)
    return found


def total(amounts):
    return sum((a for a in amounts if a is not None), Decimal(0))


@settings(max_examples=20)
@given(deliveries)
def test_every_record_has_the_fate_and_the_amount_that_its_text_says(delivery):
    files = files_of(delivery)
    made, expected = make(files), expected_fates(files)
    fates = {(f["submission_id"], f["record_number"]): (f["fate"], f["net_amount"], f["cost"]) for f in made.dicts("record_fate")}
    assert fates == {key: (fate, rounded(net), rounded(cost)) for key, (fate, net, cost) in expected.items()}
    assert len(made.dicts("record_fate")) == len(expected)
    for row in made.dicts("file_amount"):
        mine = [e for (submission, _), e in expected.items() if submission == row["submission_id"]]
        assert (row["n_record"], row["net_amount"], row["cost"]) == (len(mine), total(e[1] for e in mine), total(e[2] for e in mine))
    accepted = [e for e in expected.values() if e[0] == "accepted"]
    assert total(a["net_amount"] for a in made.dicts("activity")) == total(rounded(e[1]) for e in accepted)
    assert total(a["cost"] for a in made.dicts("activity")) == total(rounded(e[2]) for e in accepted)
    quarantined = Counter(key for key, e in expected.items() if e[0] == "quarantined")
    assert Counter((q["submission_id"], q["record_number"]) for q in made.dicts("quarantine")) == quarantined


@settings(max_examples=12)
@given(deliveries)
def test_bridges_add_up_and_every_audit_holds(delivery):
    made = make(files_of(delivery))
    bridges = defaultdict(list)
    for line in made.dicts("reconciliation"):
        bridges[line["submission_id"], line["total"], line["measure"]].append(line)
    for lines in bridges.values():
        *before, last = sorted(lines, key=lambda line: line["line_number"])
        assert (sum(b["n_record"] for b in before), total(b["amount"] for b in before)) == (last["n_record"], last["amount"])
    may_fail = {f"{name} keeps its contract" for name, table in PUBLISHED.items() if not table.may_be_empty and not made.dicts(name)}
    assert [f for f in audit(made) if not f.held and f.name not in may_fail] == []


OVER_PRECISE = """
[[identifier]]
column = "nhs"
system = "nhs_number"
scope  = "any"

[activity]
setting             = { constant = "social_care" }
start_date          = { date = "seen", format = "YYYY-MM-DD" }
gross_amount        = { amount = "gross" }
client_amount       = { amount = "client" }
other_funder_amount = { amount = "other" }
"""
parts = st.sampled_from(["0.004", "0.005", "1.005", "1.0049", "-1.005", None])


@settings(max_examples=6)
@given(st.lists(st.tuples(parts, parts, parts), min_size=1, max_size=6))
def test_rounding_three_parts_of_an_amount_is_no_loss(amounts):
    """A net amount worked out of three over-precise ones is up to a penny and a half from what is written."""
    columns = ("nhs", "seen", "gross", "client", "other")
    records = [("9434765919", f"2025-05-{n:02}", *each) for n, each in enumerate(amounts, 1)]
    made = make([page_file("shares.csv", "shares", "LA", records, columns)], maps={"shares": OVER_PRECISE})
    assert [f for f in audit(made) if not f.held] == []


def hashes(files, leaving=frozenset()):
    made = make(files)
    return {name: content_hash(made, table) for name, table in PUBLISHED.items() if name not in leaving}


@settings(max_examples=6)
@given(deliveries, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_changes_nothing(delivery, chance):
    mixed = []
    for file in files_of(delivery):
        columns = chance.sample(file.columns, len(file.columns))
        records = [tuple(dict(zip(file.columns, r, strict=True))[c] for c in columns) for r in file.records]
        chance.shuffle(records)
        mixed.append(replace(file, columns=tuple(columns), records=tuple(records)))
    assert hashes(mixed) == hashes(files_of(delivery))


@settings(max_examples=6)
@given(deliveries, st.integers(0, 12))
def test_the_cut_and_order_of_files_changes_nothing_but_what_is_told_of_files(delivery, at):
    hospital, registered, other = files_of(delivery)
    first, second = replace(hospital, records=hospital.records[:at]), replace(hospital, records=hospital.records[at:])
    assert hashes([second, other, registered, first], BY_FILE) == hashes([hospital, registered, other], BY_FILE)


@settings(max_examples=6)
@given(deliveries)
def test_a_file_sent_again_in_another_order_adds_nothing_to_care(delivery):
    files = files_of(delivery)
    again = [page_file("again.csv", "care", "RMX", reversed(delivery[0]), CARE_COLUMNS)]
    assert hashes(files + again, BY_RECORD) == hashes(files, BY_RECORD)
    assert {f["fate"] for f in make(files + again, ["record_fate"]).dicts("record_fate") if f["submission_id"] == 4} <= {"exact_duplicate"}
