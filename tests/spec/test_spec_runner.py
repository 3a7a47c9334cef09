"""That a page which does not hold, or cannot be read, fails, and says why in tables."""

from __future__ import annotations

import pytest
from spec_engines import ENGINES
from spec_pages import PageError, cases
from spec_run import PageDiffersError, run_case

from accord.engine import Step
from accord.errors import UserError
from accord.tables import ATTRITION
from accord.tables.contract import Table, bigint, money, text

PAGE = """# A page

Given `visit`:

| id BIGINT | words VARCHAR | cost DECIMAL(18,2) |
|---|---|---|
| 1 | a \\| b | 1.50 |
| 2 | '' | 0.10 |
| 2 | '' | 0.10 |
| 3 |  | |

## A case

When this runs:

```sql
select id, words, cost from visit
```

Then:

| id BIGINT | words VARCHAR | cost DECIMAL(18,2) |
|---|---|---|
| 3 |  | |
| 2 | '' | 0.10 |
| 1 | a \\| b | 1.5 |
| 2 | '' | 0.1 |
"""
NAMED = Step(
    "doubled",
    "select n + n as n, step from somewhere where n > $least",
    (Table("somewhere", "", (bigint("n", ""), text("step", ""), money("cost", "")), ()),),
    Table("doubled", "", (bigint("n", ""), text("step", "")), ()),
    {"least": "BIGINT"},
)


@pytest.fixture
def run(tmp_path):
    def run_page(page: str) -> None:
        path = tmp_path / "page.md"
        path.write_text(page, encoding="utf-8")
        for case in cases(path):
            run_case(case, ENGINES[0])

    return run_page


def test_a_page_that_holds(run):
    run(PAGE)


def test_a_wrong_value_is_shown_beside_the_right_one(run):
    with pytest.raises(PageDiffersError) as caught:
        run(PAGE.replace("| 1.5 |", "| 1.51 |"))
    assert str(caught.value).splitlines() == [
        "A case: duckdb gives other rows (- the page's, + the engine's)",
        "  | id | words | cost |",
        "- | 1  | a | b | 1.51 |",
        "+ | 1  | a | b | 1.50 |",
        "  | 2  | ''    | 0.10 |",
        "  | 2  | ''    | 0.10 |",
        "  | 3  |       |      |",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("| 2 | '' | 0.1 |\n", ""),  # one of two equal rows
        ("| 3 |  | |\n| 2", "| 3 | '' | |\n| 2"),  # an empty text for NULL
        ("| 1.5 |", "| 1.501 |"),  # more places than the type has
        ("select id, words, cost from visit", "select id, words, cost from visit where id < 3"),
    ],
)
def test_a_page_that_does_not_hold(run, old, new):
    assert old in PAGE
    with pytest.raises(PageDiffersError):
        run(PAGE.replace(old, new))


def test_a_refusal_that_does_not_come_or_comes_in_other_words(run):
    refused = PAGE[: PAGE.index("Then:")] + "Then it is refused:\n\n> hides which columns are read\n"
    accepted = refused.replace("refused:\n", "refused:\n\n| id BIGINT | words VARCHAR | cost DECIMAL(18,2) |\n|---|---|---|\n")
    with pytest.raises(PageDiffersError, match="the page says it is refused, and it is not"):
        run(accepted)
    run(refused.replace("id, words, cost from", "* from"))
    with pytest.raises(PageDiffersError, match="in other words"):
        run(refused.replace("id, words, cost from", "id / id as x from"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Then:", "So:", "follows neither Given nor Then"),
        ("When this", "This", "SQL that no `When` runs"),
        ("| 3 |  | |\n\n", "| 3 | |\n\n", "2 cells under 3 headings"),
        ("| id BIGINT | words VARCHAR | cost DECIMAL(18,2) |\n|---|---|---|\n| 3", "| id | words VARCHAR | cost DECIMAL(18,2) |\n|---|---|---|\n| 3",
         "write the type after id"),
        ("|---|---|---|\n| 1", "| 1", "a line of dashes"),
        ("```\n", "", "a block that is not closed"),
        ("| id BIGINT | words VARCHAR | cost DECIMAL(18,2) |\n|---|---|---|\n| 1", "| id | words | cost |\n|---|---|---|\n| 1",
         "no contract is known for visit"),
        ("## A case", "## Prose\n\n## A case", "every section"),
    ],
)  # fmt: skip
def test_a_page_that_cannot_be_read(run, old, new, said):
    assert old in PAGE
    with pytest.raises(PageError, match=said):
        run(PAGE.replace(old, new, 1))


def test_a_named_step_with_its_contracts_and_parameters(run, monkeypatch):
    monkeypatch.setattr("accord.tables.a_step", NAMED, raising=False)
    page = """# Named

Given `somewhere`:

| n |
|---|
| 1 |
| 2 |

## It runs

When step `accord.tables:a_step` runs:

- `$least` (BIGINT) is `1`

Then:

| n |
|---|
| 4 |

## Nothing exceeds an absent value, and an input that is not given is empty

When step `accord.tables:a_step` runs:

- `$least` (BIGINT) is absent

Then:

| n | step |
|---|---|
"""
    run(page)
    with pytest.raises(PageDiffersError):
        run(page.replace("| 4 |", "| 5 |"))
    with pytest.raises(PageError, match="doubled has no column m"):
        run(page.replace("| n | step |", "| n | m |"))
    with pytest.raises(PageError, match="neither a step nor a table"):
        run(page.replace("a_step", "b_step"))


def test_an_input_under_a_published_or_named_contract(run):
    page = """# Contracts

## Published by name

Given `attrition`:

| step | n_row |
|---|---|
| a | 5 |

Given `mine`, as `accord.tables:ATTRITION`:

| reason | net_amount |
|---|---|
| b | 0.1 |

When this runs:

```sql
select a.step, m.reason, a.n_row, m.net_amount from attrition a, mine m
```

Then:

| step VARCHAR | reason VARCHAR | n_row BIGINT | net_amount DECIMAL(18,2) |
|---|---|---|---|
| a | b | 5 | 0.10 |
"""
    assert "net_amount" in ATTRITION.names
    run(page)


FILES = """# Files

Given the map `visits`:

```toml
[[identifier]]
column = "person"
system = "local_id"
scope  = "partner"

[activity]
setting    = { constant = "gp" }
start_date = { given = "day" }
cost       = { amount = "cost" }
```

Given the file `a.csv` from `GP`, with `day` = `2025-05-01`:

| person | cost |
|---|---|
| 1 | 10.00 |
| 1 | 10.00 |

## A case

Then `activity` holds:

| record_number | partner_id | start_date | cost |
|---|---|---|---|
| 1 | GP | 2025-05-01 | 10.00 |

And `record_fate` holds, where `fate` is `exact_duplicate`:

| record_number | cost |
|---|---|
| 2 | 10.00 |
"""


def test_a_page_of_files_that_holds(run):
    run(FILES)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("| 1 | GP | 2025-05-01 | 10.00 |\n", ""),
        ("| 1 | GP |", "| 1 | PARTNER |"),
        ("`2025-05-01`", "`2025-05-02`"),
        ("| 2 | 10.00 |\n", ""),
        ("where `fate` is `exact_duplicate`", "where `fate` is `accepted`"),
        ("| 1 | 10.00 |\n| 1 |", "| 1 | 10.00 |\n| 2 |"),
    ],
)
def test_a_page_of_files_that_does_not_hold(run, old, new):
    assert old in FILES
    with pytest.raises(PageDiffersError):
        run(FILES.replace(old, new))


def test_a_file_that_does_not_fit_its_map(run):
    wrong = FILES.replace("| person | cost |", "| person | costs |")
    with pytest.raises(UserError, match=r"a\.csv has no column 'cost', which its map reads"):
        run(wrong)
    run(wrong[: wrong.index("Then `activity`")] + "Then it is refused:\n\n> a.csv has no column 'cost', which its map reads\n")
    with pytest.raises(PageDiffersError, match="the page says it is refused, and it is not"):
        run(FILES[: FILES.index("Then `activity`")] + "Then it is refused:\n\n> a.csv has no column\n")


def test_a_table_that_a_page_gives_is_not_made(run):
    hashes = "Given `identifier_hash`:\n\n| identifier | identifier_hash |\n|---|---|\n| local_id\\|GP\\|1 | 7 |\n\n"
    given = FILES.replace("## A case", hashes + "## A case")
    run(given.replace("| record_number | partner_id |", "| person_id | partner_id |").replace("| 1 | GP |", "| 7 | GP |"))


def test_a_file_under_a_map_that_the_page_does_not_give(run):
    with pytest.raises(PageError, match="under the map 'calls', which the page does not give"):
        run(FILES.replace("from `GP`,", "from `GP`, under the map `calls`,"))
