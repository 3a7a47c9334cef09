"""Who is one person: as a plain reading of the rule says, whatever the order of the records."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from spec_dirt import CARE_COLUMNS, TRUST, make, page_file

from accord import pipeline
from accord.engine import Session, content_hash
from accord.intake.catalogue import read_maps
from accord.intake.land import Landed, land
from accord.intake.plan import Plan
from accord.intake.receive import Delivery
from accord.place import Receipt, open_place
from accord.simulate import copy_small_place
from accord.tables import PUBLISHED

NUMBERS = {"9434765919": "9434765919", "943-476-5919": "9434765919", "9876543210": "9876543210", "9999999999": None, "1234567890": None}
sightings = st.lists(
    st.tuples(
        st.sampled_from([None, *NUMBERS]), st.sampled_from([None, "1", "2", "3"]), st.sampled_from([None, "T1", "T2", "T3"]),
        st.sampled_from(["RMX", "RQQ"]),
    ), max_size=12,
)  # fmt: skip


def files_of(seen):
    """One file a partner: each record a sighting, told apart by its day."""
    records = defaultdict(list)
    for n, (nhs, local, token, partner) in enumerate(seen):
        said = {"nhs": nhs, "local": local, "token": token, "kind": "care", "seen": f"2025-{n // 28 + 1:02}-{n % 28 + 1:02}", "site": str(n)}
        records[partner].append(tuple(said.get(c) for c in CARE_COLUMNS))
    return [page_file(f"{partner}.csv", "care", partner, rows, CARE_COLUMNS) for partner, rows in sorted(records.items())]


def people(seen):
    """The identifier that stands for the person of each sighting, by the rule in plain words; None for nobody."""
    ids = [
        (NUMBERS.get(nhs) and f"nhs_number|any|{NUMBERS[nhs]}", local and f"local_id|{partner}|{local}", token and f"token|any|{token}")
        for nhs, local, token, partner in seen
    ]
    found = [first for first, _, _ in ids]
    for level in (1, 2):
        beside = defaultdict(set)
        for each, person in zip(ids, found, strict=True):
            if each[level] and person:
                beside[each[level]].add(person)
        for n, each in enumerate(ids):
            if found[n] is None and each[level]:
                leads_to = beside[each[level]]
                found[n] = next(iter(leads_to)) if len(leads_to) == 1 else each[level]
    return found


@settings(max_examples=20)
@given(sightings)
def test_people_are_those_of_the_rule(seen):
    made = make(files_of(seen), ["activity", "identifier_hash", "person_link", "person"])
    number = {row["identifier"]: row["identifier_hash"] for row in made.dicts("identifier_hash")}
    expected = people(seen)
    assert {int(a["provider_id"]): a["person_id"] for a in made.dicts("activity")} == {n: key and number[key] for n, key in enumerate(expected)}
    assert {p["person_id"] for p in made.dicts("person")} == {number[key] for key in expected if key}
    for link in made.dicts("person_link"):
        assert (link["basis"] == "joined") == (link["person_id"] != link["identifier_hash"])


@settings(max_examples=6)
@given(sightings, st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(seen, chance):
    files = files_of(seen)
    mixed = [page_file(f.name, f.map_id, f.partner_id, chance.sample(f.records, len(f.records)), f.columns) for f in files]
    tables = ["person", "person_link", "activity"]
    one, other = make(files, tables), make(mixed, tables)
    assert [content_hash(one, PUBLISHED[t]) for t in tables] == [content_hash(other, PUBLISHED[t]) for t in tables]


def test_the_order_and_cut_of_delivered_files_does_not_matter(tmp_path):
    """The same through files on disk, the framer and the landing, for the small place that Accord carries."""
    place = open_place(copy_small_place(tmp_path / "small"))
    maps = read_maps(place)
    sources = {s.id: s for s in place.settings.source if s.id in ("registrations", "admitted", "emergency", "social_care")}
    plans = [Plan(maps[source.map], place.settings.identity.trust) for source in sources.values()]
    (tmp_path / "tried").mkdir()
    whole = [
        (s, path)
        for s in sources.values()
        for path in sorted((place.root / "sources").glob(s.glob))
        if isinstance(land(path, maps[s.map].form, tmp_path / "tried", tmp_path), Landed)  # one of its files cannot be framed
    ]

    def hashes(name, files):
        folder = tmp_path / name
        for part in ("landed", "scratch"):
            (folder / part).mkdir(parents=True)
        deliveries = [_delivery(n, source, path, maps[source.map].form, folder) for n, (source, path) in enumerate(files, 1)]
        with Session(folder=folder / "tables", scratch=folder / "spill", readable=[folder / "landed"]) as session:
            pipeline.build(pipeline.Work(session, place.settings, plans, deliveries, bytes(32), date(2026, 6, 1)), lambda _: None)
            told_of_files = {"submission", "reconciliation", "record_fate", "issue"}
            return {t: content_hash(session, table) for t, table in PUBLISHED.items() if t not in told_of_files}

    assert hashes("mixed", list(_mixed(whole, tmp_path))) == hashes("whole", whole)


def _mixed(files, folder):
    """The CSV files with rows and columns turned round, cut in two with some rows in both, and the files in another order."""
    for number, (source, path) in enumerate(reversed(files)):
        if path.suffix != ".csv":
            yield source, path
            continue
        with path.open(encoding="utf-8-sig", newline="") as file:
            headings, *rows = csv.reader(file)
        for half, part in enumerate((rows[len(rows) // 3 :], rows[: len(rows) // 2])):
            target = folder / f"part_{number}_{half}.csv"
            with target.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(row[::-1] for row in [headings, *part[::-1]])
            yield source, target


def _delivery(number, source, path, form, folder):
    landed = land(path, form, folder / "landed", folder / "scratch")
    receipt = Receipt(
        submission_id=number, sha256=landed.sha256, n_byte=landed.n_byte, source_id=source.id, partner_id=source.partner, map_id=source.map,
        file_name=path.name, received_at=datetime(2026, 6, 1, tzinfo=UTC), status="landed", n_record=landed.n_record,
        n_blank_line=landed.n_blank_line, columns=landed.columns,
    )  # fmt: skip
    return Delivery(receipt, landed.path)


def test_the_order_of_trust_is_that_of_the_place():
    assert TRUST == ("nhs_number", "local_id", "token")
