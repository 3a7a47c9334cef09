"""The payer's own lists beside the claim feeds: everybody on a list is the ACO's, everybody else is left out, and the difference is told.

Source: acoharmony/aco, invented feeds and reports. Their numbers of people were drawn apart from one another, so nobody stands in two files; and no
line has a code that exists, so that no care qualifies: lists tell, or nothing does. That the steps tell is shown over records written here.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
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


def test_lines_of_part_b_attribute_by_what_medicare_allows(outside_data: Path, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Six lines of the feed with codes, specialties and amounts written over: two people and four clinicians."""
    home = tmp_path_factory.mktemp("cclf_steps")
    table = pq.read_table(outside_data / "cclf_fixtures" / "cclf5.parquet")
    written = [
        # person, clinician, specialty, code, allowed, paid
        ("1EG4TE5MK72", "1111111111", "08", "99213", 100.0, 40.0),
        ("1EG4TE5MK72", "2222222222", "11", "99214", 90.0, 80.0),  # Medicare paid more of less
        ("1EG4TE5MK72", "3333333333", "06", "99214", 400.0, 300.0),  # a cardiologist counts only where nobody of primary care was seen
        ("1EG4TE5MK72", "2222222222", "11", "71045", 500.0, 500.0),  # no primary care
        ("1EG4TE5MK73", "3333333333", "06", "99214", 50.0, 40.0),
        ("1EG4TE5MK73", "4444444444", "30", "99213", 90.0, 80.0),  # a radiologist never counts
    ]
    records = [
        {**record, "bene_mbi_id": who, "rndrg_prvdr_npi_num": npi, "clm_prvdr_spclty_cd": specialty, "clm_line_hcpcs_cd": code,
         "clm_line_alowd_chrg_amt": allowed, "clm_line_cvrd_pd_amt": paid, "clm_adjsmt_type_cd": "0"}
        for record, (who, npi, specialty, code, allowed, paid) in zip(table.to_pylist(), written, strict=False)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(records, schema=table.schema), home / "P.A9999.ACO.ZC5Y26.D260202.T1000000.parquet")
    run = publish("cclf", sorted(home.iterdir()), home)
    rows = run.sql("select step, organisation_id, allowed_amount, runner_up_id, runner_up_amount from attribution order by step").fetchall()
    assert rows == [
        ("primary_care", "1111111111", Decimal("100.00"), "2222222222", Decimal("90.00")),
        ("specialty", "3333333333", Decimal("50.00"), None, None),
    ]
    assert run.sql("select sum(cost), sum(net_amount) from activity").fetchall() == [(Decimal("1040.00"), Decimal("1040.00"))]
