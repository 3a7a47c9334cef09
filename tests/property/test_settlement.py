"""Contracts settled: journals balance, no pound is lost, order is irrelevant, and interim then final is the same as final at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
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
from accord.settlement.contract import Contract, root_of
from accord.settlement.disputes import Agreed, Dispute, Disputes, Raised, dispute_faults
from accord.settlement.figures import Given, Payment
from accord.settlement.freezing import with_disputes
from accord.settlement.journals import journal_rows, journals_of, movement, position, standing, wanted
from accord.settlement.span import Span, next_month, span_of, to_date
from accord.settlement.taxing import Tax, tax_on
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


FIRST_RAISED, KNOWN = date(2025, 9, 1), date(2026, 5, 1)


@st.composite
def disputes_of(draw: st.DrawFn, settled: Settled) -> Raised:
    """Some lines of a settlement, whole clauses among them, each in dispute for all of it or less; some are decided, some are raised too late."""
    between = [each for each in settled.clauses if not (each.debtor or each.pool)]  # what a pool pays is no matter of a dispute
    lines = [(each.terms.id, each.due) for each in between if not each.terms.shadow]
    for each in (each for each in between if each.terms.kind in ("activity_price", "block", "risk_corridor")):
        lines += [(f"c/{each.terms.id}/paid/{n}", line.amount) for n, line in enumerate(each.bridges["paid"]) if n and not each.terms.shadow]
    chosen = draw(st.lists(st.sampled_from([(line, amount) for line, amount in lines if amount] or [("planned", Decimal("0.00"))]), unique=True))
    found: list[Dispute] = []
    for n, (line, amount) in enumerate(chosen):
        clause = line.split("/")[1] if "/" in line else line
        if amount and not any(clause in (each.clause_id, each.line) for each in found):
            found.append(draw(_dispute(f"d{n}", line, abs(amount))))
    return Raised(Path("disputes/c.toml"), tuple(enumerate(found)))


@st.composite
def _dispute(draw: st.DrawFn, id: str, line: str, most: Decimal) -> Dispute:
    raised_on = draw(st.dates(FIRST_RAISED, KNOWN + timedelta(days=30)))
    amount = draw(st.decimals(Decimal("0.01"), most, places=2))
    outcome = draw(st.one_of(st.none(), st.sampled_from(["upheld", "rejected"]), st.builds(Agreed, agreed=st.decimals(0, amount, places=2))))
    resolved_on = None if outcome is None else draw(st.dates(raised_on, KNOWN + timedelta(days=60)))
    return Dispute(
        id=id, line=line, raised_by=draw(st.sampled_from(["QMW", "RMX"])), raised_on=raised_on, reason="it is not so", amount=amount,
        answer_by=raised_on + timedelta(days=28), resolved_on=resolved_on, outcome=outcome,
    )  # fmt: skip


def _raised_before(raised: Raised) -> Raised:
    """The same, each raised and open on the day that is settled first."""
    return Raised(raised.file, tuple((n, each.model_copy(update={"raised_on": FIRST_RAISED, "outcome": None, "resolved_on": None}))
                                     for n, each in raised.disputes))  # fmt: skip


def _rejected(raised: Raised) -> Raised:
    return Raised(raised.file, tuple((n, each.model_copy(update={"outcome": "rejected", "resolved_on": KNOWN})) for n, each in raised.disputes))


def _is_taxed(settled: Settled, clause_id: str) -> bool:
    return tax_on(settled.contract, root_of(settled.contract, clause_id), settled.tax).rate is not None


@given(contracts(), done(), TAXES, PAYMENTS, st.data())
def test_whatever_is_in_dispute_every_journal_balances_and_what_is_settled_is_due_or_frozen_or_has_fallen_away(
    contract: Contract, what: Done, tax: Tax, payments: list[Payment], data: st.DataObject
) -> None:
    plain = _settle(contract, what, tax)
    raised = data.draw(disputes_of(plain))
    settled = with_disputes(plain, raised, KNOWN)
    journals = wanted(settled, "s", payments)
    for journal in journals:
        for party in {p.party for p in journal.postings}:
            assert sum(p.amount for p in journal.postings if p.party == party) == 0
    sums = _sums(journals)
    assert sums.get(("RMX", Account.disputed, "QMW"), Decimal(0)) == -sums.get(("QMW", Account.disputed, "RMX"), Decimal(0)) == settled.frozen
    assert settled.net == plain.net == settled.due_net + settled.frozen + settled.conceded
    assert settled.whole().result == settled.due == position(journals, "QMW", "RMX").due
    nets: dict[Tax, Decimal] = {}
    for line in (line for line in settled.taxes if not line.debtor):
        nets[line.tax] = nets.get(line.tax, Decimal(0)) + line.net
    assert settled.vat == sum((pennies(net * (own.rate or 0)) for own, net in nets.items()), Decimal(0))
    untaxed = sum((line.net for line in plain.taxes if not line.debtor), Decimal(0)) - sum(nets.values(), Decimal(0))
    assert untaxed == sum((each.frozen + each.conceded for each in settled.disputes if _is_taxed(settled, each.dispute.clause_id)), Decimal(0))
    assert -sums.get(("RMX", Account.income, "QMW"), Decimal(0)) == settled.net - settled.conceded
    assert {held.dispute.id for held in settled.disputes} == {each.id for _, each in raised.disputes if each.raised_on <= KNOWN}
    assert len({journal.id for journal in journals}) == len(journals)
    assert tuple(journals_of(journal_rows(journals))) == journals


@given(contracts(), done(), TAXES, PAYMENTS, st.data())
def test_a_dispute_that_is_raised_and_rejected_in_the_end_is_as_if_it_was_never_raised(
    contract: Contract, what: Done, tax: Tax, payments: list[Payment], data: st.DataObject
) -> None:
    plain = _settle(contract, what, tax)
    raised = _raised_before(data.draw(disputes_of(plain)))
    frozen, released = with_disputes(plain, raised, FIRST_RAISED), with_disputes(plain, _rejected(raised), KNOWN)
    assert (released.due, released.frozen, released.conceded) == (plain.due, 0, 0)
    posted = list(wanted(frozen, "s0", payments))
    moved = movement(wanted(released, "s1", payments), standing(posted), "s1", date(2026, 3, 31))
    assert {journal.reverses for journal in moved if journal.reverses} == {"s0", *(f"s0 dispute {each.id}" for _, each in raised.disputes)}
    assert _sums([*posted, *moved]) == _sums(wanted(plain, "s", payments))


@given(contracts(), done(), TAXES, st.data())
def test_a_line_that_stays_in_dispute_is_frozen_once_and_not_released_by_the_settlement_after(
    contract: Contract, what: Done, tax: Tax, data: st.DataObject
) -> None:
    plain = _settle(contract, what, tax)
    raised = _raised_before(data.draw(disputes_of(plain)))
    first, second = (wanted(with_disputes(plain, raised, day), id, ()) for id, day in (("s0", FIRST_RAISED), ("s1", KNOWN)))
    moved = movement(second, standing(first), "s1", date(2026, 3, 31))
    assert not [p for journal in moved for p in journal.postings if p.account is Account.disputed]
    assert _sums([*first, *moved]) == _sums(first) == _sums(second)


@given(contracts(), done(), st.data())
def test_disputes_that_can_be_written_have_no_faults(contract: Contract, what: Done, data: st.DataObject) -> None:
    raised = data.draw(disputes_of(_settle(contract, what)))
    if raised.disputes:
        read = Disputes(dispute=tuple(each for _, each in raised.disputes))
        assert list(dispute_faults(read, "c", contract)) == []
