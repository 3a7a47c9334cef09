"""CMS claim and claim line feeds: counts and amounts of each file, the same from Parquet and from fixed-width records.

Source: acoharmony/aco, invented feeds (CCLF1, 2, 3, 5, 6). What is expected is worked out here by PyArrow, apart from the package. Their
columns were drawn each by itself, so no claim number stands in two files: how codes join their claims, and CCLF4, 7, 8 and 9, are shown
over records written here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from accord.intake.catalogue import SHIPPED, Map
from accord.intake.layout import Layout
from accord.place.toml import read_model

pytestmark = pytest.mark.xdist_group("cclf")
DELIVERED = (1, 2, 3, 5, 6)
LAKE = ["processed_at", "source_file", "source_filename", "file_date", "medallion_layer"]
PAID = {1: "clm_pmt_amt", 5: "clm_line_cvrd_pd_amt", 6: "clm_line_cvrd_pd_amt"}
CENT = pa.decimal128(18, 2)


def sent_as(n: int) -> str:
    return f"P.A9999.ACO.ZC{n}Y26.D260202.T1000000"


def positions(n: int) -> list[tuple[str, int, int]]:
    path = SHIPPED / f"cclf{n}.toml"
    return list(Map(f"cclf{n}", path, read_model(path, Layout)).form.positions)


def fixed(n: int, records: Iterable[Mapping[str, object]]) -> bytes:
    """Records in the layout that CMS sends: text to the left and numbers to the right of their columns."""
    lines = []
    for record in records:
        line = ""
        for column, first, width in positions(n):
            value = record.get(column)
            text = "" if value is None else str(value)
            assert len(text) <= width, f"{column} of CCLF{n} has {width} characters, and {text!r} more"
            line += text.rjust(width) if isinstance(value, Decimal) else text.ljust(width)
            assert len(line) == first - 1 + width
        lines.append(line)
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.fixture(scope="module")
def tables(outside_data: Path) -> dict[int, pa.Table]:
    """The feeds without what the lake added, amounts and units with the decimals that CMS writes."""
    found = {}
    for n in DELIVERED:
        table = pq.read_table(outside_data / "cclf_fixtures" / f"cclf{n}.parquet").drop_columns(LAKE)
        for i, field in enumerate(table.schema):
            if field.type == pa.float64():
                places = 4 if field.name.endswith("_qty") else 2
                rounded = pc.round(table[field.name], places)
                assert rounded.equals(table[field.name]), f"{field.name} of CCLF{n} has more decimals than CMS writes"
                table = table.set_column(i, field.name, rounded.cast(pa.decimal128(18, places)))
        found[n] = table
    return found


@pytest.fixture(scope="module")
def from_parquet(tables, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> object:
    home = tmp_path_factory.mktemp("cclf_parquet")
    for n, table in tables.items():
        pq.write_table(table, home / f"{sent_as(n)}.parquet")
    return publish("cclf", sorted(home.iterdir()), home)


@pytest.fixture(scope="module")
def from_fixed(tables, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> object:
    home = tmp_path_factory.mktemp("cclf_fixed")
    for n, table in tables.items():
        (home / sent_as(n)).write_bytes(fixed(n, table.to_pylist()))
    return publish("cclf", sorted(home.iterdir()), home)


@pytest.fixture(scope="module")
def as_delivered(outside_data: Path, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> object:
    """The feeds as the lake holds them, its own columns included."""
    home = tmp_path_factory.mktemp("cclf_lake")
    for n in DELIVERED:
        (home / f"{sent_as(n)}.parquet").write_bytes((outside_data / "cclf_fixtures" / f"cclf{n}.parquet").read_bytes())
    return publish("cclf", sorted(home.iterdir()), home)


def by_feed(run, sql: str) -> dict[int, tuple]:
    """Rows of a query over `t`, grouped by the feed's number."""
    rows = run.sql(f"select substr(s.map_id, 5), {sql} group by s.map_id").fetchall()
    return {int(n): tuple(rest) for n, *rest in rows}


def test_the_positions_are_those_of_the_information_packet() -> None:
    """Version 36: the number of elements of each table, and where its last one ends; of table 7 as it is since a prescriber stands at 196."""
    found = {n: (len(p), p[-1][1] + p[-1][2] - 1) for n in range(1, 10) if (p := positions(n))}
    assert found == {1: (45, 437), 2: (23, 199), 3: (13, 114), 4: (14, 112), 5: (52, 388), 6: (27, 247), 7: (22, 230), 8: (31, 549), 9: (6, 55)}
    for n in range(1, 10):
        assert all(first + width == after for (_, first, width), (_, after, _) in pairwise(positions(n)))


def test_the_feeds_have_the_columns_of_the_positions(tables) -> None:
    for n, table in tables.items():
        assert [name for name, _, _ in positions(n)] == table.column_names


@pytest.mark.parametrize("which", ["as_delivered", "from_parquet", "from_fixed"])
def test_every_record_has_its_fate_and_a_cancelled_claim_is_no_act(tables, which: str, request: pytest.FixtureRequest) -> None:
    run = request.getfixturevalue(which)
    found = run.sql(
        "select substr(s.map_id, 5), f.fate, count(*) from record_fate f join submission s using (submission_id) group by s.map_id, f.fate"
    ).fetchall()
    expected = set()
    for n, table in tables.items():
        cancelled = pc.sum(pc.equal(table["clm_adjsmt_type_cd"], "1")).as_py() if n in PAID else 0
        expected |= {(str(n), fate, k) for fate, k in (("accepted", 300 - cancelled), ("cancellation", cancelled)) if k}
    assert set(found) == expected
    assert {k for n, fate, k in found if n == "1" and fate == "cancellation"} == {93}


@pytest.mark.parametrize("which", ["as_delivered", "from_parquet", "from_fixed"])
def test_payments_of_headers_and_part_b_lines_are_counted_once_to_the_cent(tables, which: str, request: pytest.FixtureRequest) -> None:
    run = request.getfixturevalue(which)
    expected = {}
    for n, paid in PAID.items():
        table = tables[n]
        key = ["clm_blg_prvdr_oscar_num", "clm_from_dt", "clm_thru_dt", "bene_mbi_id"] if n == 1 else ["clm_cntl_num", "clm_line_num", "bene_mbi_id"]
        assert len(table.group_by(key).aggregate([])) == 300, "two records of one claim: what counts would not be all but cancellations"
        kept = table.filter(pc.not_equal(table["clm_adjsmt_type_cd"], "1"))
        expected[n] = (len(kept), pc.sum(kept[paid].cast(CENT)).as_py())
    found = by_feed(run, "count(*), sum(a.net_amount) from activity a join submission s using (submission_id)")
    assert found == expected
    assert found == {1: (207, Decimal("1615408.34")), 5: (134, Decimal("152477.95")), 6: (300, Decimal("70239.58"))}
    assert run.sql("select sum(net_amount) = sum(cost), count(*) from activity").fetchall() == [(True, 641)]


def test_lines_of_a_claim_add_no_money(tables, as_delivered) -> None:
    """The payments of CCLF2 are the header's again: they are in no amount of the file, of activity or of a bridge."""
    lines = pc.sum(tables[2]["clm_line_cvrd_pd_amt"].cast(CENT)).as_py()
    assert lines > 0
    amounts = as_delivered.sql(
        """select max(abs(r.amount)) from reconciliation r join submission s using (submission_id)
        where s.map_id in ('cclf2', 'cclf3')"""
    ).fetchall()
    assert amounts == [(Decimal(0),)]


def test_the_setting_is_the_kind_of_claim(tables, as_delivered) -> None:
    kinds = {"10": "home_health", "40": "outpatient", "50": "long_term_care", "60": "inpatient"}
    kept = tables[1].filter(pc.not_equal(tables[1]["clm_adjsmt_type_cd"], "1"))
    expected = {kinds[k["values"]]: k["counts"] for k in pc.value_counts(kept["clm_type_cd"]).to_pylist()}
    rows = as_delivered.sql(
        "select a.setting, count(*) from activity a join submission s using (submission_id) where s.map_id = 'cclf1' group by a.setting"
    ).fetchall()
    assert dict(rows) == expected


def test_a_code_whose_claim_was_not_sent_is_flagged_and_counted(tables, as_delivered) -> None:
    headers = set(tables[1]["cur_clm_uniq_id"].to_pylist())
    assert not headers & {claim for n in (2, 3) for claim in tables[n]["cur_clm_uniq_id"].to_pylist()}
    flagged = by_feed(as_delivered, "count(*) from issue i join submission s using (submission_id) where i.rule = 'missing_activity'")
    assert flagged == {2: (300,), 3: (300,)}
    assert as_delivered.sql("select reason, n_row from attrition where step = 'attachment'").fetchall() == [("act of care not found", 600)]


def test_revenue_centers_are_observed_though_their_lines_are_no_acts(tables, as_delivered) -> None:
    found = as_delivered.sql("select value_text from observation where code_system = 'nubc_revenue_center'").fetchall()
    assert sorted(v for (v,) in found) == sorted(tables[2]["clm_line_prod_rev_ctr_cd"].to_pylist())


def test_diagnoses_of_headers_and_lines(tables, as_delivered) -> None:
    expected = 0
    for n, columns in ((1, ["prncpl_dgns_cd"]), (5, ["clm_line_dgns_cd", *(f"clm_dgns_{i}_cd" for i in range(1, 13))])):
        kept = tables[n].filter(pc.not_equal(tables[n]["clm_adjsmt_type_cd"], "1"))
        expected += sum(len(kept) - kept[c].null_count for c in columns)
    assert as_delivered.sql("select count(*), count(distinct code_system) from diagnosis").fetchall() == [(expected, 1)]


def test_fixed_width_records_give_the_same_content_as_parquet(from_fixed, from_parquet) -> None:
    hashes = [{name: table.content_hash for name, table in run.manifest.tables.items()} for run in (from_fixed, from_parquet)]
    assert len(hashes[0]) > 10
    assert hashes[0] == hashes[1]


def claim(number: int, person: str, **more: object) -> dict[str, object]:
    return {
        "cur_clm_uniq_id": f"{number:013}", "prvdr_oscar_num": "100001", "clm_blg_prvdr_oscar_num": "100001", "bene_mbi_id": person,
        "clm_type_cd": "60", "clm_from_dt": date(2026, 1, number), "clm_thru_dt": date(2026, 1, number + 2), "dgns_prcdr_icd_ind": "0",
        "clm_adjsmt_type_cd": "0", "clm_efctv_dt": date(2026, 1, 20), "prncpl_dgns_cd": "I10", "clm_pmt_amt": Decimal("100.00"), **more,
    }  # fmt: skip


OLD, NEW, OTHER = "1EG4TE5MK72", "1EG4TE5MK73", "2AA1BB1CC11"
WRITTEN: dict[int, list[dict[str, object]]] = {
    1: [
        claim(1, OLD, clm_pmt_amt=Decimal("1000.00")),
        claim(2, NEW, clm_pmt_amt=Decimal("200.50")),
        # Billed, cancelled and billed again; the last two on one day. Amounts carry no sign.
        claim(3, OTHER, clm_pmt_amt=Decimal("70.00")),
        claim(4, OTHER, clm_pmt_amt=Decimal("70.00"), clm_from_dt=date(2026, 1, 3), clm_thru_dt=date(2026, 1, 5), clm_adjsmt_type_cd="1",
              clm_efctv_dt=date(2026, 1, 27)),
        claim(5, OTHER, clm_pmt_amt=Decimal("65.00"), clm_from_dt=date(2026, 1, 3), clm_thru_dt=date(2026, 1, 5), clm_adjsmt_type_cd="2",
              clm_efctv_dt=date(2026, 1, 27)),
    ],
    2: [
        {"cur_clm_uniq_id": f"{1:013}", "clm_line_num": "1", "bene_mbi_id": OLD, "clm_line_from_dt": date(2026, 1, 2),
         "clm_line_prod_rev_ctr_cd": "0450", "clm_line_hcpcs_cd": "99284", "clm_line_cvrd_pd_amt": Decimal("400.00")},
        {"cur_clm_uniq_id": f"{1:013}", "clm_line_num": "2", "bene_mbi_id": OLD, "clm_line_from_dt": "1000-01-01", "clm_from_dt": date(2026, 1, 1),
         "clm_line_prod_rev_ctr_cd": "0120", "clm_line_cvrd_pd_amt": Decimal("600.00")},
    ],
    3: [{"cur_clm_uniq_id": f"{1:013}", "bene_mbi_id": OLD, "clm_val_sqnc_num": "1", "clm_prcdr_cd": "0FT44ZZ", "dgns_prcdr_icd_ind": "0",
         "clm_prcdr_prfrm_dt": date(2026, 1, 2)}],
    4: [
        {"cur_clm_uniq_id": f"{1:013}", "bene_mbi_id": OLD, "clm_val_sqnc_num": "2", "clm_dgns_cd": "E119", "dgns_prcdr_icd_ind": "0"},
        {"cur_clm_uniq_id": f"{1:013}", "bene_mbi_id": OLD, "clm_val_sqnc_num": "1", "clm_dgns_cd": "J441", "dgns_prcdr_icd_ind": "0"},
        {"cur_clm_uniq_id": f"{3:013}", "bene_mbi_id": OTHER, "clm_val_sqnc_num": "1", "clm_dgns_cd": "N183", "dgns_prcdr_icd_ind": "0"},
        {"cur_clm_uniq_id": f"{9:013}", "bene_mbi_id": OTHER, "clm_val_sqnc_num": "1", "clm_dgns_cd": "N183", "dgns_prcdr_icd_ind": "0"},
    ],
    7: [{"cur_clm_uniq_id": f"{7:013}", "bene_mbi_id": NEW, "clm_line_ndc_cd": "00093505698", "clm_type_cd": "01",
         "clm_line_from_dt": date(2026, 2, 1), "prvdr_srvc_id_qlfyr_cd": "01", "clm_srvc_prvdr_gnrc_id_num": "1234567893",
         "clm_dspnsng_stus_cd": "~", "clm_line_srvc_unit_qty": Decimal("30.0000"), "clm_line_days_suply_qty": "30",
         "clm_line_bene_pmt_amt": Decimal("4.15"), "clm_adjsmt_type_cd": "0", "clm_efctv_dt": date(2026, 2, 3),
         "clm_line_rx_srvc_rfrnc_num": "900000000001", "clm_line_rx_fill_num": "0"}],
    8: [
        {"bene_mbi_id": NEW, "bene_fips_state_cd": "36", "bene_dob": date(1950, 5, 1), "bene_sex_cd": "2", "bene_race_cd": "1",
         "bene_death_dt": "9999-12-31", "bene_part_b_enrlmt_bgn_dt": date(2015, 5, 1), "bene_1st_name": "Zoë"},
        {"bene_mbi_id": OTHER, "bene_fips_state_cd": "36", "bene_dob": date(1940, 1, 1), "bene_sex_cd": "1", "bene_race_cd": "2",
         "bene_death_dt": date(2026, 2, 10), "bene_part_b_enrlmt_bgn_dt": "1000-01-01", "bene_part_a_enrlmt_bgn_dt": date(2005, 1, 1)},
    ],
    9: [{"hicn_mbi_xref_ind": "M", "crnt_num": NEW, "prvs_num": OLD, "prvs_id_efctv_dt": date(2018, 4, 1), "prvs_id_obslt_dt": date(2026, 1, 2)}],
}  # fmt: skip


@pytest.fixture(scope="module")
def written(publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> object:
    """Every file but CCLF5 and 6, written here; of CCLF7 also the older, shorter record."""
    home = tmp_path_factory.mktemp("cclf_written")
    for n, records in WRITTEN.items():
        (home / sent_as(n)).write_bytes(fixed(n, records))
    older = fixed(7, [WRITTEN[7][0] | {"cur_clm_uniq_id": f"{8:013}", "clm_line_rx_fill_num": "1", "clm_line_bene_pmt_amt": Decimal("5.00")}])
    (home / sent_as(7).replace("Y26", "R25")).write_bytes(older[:195] + b"\n")
    return publish("cclf", sorted(home.iterdir()), home)


def test_an_old_and_a_new_number_are_one_person(written) -> None:
    people = dict(written.sql("select spell_code, person_id from activity where is_in_force").fetchall())
    assert people[f"{1:013}"] == people[f"{2:013}"] == people[f"{7:013}"] != people[f"{5:013}"]
    links = written.sql("select basis, start_date, end_date from person_link where person_id = $p order by basis", {"p": people[f"{1:013}"]})
    assert links.fetchall() == [("stated", None, None), ("strongest", date(2018, 4, 1), date(2026, 1, 2))]
    assert written.sql("select count(*) from person").fetchall() == [(2,)]


def test_codes_join_the_claim_that_they_name(written) -> None:
    rows = written.sql(
        "select a.spell_code, d.position, d.code from diagnosis d join activity a using (activity_id) order by a.spell_code, d.position"
    ).fetchall()
    assert [(int(claim_), position, code) for claim_, position, code in rows] == [
        (1, 1, "I10"), (1, 2, "J441"), (1, 3, "E119"), (2, 1, "I10"), (5, 1, "I10"),
    ]  # fmt: skip
    done = written.sql("select position, code_system, code, procedure_date from procedure order by position").fetchall()
    assert done == [(1, "icd10pcs", "0FT44ZZ", date(2026, 1, 2)), (2, "hcpcs", "99284", date(2026, 1, 2))]
    left = written.sql("select reason, n_row from attrition where step = 'attachment' order by reason").fetchall()
    assert left == [("act of care not found", 1), ("act of care not in force", 1)]


def test_a_claim_that_was_cancelled_and_billed_again_counts_once(written) -> None:
    rows = written.sql("select setting, sum(net_amount), sum(cost) from activity where is_in_force group by setting order by setting").fetchall()
    assert rows == [("inpatient", Decimal("1265.50"), Decimal("1265.50")), ("pharmacy", None, None)]


def test_a_prescription_has_the_persons_share_and_no_cost(written) -> None:
    rows = written.sql("select client_amount, net_amount, cost, cost_basis, quantity from activity where setting = 'pharmacy' order by 1").fetchall()
    assert rows == [(Decimal(share), None, None, "none", Decimal(30)) for share in ("4.15", "5.00")]


def test_entitlement_is_registration_until_death(written) -> None:
    rows = written.sql("select population, organisation_id, start_date, end_date from registration order by population, start_date").fetchall()
    spans = [(date(2005, 1, 1), date(2026, 2, 11)), (date(2015, 5, 1), None)]
    assert rows == [(population, who, *span) for population, who in (("registered", "A9999"), ("resident", "36")) for span in spans]
    people = written.sql("select birth_date, sex from person order by birth_date").fetchall()
    assert people == [(date(1940, 1, 1), "male"), (date(1950, 5, 1), "female")]
