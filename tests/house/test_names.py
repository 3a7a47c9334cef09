"""Names: of modules, of tests, of tables and of their columns."""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from accord.tables import PUBLISHED
from accord.tables.contract import Table

EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "data", "misc", "df"}
SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
UNIT_IN_NAME = {
    "years": r".*_years",
    "minutes": r".*_minutes",
    "days": r".*_days",
    "decile": r".*_decile",
    "bytes": r"n_byte",
    "units": r"(.*_)?quantity",
    "per 1,000 person-months": r".*_per_1000",
    "currency per person-month": r".*_per_person_month",
}
"""How a column's name ends, or what it is, for each unit that a contract states."""

NAME_OF_TYPE = {
    "BOOLEAN": r"(is|has)_.*",
    "DATE": r".*_date",
    "TIMESTAMP": r".*_at",
}


def _tables() -> list[Table]:
    """Every table contract, published or working, that a module under accord.tables states."""
    folder = Path(import_module("accord.tables").__file__ or "").parent
    found = [v for p in sorted(folder.glob("*.py")) for v in vars(import_module(f"accord.tables.{p.stem}")).values()]
    return list({t.name: t for t in found if isinstance(t, Table)}.values())


TABLES = _tables()


def is_singular(word: str) -> bool:
    """Whether an English word is not a plain plural: diagnosis, status and access are singular, stays is not."""
    return not word.endswith("s") or word.endswith(("ss", "us", "is"))


def test_is_singular_tells_diagnosis_from_stays() -> None:
    assert [is_singular(w) for w in ("diagnosis", "status", "access", "stays", "codes")] == [True, True, True, False, False]


def test_modules_are_named_for_their_subject(modules: list) -> None:
    found = [m.name for m in modules if EMPTY_NAMES & set(m.name.split("."))]
    assert not found, f"a name that could hold anything: {found}"


def test_test_files_have_names_of_their_own(root: Path) -> None:
    twice = [name for name, n in Counter(p.name for p in (root / "tests").rglob("test_*.py")).items() if n > 1]
    assert not twice, f"two test files of one name: {twice}"


def test_every_published_table_was_found() -> None:
    assert set(PUBLISHED) <= {t.name for t in TABLES}


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_tables_and_columns_are_in_snake_case_and_tables_singular(table: Table) -> None:
    wrong = [name for name in (table.name, *table.names) if not SNAKE.fullmatch(name)]
    assert not wrong
    assert all(is_singular(word) for word in table.name.split("_")), f"{table.name} is a plural"


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_columns_say_their_unit_and_kind(table: Table) -> None:
    kinds = [f"{c.name} is of type {c.type}" for c in table if not re.fullmatch(NAME_OF_TYPE.get(c.type, ".*"), c.name)]
    stated = [c for c in table if c.unit]
    units = [f"{c.name} has the unit '{c.unit}'" for c in stated if not re.fullmatch(UNIT_IN_NAME.get(c.unit, ""), c.name)]
    assert not kinds + units, f"{table.name}: {kinds + units}; a new unit goes into this test with the way its columns are named"


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_ids_are_keys_and_counts_begin_with_n(table: Table) -> None:
    amounts = [c.name for c in table if c.name.startswith("n_") and c.type not in ("BIGINT", "INTEGER")]
    assert not amounts, f"{table.name}: {amounts} are named as counts and are not whole numbers"
    ids = [c.name for c in table if c.name.endswith("_id") and c.type not in ("BIGINT", "INTEGER", "VARCHAR")]
    assert not ids, f"{table.name}: {ids} are named as ids"


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_contracts_are_whole(table: Table) -> None:
    assert table.meaning.endswith("."), "the meaning of a row is a sentence"
    assert all(c.meaning.endswith(".") for c in table), "the meaning of a column is a sentence"
    assert set(table.key) | set(table.order) <= set(table.names), "a key or order names a column that is not there"
    assert len(set(table.names)) == len(table.names)
    assert not [c.name for c in table if c.codes and c.type != "VARCHAR"], "a closed list belongs to text"
    assert not [c.name for c in table if "amount" in c.name and not c.type.startswith("DECIMAL")], "an amount is exact"
