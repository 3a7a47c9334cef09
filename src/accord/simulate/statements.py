"""Files about nobody: the list of organisations, and what staff answered."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from accord.simulate.block import FilePart, text_of
from accord.simulate.dirt import NO_FAULT
from accord.simulate.draws import generator
from accord.simulate.geography import Geography
from accord.simulate.layouts import practice_code
from accord.simulate.model import MODEL
from accord.simulate.need import calendar_of
from accord.simulate.options import Options
from accord.simulate.rows import numbered, words

_STAFF = 2**31 + 2
"""The block that stands for chance of the staff."""


def staff_and_organisations(options: Options, geography: Geography) -> Iterator[FilePart]:
    """The list of organisations, in the first month; and answers of staff, every third month."""
    yield _part("organisations", 0, _organisations(geography))
    for month in range(2, calendar_of(options).n, 3):
        yield _part("staff_answers", month, _staff(options, month))


def _part(source: str, month: int, table: pa.Table) -> FilePart:
    n = table.num_rows
    none, force = np.full(n, -1), np.ones(n, np.int64)
    return FilePart(
        source, month, 0, tuple(table.column_names), text_of(table), none, np.zeros(n, np.int64), force, np.full(n, NO_FAULT),
        pa.nulls(n, pa.string()),
    )  # fmt: skip


def _organisations(geography: Geography) -> pa.Table:
    given = MODEL["names"]["family"]
    practices = [practice_code(n) for n in range(geography.n_practice)]
    names = [f"{given[n % len(given)]} Street Surgery" for n in range(len(practices))]
    return pa.table({
        "organisation": [p["id"] for p in MODEL["partner"]] + practices,
        "name": [p["name"] for p in MODEL["partner"]] + names,
        "kind": [p["kind"] for p in MODEL["partner"]] + ["gp_practice"] * len(practices),
        "parent": [""] * len(MODEL["partner"]) + ["AGF"] * len(practices),
    })  # fmt: skip


def _staff(options: Options, month: int) -> pa.Table:
    """Answers of some of the staff of each partner to each question, from 0 to 10. A number keeps two equal answers apart."""
    said = MODEL["staff"]
    rng = generator(options.seed, _STAFF, f"staff {month}")
    n_staff = max(1, options.people // said["people_a_member"] // 4)
    partner, question = rng.integers(0, len(MODEL["partner"]), n_staff), np.arange(n_staff) % len(said["question"])
    answer = np.clip(np.rint(np.asarray(said["mean"])[question] + 2.0 * rng.standard_normal(n_staff)), 0, 10).astype(np.int64)
    days = calendar_of(options).first.astype("datetime64[M]").astype(str)
    return pa.table({
        "answer_id": numbered("A", month * 10**7 + np.arange(n_staff)), "organisation": words([p["id"] for p in MODEL["partner"]], partner),
        "month": words([days[month]], np.zeros(n_staff, int)), "question": words(said["question"], question), "answer": pa.array(answer),
    })  # fmt: skip
