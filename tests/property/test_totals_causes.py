"""A monthly file against the run, and bands of luck: causes add up whatever the figures, timing comes to nothing, gains and losses are alike."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.settlement.chain import SettledClause
from accord.settlement.contract import Contract
from accord.settlement.luck import luck_of
from accord.settlement.totals import Done, Total, differences
from accord.settlement.totals_causes import Cause, causes_of, totals_by_cause
from accord.stats import luck_band, verdict

CONTRACT = Contract.model_validate(
    {
        "title": "A test", "payer": "QMW", "payee": "RMX", "period": {"from": date(2025, 4, 1), "to": date(2026, 4, 1)},
        "population": {"registered_with": "partners"},
        "clause": [{"kind": "activity_price", "id": "care", "services": ["visit", "stay"], "prices": "submitted", "unpriced": "at_cost"}],
    }
)  # fmt: skip
totals = st.builds(
    Total, st.just("care"), st.integers(4, 7).map(lambda m: date(2025, m, 1)), st.sampled_from(["visit", "stay"]), st.sampled_from(["A", "B"]),
    st.integers(0, 4), st.integers(0, 4000).map(lambda n: Decimal(n) / 100 + Decimal("0.00")),
)  # fmt: skip
done = st.lists(totals, max_size=12).map(lambda rows: Done(tuple(rows)))


@given(done, done)
def test_causes_add_up_to_the_difference(file: Done, run: Done) -> None:
    found = list(causes_of(CONTRACT, file, run))
    whole = sum((t.value for t in file.totals), Decimal(0)) - sum((t.value for t in run.totals), Decimal(0))
    assert sum((a.amount for a in found), Decimal(0)) == whole
    assert sum(totals_by_cause(found).values(), Decimal(0)) == whole
    assert sum((d.amount for d in differences(CONTRACT, file, run)), Decimal(0)) == whole
    assert totals_by_cause(found).get(Cause.timing, Decimal(0)) == 0


@given(done, done)
def test_both_ways_round_the_causes_are_the_same(file: Done, run: Done) -> None:
    pairs = ((1, (file, run)), (-1, (run, file)))
    one, other = (sorted((a.key, a.cause, sign * a.amount) for a in causes_of(CONTRACT, *pair)) for sign, pair in pairs)
    assert one == other


def total(month: int, group: str, n: int, amount: str, service: str = "visit") -> Total:
    return Total("care", date(2025, month, 1), service, group, n, Decimal(amount))


STEADY = [total(m, "A", 10, "100.00") for m in (4, 5, 6)]


@pytest.mark.parametrize(
    ("file", "cause", "amounts"),
    [
        ([total(4, "A", 9, "90.00"), total(5, "A", 11, "110.00"), STEADY[2]], Cause.timing, ["-10.00", "10.00"]),
        ([*STEADY, total(6, "B", 2, "30.00")], Cause.scope, ["30.00"]),
        ([*STEADY, total(6, "A", 1, "7.00", "stay")], Cause.scope, ["7.00"]),
        (STEADY[:2], Cause.missing_rows, ["-100.00"]),
        ([*STEADY[:2], total(6, "A", 8, "80.00")], Cause.missing_rows, ["-20.00"]),
        ([*STEADY[:2], total(6, "A", 10, "100.08")], Cause.rounding, ["0.08"]),
        ([*STEADY[:2], total(6, "A", 10, "120.00")], Cause.price, ["20.00"]),
        ([*STEADY[:2], total(6, "A", 12, "131.00")], Cause.unknown, ["31.00"]),
    ],
)
def test_each_cause_has_its_test(file: list[Total], cause: Cause, amounts: list[str]) -> None:
    found = list(causes_of(CONTRACT, Done(tuple(file)), Done(tuple(STEADY))))
    assert [(a.cause, a.amount) for a in found] == [(cause, Decimal(amount)) for amount in amounts]


CLAUSE = SettledClause(CONTRACT.clause[0], {}, Decimal("0.00"), Decimal("0.00"))


@given(st.integers(-10**8, 10**8), st.integers(1, 10**8), st.integers(1, 10**6))
def test_a_gain_and_a_loss_of_one_size_are_judged_alike(saving: int, expected: int, n_people: int) -> None:
    gain, loss = (luck_of(CLAUSE, Decimal(sign * saving), Decimal(expected), n_people, date(2025, 4, 1)) for sign in (1, -1))
    assert [b.verdict for b in gain.bands] == [b.verdict for b in loss.bands]
    assert [b.band for b in gain.bands] == [b.band for b in loss.bands]
    assert len(gain.bands) == 2


@given(st.floats(0.1, 5), st.integers(1, 10**6), st.floats(0.5, 0.99))
def test_more_people_or_less_spread_make_a_narrower_band(spread: float, n: int, confidence: float) -> None:
    band = luck_band(spread, [n], confidence)
    assert luck_band(spread, [n + 1], confidence) < band < luck_band(spread * 1.1, [n], confidence)
    assert verdict(band, band) == verdict(-band, band) == "inside luck"


@pytest.mark.parametrize(
    ("n_people", "expected", "why"), [(None, "100", "nobody knows"), (0, "100", "nobody knows"), (10, None, "nothing was expected")]
)
def test_a_saving_without_people_or_benchmark_says_so(n_people: int | None, expected: str | None, why: str) -> None:
    found = luck_of(CLAUSE, Decimal(5), expected and Decimal(expected), n_people, date(2025, 4, 1))
    assert found.bands == ()
    assert why in found.because
