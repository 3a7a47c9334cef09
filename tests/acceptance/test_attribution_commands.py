"""Whose people are whose in an invented place: lists are the truth's, contacts find the list again, and every move adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

import accord as package
from accord.notebook import OpenRun
from accord.place import open_place
from accord.population.attribution import difference, point
from accord.simulate import asked, simulate, truth_folder

pytestmark = pytest.mark.xdist_group("attribution")
Command = Callable[..., object]
BY_CONTACTS = """
[attribution]
method        = "plurality"
services      = "gp"
measure       = "contacts"
timing        = "retrospective"
window_months = 12
cover         = "required"
"""


@dataclass(frozen=True)
class Places:
    """One place, run twice: people by their list, and by most contacts."""

    folder: Path
    by_list: OpenRun
    by_contacts: OpenRun


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder = tmp_path_factory.mktemp("attribution") / "place"
    simulate(folder, asked(people=1500, years=2, threads=2, dirt=0.0), lambda _: None)
    by_list = package.open(folder).run()
    with (folder / "place.toml").open("a", encoding="utf-8") as file:
        file.write(BY_CONTACTS)
    return Places(folder, by_list, package.open(folder).run())


@pytest.fixture(scope="module")
def truth(places: Places) -> duckdb.DuckDBPyConnection:
    """Both runs' attribution beside the truth. whose: the person of each number of the truth. true_list: who was on whose list last, by year."""
    opened = duckdb.connect()
    for table in truth_folder(places.folder).glob("*.parquet"):
        opened.execute(f"create view {table.stem} as select * from read_parquet('{table}')")
    for name, run in (("by_list", places.by_list), ("by_contacts", places.by_contacts)):
        opened.execute(f"create view {name} as select * from read_parquet('{run.folder}/tables/attribution.parquet')")
    for name in ("registration", "record_fate", "submission", "activity"):
        opened.execute(f"create view {name} as select * from read_parquet('{places.by_list.folder}/tables/{name}.parquet')")
    opened.execute("""create table whose as select distinct r.person_id, t.person_key
      from registration r join record_fate f on r.registration_id = f.record_id and f.fate = 'accepted'
      join submission s using (submission_id) join true_file using (file_name) join true_record t using (file_number, record_number)
      where r.population = 'registered'""")
    opened.execute("""create table true_list as
      select w.person_id, y.start_date, moved_date, case when moved_date < least(y.end_date, coalesce(left_date, y.end_date),
        coalesce(death_date, y.end_date)) then practice_after_id else practice_id end as practice_id
      from true_person p join whose w using (person_key) cross join (select distinct start_date, end_date from by_list) y
      where arrived_date < y.end_date and coalesce(left_date, y.end_date) > y.start_date
        and coalesce(death_date, y.end_date) >= y.start_date""")
    return opened


def test_people_belong_to_the_list_that_the_truth_has_them_on(truth: duckdb.DuckDBPyConnection) -> None:
    rows = truth.execute("""select count(*), count(*) filter (a.organisation_id = t.practice_id), count(*) filter (t.practice_id is null),
      count(*) filter (a.organisation_id is null) from by_list a full join true_list t using (person_id, start_date)""").fetchall()
    n, n_right, n_invented, n_lost = rows[0]
    assert n > 2500
    assert (n_invented, n_lost) == (0, 0)
    assert n_right == n


def test_most_contacts_find_the_list_again_but_for_people_who_move(truth: duckdb.DuckDBPyConnection) -> None:
    """In the place everybody goes to the practice of the day, so that only a move in the year can lead elsewhere: at least all others are found."""
    rows = truth.execute("""select count(*), count(*) filter (a.organisation_id = t.practice_id),
      count(*) filter (t.moved_date >= t.start_date and t.moved_date < a.end_date),
      count(*) filter (a.organisation_id <> t.practice_id and not coalesce(t.moved_date >= t.start_date and t.moved_date < a.end_date, false))
      from by_contacts a join true_list t using (person_id, start_date)""").fetchall()
    n, n_right, n_moving, n_wrong_without_a_move = rows[0]
    assert n > 1500
    assert n_moving > 20
    assert n_wrong_without_a_move == 0
    assert n_right / n >= 1 - n_moving / n
    assert n_right < n, "nobody is found elsewhere, so that the two rules are not told apart"


def test_who_has_no_contact_is_left_out_for_that(places: Places) -> None:
    reasons = dict(places.by_contacts.sql("select reason, count(*) from attribution_attrition group by reason").fetchall())
    silent = places.by_contacts.sql(
        """select count(*) from attribution_attrition a where reason = 'no qualifying care' and exists (select 1 from activity c
        where c.person_id = a.person_id and c.setting = 'gp' and c.is_in_force and c.start_date >= a.start_date and c.start_date < a.end_date)"""
    ).fetchall()
    assert reasons["no qualifying care"] > 100
    assert silent == [(0,)]


@pytest.mark.parametrize("organisation", [None, "of_one"])
@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("which", ["by_list", "by_contacts"])
def test_joiners_stayers_and_leavers_add_up(places: Places, which: str, is_after: bool, organisation: str | None) -> None:
    place, run = open_place(places.folder), getattr(places, which)
    if organisation:
        organisation = run.sql("select organisation_id from attribution group by 1 order by count(*) desc limit 1").fetchall()[0][0]
    first, second = (point(place, f"{run.run_id}@{day}", "current") for day in ("2024-10-15", "2025-12-15"))
    found = difference(first, second, organisation, is_after=is_after)
    (n_first, cost_first), (n_second, cost_second) = found.totals
    assert n_first + sum(m.n_moved for m in found.moved) == n_second
    assert cost_first + sum((m.cost_moved for m in found.moved), Decimal(0)) == cost_second
    assert {m.kind for m in found.moved} >= {"stayed", "joined", "left"}
    assert cost_first > 0
    assert (found.spans[0][1] - found.spans[0][0]) == (found.spans[1][1] - found.spans[1][0])


def test_the_dead_are_told_apart_from_those_who_left(places: Places, truth: duckdb.DuckDBPyConnection) -> None:
    place = open_place(places.folder)
    first, second = (point(place, f"{places.by_list.run_id}@{day}", "current") for day in ("2024-10-15", "2025-12-15"))
    died = sum(m.n_person for m in difference(first, second, None, is_after=False).moved if m.reason == "died")
    true = truth.execute("""select count(*) from true_person join whose using (person_key) where arrived_date < date '2024-11-01'
      and coalesce(left_date, date '2030-01-01') > date '2024-10-01' and death_date >= date '2024-10-01' and death_date < date '2025-12-01'
      and coalesce(left_date, date '2030-01-01') > death_date""").fetchall()[0][0]
    assert died == true > 10


def test_the_commands_say_it(accord: Command, places: Places) -> None:
    shown = accord("attribution", "show", "--place", places.folder)
    assert shown.code == 0, shown.err
    assert "no qualifying care" in shown.out and "by most primary care" in shown.out
    said = accord("attribution", "diff", f"{places.by_list.run_id}@2024-10-15", "2025-12-15", "--place", places.folder)
    assert said.code == 0, said.err
    assert "stayed: with the same organisation" in said.out
    for arguments, message in (
        (("2025-12-15", "2024-10-15"), "give the earlier one first"),
        (("2020-01-01", "2024-10-15"), "is not in the period of run"),
        (("nonsense", "2024-10-15"), "nonsense"),
    ):
        refused = accord("attribution", "diff", *arguments, "--place", places.folder)
        assert refused.code == 2
        assert message in refused.message
