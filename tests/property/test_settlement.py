"""Contracts settled: journals balance, no pound is lost, order is irrelevant, and interim then final is the same as final at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from accord.books import Account, Journal, Party, balances
from accord.clauses.walking import pennies
from accord.settlement.chain import Case, Settled, settle
from accord.settlement.comparing import effects
from accord.settlement.contract import Contract
from accord.settlement.figures import Given, Payment
from accord.settlement.journals import journal_rows, journals_of, movement, position, standing, wanted
from accord.settlement.span import Span, next_month, span_of, to_date
from accord.settlement.taxing import Tax
from accord.settlement.totals import Done, Total, differences, value

PERIOD = {"from": date(2025, 4, 1), "to": date(2026, 4, 1)}
MONTHS = [date(2025, n, 1) for n in range(4, 13)] + [date(2026, n, 1) for n in range(1, 4)]
ACTIVITY = {"kind": "activity_price", "id": "planned", "services": ["planned", "visit"], "prices": "submitted", "unpriced": "at_cost"}
CLAUSES: dict[str, dict[str, Any]] = {
    "planned": ACTIVITY,
    "urgent": {
        "kind": "marginal_rate", "id": "urgent", "services": ["urgent"], "prices": "submitted", "baseline": {"amount": Decimal("5000.00")},
        "rate_above": Decimal("0.30"), "schemes": [{"id": "falls", "amount": Decimal("100.00")}],
    },
    "block": {"kind": "block", "id": "block", "services": ["contact"], "prices": "reported_cost", "value": Decimal("40000.01")},
    "mixed": {
        "kind": "fixed_and_variable", "id": "mixed", "services": ["mixed"], "prices": "submitted", "fixed": Decimal("1000.00"),
        "variable": [{"service": "mixed", "rate": Decimal("0.20"), "of": "difference", "plan": Decimal("777.77")}],
    },
    "corridor": {
        "kind": "risk_corridor", "id": "corridor", "target": {"amount": Decimal("90000.00")},
        "bands": [{"from": Decimal(0), "to": Decimal("0.05"), "share": Decimal("0.5")}, {"from": Decimal("0.05"), "share": Decimal("0.1")}],
    },
    "shadow": {**ACTIVITY, "id": "shadow", "services": ["contact", "urgent"], "shadow": True},
    "most": {"kind": "cap", "id": "most", "of": "planned", "on": "payment", "most": Decimal("6000.00")},
    "gain": {
        "kind": "shared_savings", "id": "gain", "benchmark": {"budget": "needs"}, "minimum": Decimal("0.02"), "share": Decimal("0.50"),
        "loss": {"rate": Decimal("0.30"), "limit": {"of": "benchmark", "rate": Decimal("0.05")}}, "vat": "outside",
    },
    "gain_gross": {"kind": "cap", "id": "gain_gross", "of": "gain", "on": "gross", "most": Decimal("5000.00"), "least": Decimal("4000.00")},
    "gain_share": {
        "kind": "cap", "id": "gain_share", "of": "gain", "on": "share", "most": {"of": "benchmark", "rate": Decimal("0.02")},
        "least": Decimal("1000.00"),
    },
    "network": {
        "kind": "pool", "id": "network", "members": ["QMW", "RMX", "COMM"], "pays": ["planned"], "reserve": Decimal("0.10"),
        "contributions": [{"id": "QMW", "amount": Decimal("9000.00")}, {"id": "RMX", "amount": {"clause": "planned", "rate": Decimal("0.05")}}],
        "gain": {"by": "performance"}, "loss": {"by": "equal"},
    },
    "taxed": {**ACTIVITY, "id": "taxed", "services": ["taxed"], "vat": {"rate": Decimal("0.05"), "recoverable": False}},
    "exempt": {**ACTIVITY, "id": "exempt", "services": ["exempt"], "vat": "exempt"},
}  # fmt: skip
SERVICES = {"planned": ["planned", "visit"], "urgent": ["urgent"], "block": ["contact"], "mixed": ["mixed"], "shadow": ["contact", "urgent"]}
SERVICES |= {"taxed": ["taxed"], "exempt": ["exempt"]}
FIGURES = {"network": {"weights": {"performance": {"RMX": Decimal(2), "COMM": Decimal(1)}}, "spent": Decimal("123.45")}}
AMOUNTS = st.decimals(Decimal("-5000.00"), Decimal("50000.00"), places=2)
PAYMENTS = st.lists(st.builds(Payment, st.sampled_from(MONTHS), AMOUNTS), max_size=4)
TAXES = st.sampled_from([Tax(), Tax(Decimal("0.20"), True), Tax(Decimal("0.20"), False)])


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """The base, and some of the others, in any order."""
    others = draw(st.lists(st.sampled_from([name for name in CLAUSES if name != "planned"]), unique=True))
    needed = ["gain"] if {"gain_gross", "gain_share"} & set(others) and "gain" not in others else []
    return _contract(draw(st.permutations(["planned", *others, *needed])))


def _contract(names: Iterable[str]) -> Contract:
    clauses = [CLAUSES[name] for name in names]
    head = {"title": "A contract", "payer": "QMW", "payee": "RMX", "period": PERIOD, "population": {"registered_with": "partners"}}
    return Contract.model_validate({**head, "clause": clauses})


@st.composite
def done(draw: st.DrawFn) -> Done:
    """What was done: some months of some services, each under every clause that knows it."""
    totals = []
    for clause, services in SERVICES.items():
        for service in services:
            for month in draw(st.lists(st.sampled_from(MONTHS), unique=True, max_size=4)):
                n, n_unpriced = draw(st.integers(1, 99)), draw(st.integers(0, 1))
                totals.append(Total(clause, month, service, "none", n, draw(AMOUNTS), n_unpriced, draw(AMOUNTS) if n_unpriced else Decimal("0.00")))
    return Done(tuple(totals))


def _settle(contract: Contract, what: Done, tax: Tax = Tax(), until: date | None = None) -> Settled:  # noqa: B008 (a frozen value)
    days = span_of(contract, until)
    seen = Done(tuple(t for t in what.totals if t.month < days.end_date))
    gain = {"benchmark": Decimal("100000.00"), "spent": 100_000 - value(t for t in seen.totals if t.clause_id == "planned")}
    return settle(Case("c", contract, days, seen, Given(Path("figures/c.toml"), {**FIGURES, "gain": gain}), tax, until is None, date.max))


def _sums(journals: Iterable[Journal]) -> dict[tuple[str, Account, str], Decimal]:
    found: dict[tuple[str, Account, str], Decimal] = defaultdict(Decimal)
    for journal in journals:
        for p in journal.postings:
            found[p.party.id, p.account, p.other.id] += p.amount
    return {key: amount for key, amount in found.items() if amount}


@given(contracts(), done(), TAXES, PAYMENTS)
def test_every_journal_balances_and_the_bridge_leads_to_what_is_owed(contract: Contract, what: Done, tax: Tax, payments: list[Payment]) -> None:
    settled = _settle(contract, what, tax)
    journals = wanted(settled, "s", payments)
    paid = sum((p.amount for p in payments), Decimal(0))
    for journal in journals:
        for party in {p.party for p in journal.postings}:
            assert sum(p.amount for p in journal.postings if p.party == party) == 0
    assert settled.whole().result == settled.due == settled.net + settled.vat
    assert position(journals, "QMW", "RMX").due == settled.due
    assert position(journals, "QMW", "RMX").balance == settled.due - paid
    owed = balances(p for journal in journals for p in journal.postings)
    assert owed.get((Party("RMX"), Party("QMW")), -owed.get((Party("QMW"), Party("RMX")), Decimal(0))) == settled.due - paid


@given(contracts(), done(), TAXES)
def test_no_pound_is_made_or_lost(contract: Contract, what: Done, tax: Tax) -> None:
    """What one side spends, the other earns, but for what is kept back, VAT that is handed on, and VAT that nobody gets back."""
    settled = _settle(contract, what, tax)
    sums = _sums(wanted(settled, "s", ()))
    spent, earned = sums.get(("QMW", Account.expense, "RMX"), Decimal(0)), -sums.get(("RMX", Account.income, "QMW"), Decimal(0))
    pool_lost = sum((line.lost for line in settled.taxes if line.debtor), Decimal(0))
    assert earned == settled.net
    assert spent == earned + settled.kept + settled.irrecoverable_vat
    assert -sums.get(("QMW", Account.ring_fenced, "RMX"), Decimal(0)) == settled.kept
    nothing = _settle(contract, Done(()), tax)
    gains = sum(effect.gain for effect in effects(nothing, settled))
    lost_before = nothing.irrecoverable_vat + sum((line.lost for line in nothing.taxes if line.debtor), Decimal(0))
    assert gains == lost_before - settled.irrecoverable_vat - pool_lost


@given(contracts(), done(), TAXES)
def test_a_pool_is_a_party_whose_accounts_say_what_is_left_in_it(contract: Contract, what: Done, tax: Tax) -> None:
    """Its income less what it spends is what is left; what members pay in and get out is in the journal, against the pool and nobody else."""
    settled = _settle(contract, what, tax)
    sums = _sums(wanted(settled, "s", ()))
    for account in settled.pools:
        assert sum(amount for _, _, amount in account.lines()) == account.left
        own = {Account.income, Account.expense}
        assert -sum(amount for (party, kind, _), amount in sums.items() if party == account.id and kind in own) == account.left
        assert account.left >= 0 or sum(account.shared.values()) < 0
        assert account.paid_for == sum(e.due for e in settled.clauses if e.debtor) + sum(line.lost for line in settled.taxes if line.debtor)
        between = {party for party, _, other in sums if other == account.id}
        assert between <= {"QMW", "RMX", "COMM"}
    assert len(settled.pools) == sum(clause.kind == "pool" for clause in contract.clause)


@given(contracts(), done(), TAXES)
def test_each_clause_has_a_line_of_vat_and_the_lines_add_up_to_the_vat_on_their_sum(contract: Contract, what: Done, tax: Tax) -> None:
    settled = _settle(contract, what, tax)
    assert sum((line.amount for line in settled.taxes if not line.debtor), Decimal(0)) == settled.vat
    assert sum((line.lost for line in settled.taxes if not line.debtor), Decimal(0)) == settled.irrecoverable_vat
    assert not {line.clause_id for line in settled.taxes} & {"gain", "exempt", "network", "most", "gain_gross", "gain_share", "shadow"}
    for key in {(line.debtor, line.tax) for line in settled.taxes}:
        lines = [line for line in settled.taxes if (line.debtor, line.tax) == key]
        assert sum(line.amount for line in lines) == pennies(sum(line.net for line in lines) * (key[1].rate or 0))
    assert {line.tax.rate for line in settled.taxes if line.clause_id == "taxed"} <= {Decimal("0.05")}


@given(done(), st.permutations(["planned", "gain", "gain_gross", "gain_share"]))
def test_caps_on_the_gross_and_the_share_take_hold_where_they_say(what: Done, names: list[str]) -> None:
    """By hand: the gross within its bounds, half of a gain or 30 % of a loss, that within its bounds."""
    dues = {each.terms.id: each.due for each in _settle(_contract(names), what).clauses}
    gross = value(t for t in what.totals if t.clause_id == "planned")
    is_past = abs(gross) >= 2000
    held = max(Decimal(-4000), min(Decimal(5000), gross)) if is_past else Decimal(0)
    share = max(Decimal(-1000), min(Decimal(2000), held / 2 if held > 0 else held * Decimal("0.30")))
    if gross < 0:
        share = max(share, Decimal("-5000"))
    paid = dues["gain"] + dues["gain_gross"] + dues["gain_share"]
    assert paid == pennies(share) if dues["gain_gross"] or dues["gain_share"] else abs(paid - share) <= Decimal("0.015")


@given(done())
def test_a_cap_leaves_no_more_than_it_says_and_only_what_is_above_it_is_taken(what: Done) -> None:
    dues = {each.terms.id: each.due for each in _settle(_contract(["planned", "most"]), what).clauses}
    assert dues["planned"] + dues["most"] == min(dues["planned"], Decimal("6000.00"))


@given(contracts(), done(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_of_clauses_is_irrelevant(contract: Contract, what: Done, random: Any) -> None:
    rows, clauses = list(what.totals), list(contract.clause)
    random.shuffle(rows)
    random.shuffle(clauses)
    first, second = _settle(contract, what), _settle(contract.model_copy(update={"clause": tuple(clauses)}), Done(tuple(rows)))
    assert first.due == second.due
    assert {each.terms.id: (each.bridges, each.due) for each in first.clauses} == {each.terms.id: (each.bridges, each.due) for each in second.clauses}


@given(contracts(), done(), PAYMENTS)
def test_settling_twice_changes_nothing(contract: Contract, what: Done, payments: list[Payment]) -> None:
    want = wanted(_settle(contract, what), "s", payments)
    assert movement(want, [], "s", date(2026, 3, 31)) == want
    assert movement(want, want, "s", date(2026, 3, 31)) == ()


@given(contracts(), st.lists(st.tuples(done(), TAXES, PAYMENTS), min_size=1, max_size=4))
def test_interim_then_final_is_final_at_once(contract: Contract, stages: list[tuple[Done, Tax, list[Payment]]]) -> None:
    """Whatever was settled before, with whatever figures and payments: in the end the books say what the last one says."""
    posted: list[Journal] = []
    for n, (what, tax, payments) in enumerate(stages):
        is_last = n == len(stages) - 1
        settled = _settle(contract, what, tax, None if is_last else MONTHS[n + 1])
        want = wanted(settled, f"s{n}", payments)
        posted += movement(want, standing(posted), f"s{n}", settled.span.last_date)
    assert len({journal.id for journal in posted}) == len(posted)
    assert _sums(posted) == _sums(want)
    assert _sums(standing(posted)) == _sums(want)
    assert position(standing(posted), "QMW", "RMX") == position(want, "QMW", "RMX")
    assert {journal.reverses for journal in posted if journal.reverses} >= {f"s{n}" for n in range(len(stages) - 1)}


@given(contracts(), done(), PAYMENTS)
def test_journals_come_back_from_their_rows_as_they_were(contract: Contract, what: Done, payments: list[Payment]) -> None:
    want = wanted(_settle(contract, what), "s", payments)
    undone = movement([], want, "t", date(2026, 3, 31))
    assert tuple(journals_of(journal_rows([*want, *undone]))) == (*want, *undone)
    assert standing([*want, *undone]) == []


@given(done(), st.sampled_from(MONTHS[1:]))
def test_a_contract_split_at_any_month_comes_to_the_same_where_its_terms_are_linear(what: Done, day: date) -> None:
    """Activity at its price, with or without VAT that rounds to no part of a penny: so much an act, whatever else is done. Nothing of the kind
    holds of a baseline or a cap."""
    contract = _contract(["planned", "exempt"])
    before = contract.model_copy(update={"period": contract.period.model_copy(update={"end_date": day})})
    after = contract.model_copy(update={"period": contract.period.model_copy(update={"start_date": day})})
    early, late = (Done(tuple(t for t in what.totals if (t.month < day) == is_early)) for is_early in (True, False))
    assert _settle(before, early).due + _settle(after, late).due == _settle(contract, what).due


@given(st.sampled_from(MONTHS[1:]))
def test_what_a_contract_fixes_for_its_period_counts_by_the_months_that_are_over(until: date) -> None:
    block, days = _contract(["planned", "block"]).clause[1], span_of(_contract(["planned"]), until)
    assert days.part == Fraction(MONTHS.index(until), 12)
    assert abs(to_date(block, days.part).value - Decimal("40000.01") * MONTHS.index(until) / 12) <= Decimal("0.005")
    assert to_date(block, Fraction(1)) == block
    mixed, corridor, urgent, most = _contract(["planned", "mixed", "corridor", "urgent", "most"]).clause[1:]
    half = Fraction(1, 2)
    assert (to_date(mixed, half).fixed, to_date(mixed, half).variable[0].plan) == (Decimal("500.00"), Decimal("388.89"))
    assert (to_date(corridor, half).target.amount, to_date(corridor, half).bands) == (Decimal("45000.00"), corridor.bands)
    assert (to_date(urgent, half).baseline.amount, to_date(urgent, half).schemes[0].amount) == (Decimal("2500.00"), Decimal("50.00"))
    assert (to_date(urgent, half).rate_above, to_date(most, half).most) == (urgent.rate_above, Decimal("3000.00"))


def test_a_period_that_is_not_of_whole_months_counts_by_days() -> None:
    contract = _contract(["planned"])
    odd = contract.model_copy(update={"period": contract.period.model_copy(update={"start_date": date(2026, 3, 22)})})
    assert span_of(odd, date(2026, 3, 27)) == Span(date(2026, 3, 22), date(2026, 3, 27), Fraction(1, 2))
    assert next_month(date(2025, 12, 31)) == date(2026, 1, 1)


@given(done(), done())
def test_two_accounts_of_one_contract_differ_by_what_each_month_and_service_differs_by(one: Done, other: Done) -> None:
    contract = _contract(["planned", "shadow"])
    found = differences(contract, one, other)
    paid = [sum((t.value for t in each.totals if t.clause_id == "planned"), Decimal(0)) for each in (one, other)]
    assert sum((d.amount for d in found), Decimal(0)) == paid[0] - paid[1]
    assert all(d.amount == 0 for d in differences(contract, one, one))
