"""Small places with random, dirty records, made in memory by the steps that a run runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import strategies as st
from spec_place import PageFile, PagePlace

from accord.engine import duck
from accord.tables import PUBLISHED

TRUST = ("nhs_number", "local_id", "token")
CARE_COLUMNS = ("nhs", "local", "token", "born", "sex", "kind", "seen", "left", "site", "paid", "extra", "client", "cost", "codes")
LIST_COLUMNS = ("nhs", "local", "practice", "area", "joined", "gone", "died")
IDENTIFIERS = """
[[identifier]]
column = "nhs"
system = "nhs_number"
scope  = "any"

[[identifier]]
column = "local"
system = "local_id"
scope  = "partner"
"""
MAPS = {
    "care": IDENTIFIERS
    + """
[[identifier]]
column = "token"
system = "token"
scope  = "any"

[person]
birth_date = { date = "born", format = "YYYY-MM-DD" }
sex        = { lookup = "sex", values = { "1" = "male", "2" = "female" } }

[activity]
setting        = { constant = "inpatient" }
start_date     = { date = "seen", format = "YYYY-MM-DD" }
admission_date = { date = "seen", format = "YYYY-MM-DD" }
discharge_date = { date = "left", format = "YYYY-MM-DD" }
provider       = { text = "site" }
net_amount     = { amount = ["paid", "extra"] }
client_amount  = { amount = "client" }
cost           = { amount = "cost" }
when           = { column = "kind", in = ["care"] }

[[diagnosis]]
columns = ["codes"]
system  = "icd10"
split   = ";"
most    = 2
""",
    "lists": IDENTIFIERS
    + """
[person]
death_date = { date = "died", format = "YYYY-MM-DD" }

[[registration]]
population   = "registered"
organisation = { text = "practice" }
start_date   = { date = "joined", format = "YYYY-MM-DD" }
end_date     = { date = "gone", format = "YYYY-MM-DD" }

[[registration]]
population   = "resident"
organisation = { text = "area" }
start_date   = { date = "joined", format = "YYYY-MM-DD" }
when         = { column = "area", not_in = [""] }
""",
}

amounts = st.one_of(
    st.sampled_from([None, None, "ten", "£4", "1,5", "1e3", "-", "99999999999999", "0.005", "-0.005", "+7", ".5", "3.", "1.2.3", " 12.30 "]),
    st.decimals(Decimal("-1e6"), Decimal("1e6"), places=2).map("{:f}".format),
    st.decimals(Decimal("-9"), Decimal("9"), places=6).map("{:f}".format),
)
days = st.sampled_from([None, "2025-04-01", "2025-05-01", "2025-05-31", "2025-06-15", "2026-05-01", "2025-02-30", "soon", "12025-4-01"])
good_days = st.sampled_from(["2025-04-01", "2025-05-01", "2025-05-31", "2025-06-15", "2025-06-16", "2024-01-01"])
nhs = st.sampled_from([None, None, "9434765919", "943 476 5919", "9876543210", "1234567890", "4444444444"])
local, tokens = st.sampled_from([None, "1", "2", "3"]), st.sampled_from([None, None, "T1", "T2"])
care = st.tuples(
    nhs, local, tokens, st.sampled_from([None, "1950-05-01", "2000-02-29", "1950-13-01"]), st.sampled_from([None, "1", "2", "9"]),
    st.sampled_from(["care", "care", "care", "note", None]), st.one_of(days, good_days), st.one_of(days, good_days),
    st.sampled_from([None, "RMX", "RQQ"]), amounts, amounts, amounts, amounts, st.sampled_from([None, "I21.9", "I10;E119", "x;;y;z"]),
)  # fmt: skip
lists = st.tuples(nhs, local, st.sampled_from([None, "A81001", "B82002"]), st.sampled_from([None, "E01"]), days, days, days)
deliveries = st.tuples(st.lists(care, max_size=12), st.lists(lists, max_size=6), st.lists(care, max_size=4))


@dataclass(frozen=True)
class Made:
    """The tables of one place in one engine, read as a session's are."""

    connection: object
    contracts: dict

    def rows(self, sql, values=None):
        return self.connection.execute(sql, dict(values or {})).fetchall()

    def dicts(self, name):
        names = self.contracts[name].names
        return [dict(zip(names, row, strict=True)) for row in self.rows(f"select * from {duck.name(name)}")]


class _OnOneConnection:
    """Runs the steps of one place in one database, each table written once."""

    def __init__(self):
        self.connection = duck.connection({"threads": "1"})
        self.known = {}

    def __call__(self, step, given, values):
        for name, rows in given.items():
            if name not in self.known:
                self._load(name, rows)
        text = f"create table {duck.name(step.output.name)} as {step.runnable(values)}"
        self.connection.execute(text).fetchall()
        self.known[step.output.name] = step.output
        return self.connection.execute(f"select * from {duck.name(step.output.name)}").fetchall()

    def _load(self, name, rows):
        self.known[name] = rows.table
        columns = ", ".join(f"{duck.name(c.name)} {c.type}" for c in rows.table)
        self.connection.execute(f"create table {duck.name(name)} ({columns})")
        places = ", ".join("?" for _ in rows.table)
        if rows.rows:
            self.connection.executemany(f"insert into {duck.name(name)} values ({places})", [list(r) for r in rows.rows])


def page_file(name, map_id, partner, records, columns):
    return PageFile(name, map_id, partner, datetime.fromisoformat("2025-07-01"), {}, columns, tuple(records))


def files_of(delivery):
    hospital, registered, other = delivery
    return [
        page_file("care.csv", "care", "RMX", hospital, CARE_COLUMNS),
        page_file("lists.csv", "lists", "GP", registered, LIST_COLUMNS),
        page_file("other.csv", "care", "RQQ", other, CARE_COLUMNS),
    ]


def make(files, names=(*PUBLISHED, "file_amount"), maps=MAPS):
    run = _OnOneConnection()
    PagePlace(maps, TRUST, files, {}).make(list(names), run)
    return Made(run.connection, run.known)


PLAIN = re.compile(r"[+-]?(\d{1,13}(\.\d*)?|\.\d+)")


def amount_of(text):
    """What an amount reads as, exactly; None where it cannot be read. Plainly, and apart from the readers."""
    text = (text or "").strip(" ")
    return Decimal(text) if PLAIN.fullmatch(text) else None


def added(*amounts):
    known = [a for a in amounts if a is not None]
    return sum(known, Decimal(0)) if known else None


def rounded(amount):
    return None if amount is None else amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def is_day(text):
    try:
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text or "")) and bool(date.fromisoformat(text))
    except ValueError:
        return False
