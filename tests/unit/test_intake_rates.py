"""What a rate comes to over a number of days: held against exact fractions, and the days of any split add up."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import duckdb
import pytest

from accord.intake.layout import Layout
from accord.intake.layout_faults import layout_faults
from accord.intake.rates import compile_rate, over
from accord.intake.readers import Weekly
from accord.intake.reading import Reading
from accord.tables.contract import Table, text

DAYS = {"day": Fraction(1), "week": Fraction(7), "two_weeks": Fraction(14), "four_weeks": Fraction(28), "month": Fraction(364, 12),
        "quarter": Fraction(364, 4), "year": Fraction(364)}  # fmt: skip
RAW = Table("raw_p", "", (text("rate", ""), text("per", "")), ())


def exact(rate: str, per: str, n: int) -> Decimal:
    cents = Fraction(rate) * 100 * n / DAYS[per]
    whole = (abs(cents) + Fraction(1, 2)).__floor__()
    return Decimal(whole if cents >= 0 else -whole) / 100


def test_the_first_n_days_come_to_the_rate_times_n_over_its_days_rounded_once() -> None:
    draw = random.Random(7)
    rates = [f"{draw.choice(['', '', '-'])}{draw.randrange(0, 10 ** draw.randrange(1, 10))}.{draw.randrange(100):02}" for _ in range(3000)]
    cases = [(i, rate, draw.choice(list(DAYS)), draw.randrange(0, 4000)) for i, rate in enumerate(rates)]
    reading = Reading(RAW, ())
    every = {"lookup": "per", "values": {per: per for per in DAYS}}
    value = over(compile_rate(Weekly.model_validate({"weekly": "rate", "every": every}), reading, False).sql, "v._record_number")
    with duckdb.connect() as connection:
        connection.execute("create table said (_submission_id integer, rate varchar, per varchar, _record_number bigint)")
        connection.executemany("insert into said values (?, ?, ?, ?)", cases)
        about = ("_received_at", "_partner_id", "_hash_a", "_hash_b", "_salt", "_source_id", "_corrects", "_withdrawn_at")
        connection.execute(f"create view raw_p as select *, {', '.join(f'1 as {column}' for column in about)} from said")
        found = dict(connection.execute(f"select v._submission_id, {value} from {reading.select(value)}").fetchall())
    assert found == {i: exact(rate, per, n) for i, rate, per, n in cases}
    assert len({per for _, _, per, _ in cases}) == len(DAYS)


MAP = {
    "title": "Packages", "reference": "a council's own", "file": {"format": "csv"},
    "identifier": [{"column": "client", "system": "client", "scope": "partner"}],
    "activity": {"setting": {"constant": "social_care"}, "start_date": {"date": "from", "format": "YYYY-MM-DD"}, "gross_amount": {"weekly": "gross"}},
}  # fmt: skip


def faults(**fields: object) -> list[str]:
    return [f.what for f in layout_faults(Layout.model_validate(MAP | {"activity": MAP["activity"] | fields}))]


def test_a_map_of_rates_alone_holds() -> None:
    assert faults(client_amount={"weekly": "client"}) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"client_amount": {"amount": "client"}}, "client_amount is not a rate, and gross_amount is"),
        ({"cost": {"constant": "1.00"}}, "cost is not a rate"),
        ({"cost": {"first_of": [{"weekly": "a"}, {"weekly": "b"}]}}, "cost is not a rate"),
        ({"gross_amount": {"first_of": [{"weekly": "a"}, {"weekly": "b"}]}}, "gross_amount is not a rate"),
        ({"net_amount": {"weekly": "net"}}, "both gross_amount and net_amount are rates"),
        ({"quantity": {"number": "hours"}}, "quantity would be repeated in every month"),
        ({"duration_minutes": {"integer": "minutes"}}, "duration_minutes would be repeated in every month"),
    ],
)  # fmt: skip
def test_what_would_be_repeated_or_rounded_apart_is_a_fault(fields: dict, said: str) -> None:
    assert [what for what in faults(**fields) if what.startswith(said)], faults(**fields)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        ({"every": {"lookup": "per", "values": {"Weekly": "weekly"}}}, "'weekly' is nothing that a rate is for"),
        ({"every": {"lookup": "per", "values": {"Hourly": "unit"}}}, "write times"),
        ({"times": "hours"}, "write times"),
    ],
)
def test_a_rate_for_nothing_known_is_refused(rate: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Weekly.model_validate({"weekly": "rate"} | rate)
