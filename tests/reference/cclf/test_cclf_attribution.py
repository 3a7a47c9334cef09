"""The payer's own lists beside the claim feeds: everybody on a list is the ACO's, everybody else is left out, and the difference is told.

Source: acoharmony/aco, invented feeds and reports. Their numbers of people were drawn apart from one another, so nobody stands in two files; and no
line has a code that exists, so that no care qualifies: lists tell, or nothing does. That the steps tell is shown over records written here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from accord.place import open_place, open_run
from accord.population.attribution import shown

pytestmark = pytest.mark.xdist_group("cclf")
FEEDS = (1, 2, 3, 5, 6)


def _publish(outside_data: Path, publish: Callable, home: Path, lists: tuple[str, ...]) -> object:
    files = outside_data / "cclf_fixtures"
    for n in FEEDS:
        (home / f"P.A9999.ACO.ZC{n}Y26.D260202.T1000000.parquet").write_bytes((files / f"cclf{n}.parquet").read_bytes())
    for name in lists:
        (home / f"P.A9999.ACO.{name.upper()}.D260202.T1000000.parquet").write_bytes((files / f"{name}.parquet").read_bytes())
    return publish("cclf", sorted(home.iterdir()), home)


@pytest.fixture(scope="module")
def without(outside_data: Path, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> object:
    return _publish(outside_data, publish, tmp_path_factory.mktemp("cclf_without"), ())


@pytest.fixture(scope="module", params=["bar", "alr"])
def listed(request: pytest.FixtureRequest, outside_data: Path, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, object]:
    return request.param, _publish(outside_data, publish, tmp_path_factory.mktemp(f"cclf_{request.param}"), (request.param,))


def test_without_a_list_nobody_has_care_that_counts(without) -> None:
    n = without.sql("select count(*) from person").fetchall()[0][0]
    assert n == 228
    assert without.sql("select reason, count(*) from attribution_attrition group by reason").fetchall() == [("no qualifying care", n)]


def test_everybody_on_the_list_is_the_acos_and_nobody_else(outside_data: Path, listed: tuple[str, object], without) -> None:
    name, run = listed
    on_list = len(set(pq.read_table(outside_data / "cclf_fixtures" / f"{name}.parquet")["bene_mbi"].to_pylist()))
    assert run.sql("select organisation_id, step, count(*), count(distinct person_id) from attribution group by all").fetchall() == [
        ("A9999", "payer_list", on_list, on_list)
    ]
    others = without.sql("select count(*) from person").fetchall()[0][0]
    assert run.sql("select reason, count(*) from attribution_attrition group by reason").fetchall() == [("not on the payer's list", others)]
    assert run.sql("select count(*) from attribution where is_overridden").fetchall() == [(on_list,)]
    year, = shown(open_run(open_place(run.folder.parents[1]), run.run_id)).years
    assert (year.n_person, year.n_attributed) == (on_list + others, on_list)


def test_a_list_gives_no_person_months(listed: tuple[str, object]) -> None:
    name, run = listed
    populations = {population for (population,) in run.sql("select distinct population from registration").fetchall()}
    assert populations == {"aligned", *(["voluntary"] if name == "bar" else [])}
    assert run.sql("select count(*) from person_month").fetchall() == [(0,)]
