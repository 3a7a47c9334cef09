"""DuckDB, Spark and plain Python give the same rows for queries of the portable subset that Hypothesis makes up."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import event, given, settings
from spec_engines import GROUP, on_duckdb, on_spark, skip_without, spark_is_missing
from spec_queries import Question, questions

IN_CI = os.environ.get("CI") == "true"
N_CASE = 200 if IN_CI else 40


def _counted(rows: list[tuple[object, ...]]) -> Counter[tuple[object, ...]]:
    return Counter(tuple(_plain(value) for value in row) for row in rows)


def _plain(value: object) -> object:
    # -0.00 is 0.00, and a whole day is a day: the columns have one type each.
    if isinstance(value, Decimal):
        return value + 0
    return value.date() if isinstance(value, datetime) else value


@settings(max_examples=200)
@given(questions)
def test_duckdb_gives_what_python_gives(question: Question) -> None:
    event(question.step.sql.split(" ", 1)[0])
    question.step.check()
    assert _counted(on_duckdb(question.step, question.given, {})) == _counted(list(question.answer.elements())), question.step.sql


@pytest.mark.spark
@GROUP
@settings(max_examples=N_CASE)
@given(questions)
def test_spark_gives_what_python_gives(question: Question) -> None:
    skip_without(spark_is_missing())
    assert _counted(on_spark(question.step, question.given, {})) == _counted(list(question.answer.elements())), question.step.text("spark")
