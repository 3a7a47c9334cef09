"""Any totals: months, partners and contracts add up; order is irrelevant; nothing that was known later is seen."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from accord.settlement.position import position
from accord.settlement.position.totals import each_month
from accord.settlement.sheet import month

MONTHS = [f"{m:%Y-%m}" for m in each_month(month("2025-04"), month("2025-09"))]
HEADING = "contract,partner,service,month,known,plan,activity,amount,paid\n"
cents = st.integers(-2_000, 20_000).map(lambda n: f"{n / 100:.2f}")


@st.composite
def rows(draw):
    """Some rows of two contracts, two partners: plans known beforehand, amounts known in the month of care or after, some taken back."""
    made = []
    for contract, partner in draw(st.lists(st.sampled_from([("a", "X"), ("a", "Y"), ("b", "X")]), min_size=1, max_size=3, unique=True)):
        made += [f"{contract},{partner},care,{m},2025-03,{draw(st.integers(0, 200))}.00,,," for m in MONTHS]
        for n, m in enumerate(MONTHS[:5]):
            for known in draw(st.lists(st.sampled_from(MONTHS[n:5]), max_size=2)):
                made.append(f"{contract},{partner},care,{m},{known},,{draw(st.integers(0, 9))},{draw(cents)},{draw(cents)}")
    return made


def of(lines, known_at=None):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "totals.csv"
        file.write_text(HEADING + "\n".join(lines) + "\n", encoding="utf-8")
        return position(file, known_at)


def pence(lines, column):
    return sum((Decimal(line.split(",")[column] or 0) for line in lines), Decimal(0))


@settings(max_examples=25)
@given(rows())
def test_everything_adds_up(lines):
    found = of(lines)
    assert sum(c.begun.actual for c in found.contracts) == pence(lines, 7)
    assert sum(c.begun.paid for c in found.contracts) == pence(lines, 8)
    assert sum(c.outturn.plan for c in found.contracts) == pence(lines, 5)
    for contract in found.contracts:
        for figure in ("plan", "activity", "actual", "accrual", "due", "paid", "balance"):
            total = getattr(contract.begun, figure)
            assert sum(getattr(m, figure) for m in contract.months) == total
            assert sum(getattr(p.begun, figure) for p in contract.partners) == total
        assert contract.outturn.forecast == sum(p.outturn.forecast for p in contract.partners)
        assert contract.outturn.forecast == contract.begun.due + contract.outturn.to_come


@settings(max_examples=15)
@given(rows(), st.randoms(use_true_random=False))
def test_the_order_of_rows_is_irrelevant(lines, chance):
    shuffled = list(lines)
    chance.shuffle(shuffled)
    assert of(lines) == of(shuffled)


@settings(max_examples=15)
@given(rows(), st.sampled_from(MONTHS[:5]))
def test_what_is_known_later_is_not_seen(lines, known_at):
    until = [line for line in lines if line.split(",")[4] <= known_at]
    with_later = of(lines, month(known_at))
    assert with_later.contracts == of(until, month(known_at)).contracts
    assert with_later.n_later == len(lines) - len(until)
