"""A step: what it is made of, what refuses it, its text in another dialect, the columns it is made of."""

from __future__ import annotations

from datetime import date

import pytest

from accord.engine import Step
from accord.errors import UserError
from accord.tables.contract import Table, bigint, day, money, text

VISIT = Table(
    "visit", "", (bigint("id", ""), bigint("person_id", ""), text("Code", ""), day("seen", ""), money("cost", "")), ("id",)
)
PERSON = Table("person", "", (bigint("person_id", ""), text("sex", "")), ("person_id",))
OUT = Table("out", "", (bigint("person_id", ""), money("cost", "")), ("person_id",))
SQL = """
    select person_id, cast(sum(cost) as decimal(18, 2)) as cost
    from visit
    where seen < $before and "Code" <> '$before'
    group by person_id;
    """
STEP = Step("totals", SQL, (VISIT,), OUT, {"before": "DATE"})


def step(sql: str, *columns, inputs=(VISIT,), **parameters) -> Step:
    return Step("s", sql, inputs, Table("out", "", tuple(columns), ()), parameters)


def error_of(made: Step) -> UserError:
    with pytest.raises(UserError) as caught:
        made.check()
    return caught.value


def test_the_text_is_as_written_without_the_indentation_of_its_place():
    assert STEP.text().startswith("select person_id, cast(sum(cost) as decimal(18, 2)) as cost\nfrom visit\n")
    assert STEP.text().endswith("group by person_id")


def test_the_text_in_sparks_words():
    assert ":before" in STEP.text("spark")
    made = step("select date_diff('second', seen, seen) // 60 as m from visit", bigint("m", ""))
    assert "DIV 60" in made.text("spark")


def test_parameters_get_their_declared_types_and_texts_stay():
    text = STEP.runnable({"before": date(2024, 4, 1)})
    assert """where seen < cast($before as DATE) and "Code" <> '$before'""" in text


@pytest.mark.parametrize("values", [{}, {"before": 1, "after": 2}, {"befor": 1}])
def test_values_that_do_not_fit_the_parameters(values):
    with pytest.raises(UserError, match="takes the parameters"):
        STEP.runnable(values)


@pytest.mark.parametrize(
    "sql",
    [
        "drop table visit",
        "select 1 as a; select 2 as a",
        "(select 1 as a)",
        "values (1)",
        "",
        "copy visit to 'x'",
        "pivot visit on id",
    ],
)
def test_anything_but_one_select(sql):
    assert error_of(step(sql, bigint("a", ""))).what == "step 's' is not one SELECT"


def test_a_mistyped_column_names_the_nearest_and_its_line():
    error = error_of(step("select id\nfrom visit v\nwhere v.costs > 1", bigint("id", "")))
    assert "reads column 'costs'" in error.what
    assert "line 3" in error.where
    assert "did you mean 'cost'?" in error.what_to_do


def test_a_mistyped_function():
    error = error_of(step("select floo(id) as id from visit", bigint("id", "")))
    assert "did you mean `floor`?" in error.what_to_do


def test_inputs_are_all_read_and_all_that_is_read():
    assert (
        "never reads its input 'person'" in error_of(step("select id from visit", bigint("id", ""), inputs=(VISIT, PERSON))).what
    )
    assert "reads table 'persons'" in error_of(step("select person_id from persons", bigint("person_id", ""))).what
    assert "reads table 'visit'" in error_of(step("select id from other.visit", bigint("id", ""))).what


def test_names_are_the_same_in_any_case():
    made = step('select ID, code as "Code" from VISIT', bigint("id", ""), text("Code", ""))
    assert made.lineage() == {"id": (("visit", "id"),), "Code": (("visit", "Code"),)}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ((bigint("id", ""), money("cost", "")), "no column 'cost'"),
        ((), "gives column 'id', which"),
        ((bigint("n", ""), bigint("id", "")), "in another order"),
        ((bigint("id", ""), money("n", "")), "column 'n' lands as BIGINT, but table 'out' has it as DECIMAL(18,2)"),
    ],
)
def test_the_output_is_its_contract(columns, said):
    assert said in error_of(step("select id, count(*) as n from visit group by id", *columns)).what


def test_a_check_is_made_once(monkeypatch):
    made = step("select id from visit", bigint("id", ""))
    made.check()
    monkeypatch.setattr("accord.engine.step.parse", None)
    monkeypatch.setattr("accord.engine.step.bind", None)
    made.check()
    assert made.lineage() == {"id": (("visit", "id"),)}


def test_lineage_goes_through_parts_unions_and_subqueries():
    sql = """
        with total as (select person_id, cast(sum(cost) as decimal(18, 2)) as cost, count(*) as n from visit group by person_id),
        both_kinds as (select t.person_id, t.cost, t.n, p.sex from total t join person p on t.person_id = p.person_id
            union all select 0, 0, 0, 'none')
        select b.person_id, case when b.sex = 'f' then b.cost end as cost, b.n,
            (select max(w.seen) from visit w where w.person_id = b.person_id) as seen, 1 as one
        from both_kinds b where b.n > 1
        """
    made = Step(
        "s", sql, (VISIT, PERSON),
        Table("out", "", (bigint("person_id", ""), money("cost", ""), bigint("n", ""), day("seen", ""), bigint("one", "")), ()),
    )  # fmt: skip
    with pytest.raises(UserError, match="'one' lands as INTEGER"):
        made.check()
    good = Step("s", sql.replace("1 as one", "cast(1 as bigint) as one"), made.inputs, made.output)
    assert good.lineage() == {
        "person_id": (("visit", "person_id"),),
        "cost": (("person", "sex"), ("visit", "cost")),
        "n": (("visit", "*"),),
        "seen": (("visit", "seen"),),
        "one": (),
    }


def test_lineage_of_a_correlated_value_and_of_a_list_of_values():
    sql = """select v.id, (select max(cast(p.person_id + v.id as decimal(18, 2))) from person p) as cost, k.label
             from visit v join (values (1, 'a')) k(id, label) on v.id = k.id"""
    made = step(sql, bigint("id", ""), money("cost", ""), text("label", ""), inputs=(VISIT, PERSON))
    assert made.lineage() == {"id": (("visit", "id"),), "cost": (("person", "person_id"), ("visit", "id")), "label": ()}


def test_lineage_of_a_recursive_part():
    sql = """with recursive chain as (
               select id, person_id from visit
               union select c.id, v.person_id from chain c join visit v on v.id = c.person_id)
             select id, person_id from chain"""
    made = step(sql, bigint("id", ""), bigint("person_id", ""))
    assert made.lineage() == {"id": (("visit", "id"),), "person_id": (("visit", "person_id"),)}
