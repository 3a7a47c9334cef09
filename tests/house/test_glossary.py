"""The words of the field that the code uses, each explained once, with its name in the NHS and in the United States."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

WORDS = (
    "person", "registration", "person_month", "activity", "provider", "payer", "party", "attribution", "condition", "risk_score",
    "price", "cost", "budget", "clause", "settlement", "journal", "posting", "balance", "measure", "numerator", "denominator",
    "episode", "funnel", "cohort", "comparator", "effect", "attrition", "run", "submission", "issue",
)  # fmt: skip
ROW = re.compile(r"^\| `(?P<word>\w+)` \|(?P<meaning>[^|]+)\|(?P<nhs>[^|]+)\|(?P<us>[^|]+)\|$", re.MULTILINE)


@pytest.fixture(scope="module")
def rows(root: Path) -> dict[str, re.Match[str]]:
    return {row["word"]: row for row in ROW.finditer((root / "GLOSSARY.md").read_text(encoding="utf-8"))}


@pytest.mark.parametrize("word", WORDS)
def test_every_field_word_is_explained(word: str, rows: dict[str, re.Match[str]]) -> None:
    assert word in rows, f"GLOSSARY.md has no row | `{word}` | meaning | NHS | US |"
    assert all(rows[word][part].strip() for part in ("meaning", "nhs", "us")), f"a cell of {word} is empty"


def test_every_row_of_the_table_is_read(root: Path, rows: dict[str, re.Match[str]]) -> None:
    lines = [line for line in (root / "GLOSSARY.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert len(lines) == len(rows)
