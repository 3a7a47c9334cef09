"""Journals in double entry: every party's side of each movement of money, and what each owes the others in the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

PLACES = -2


class Account(StrEnum):
    """What a posting is to the party in whose books it stands. `receivable` and `payable` are held against one other party each."""

    income = "income"
    expense = "expense"
    receivable = "receivable"
    payable = "payable"
    bank = "bank"
    ring_fenced = "ring_fenced"  # kept for a stated purpose, such as what the marginal rate keeps back
    vat = "vat"  # owed to the tax office by who charges it, and by the tax office to who gets it back
    disputed = "disputed"  # charged and contested: not due until it is decided; held against one other party, as a receivable or payable is


BETWEEN_PARTIES = (Account.receivable, Account.payable)


@dataclass(frozen=True, order=True)
class Party:
    """Whoever can owe or be owed. A pool is a party of its own, whoever its members are."""

    id: str
    is_pool: bool = False


@dataclass(frozen=True)
class Posting:
    """One side of one movement: above zero a debit of the party's account, below zero a credit. because: the bridge or paper behind it."""

    party: Party
    account: Account
    other: Party
    amount: Decimal
    because: str = ""

    def __post_init__(self) -> None:
        assert self.amount.as_tuple().exponent == PLACES, f"{self.amount} is not an amount of two places"
        assert self.party.id != self.other.id, f"{self.party.id} cannot owe itself"


@dataclass(frozen=True)
class Journal:
    """Postings that belong together: they balance within each party, and what one party owes another is what that one is owed.

    reverses: of a correction, the id of the journal that it takes back.
    """

    id: str
    posted_on: date
    postings: tuple[Posting, ...]
    reverses: str | None = None

    def __post_init__(self) -> None:
        assert self.reverses != self.id, f"journal {self.id} reverses itself"
        unbalanced = {party.id: total for party, total in _totals(self.postings).items() if total}
        assert not unbalanced, f"journal {self.id} does not balance within each party: {unbalanced}"
        for accounts in (BETWEEN_PARTIES, (Account.disputed,)):
            owed = _held(self.postings, accounts)
            one_sided = [(a.id, b.id) for (a, b), amount in owed.items() if owed.get((b, a), Decimal(0)) != -amount]
            assert not one_sided, f"journal {self.id} has debts that only one side knows of: {one_sided}"


def charge(debtor: Party, creditor: Party, amount: Decimal, because: str = "") -> tuple[Posting, ...]:
    """The four postings by which one party comes to owe another an amount. A negative amount is a credit note."""
    return (
        Posting(debtor, Account.expense, creditor, amount, because),
        Posting(debtor, Account.payable, creditor, -amount, because),
        Posting(creditor, Account.receivable, debtor, amount, because),
        Posting(creditor, Account.income, debtor, -amount, because),
    )


def value_added(debtor: Party, creditor: Party, amount: Decimal, *, is_recoverable: bool, because: str = "") -> tuple[Posting, ...]:
    """The four postings by which one party comes to owe another the VAT on a charge: the debtor's expense, unless it gets it back."""
    return (
        Posting(debtor, Account.vat if is_recoverable else Account.expense, creditor, amount, because),
        Posting(debtor, Account.payable, creditor, -amount, because),
        Posting(creditor, Account.receivable, debtor, amount, because),
        Posting(creditor, Account.vat, debtor, -amount, because),
    )


def set_aside(keeper: Party, other: Party, amount: Decimal, because: str = "") -> tuple[Posting, ...]:
    """The two postings by which a party keeps back in a ring-fenced account what it would have paid another."""
    return (Posting(keeper, Account.expense, other, amount, because), Posting(keeper, Account.ring_fenced, other, -amount, because))


def freeze(debtor: Party, creditor: Party, amount: Decimal, because: str = "") -> tuple[Posting, ...]:
    """The four postings by which a part of what one party owes another is due no more until a dispute is decided: both hold it as disputed."""
    return (
        Posting(debtor, Account.payable, creditor, amount, because),
        Posting(debtor, Account.disputed, creditor, -amount, because),
        Posting(creditor, Account.disputed, debtor, amount, because),
        Posting(creditor, Account.receivable, debtor, -amount, because),
    )


def payment(payer: Party, payee: Party, amount: Decimal, because: str = "") -> tuple[Posting, ...]:
    """The four postings by which one party pays another what it owes."""
    return (
        Posting(payer, Account.payable, payee, amount, because),
        Posting(payer, Account.bank, payee, -amount, because),
        Posting(payee, Account.bank, payer, amount, because),
        Posting(payee, Account.receivable, payer, -amount, because),
    )


def reversal(journal: Journal, id: str, posted_on: date) -> Journal:
    """The journal that takes another back, posting for posting. Nothing is edited."""
    undone = tuple(Posting(p.party, p.account, p.other, -p.amount, p.because) for p in journal.postings)
    return Journal(id, posted_on, undone, reverses=journal.id)


def balances(postings: Iterable[Posting]) -> dict[tuple[Party, Party], Decimal]:
    """What the first of two parties is owed by the second, due less paid; once for each pair, the one that is owed named first.

    Pairs that owe each other nothing are left out. Order of the postings is irrelevant.

    >>> payer, trust = Party("QMW"), Party("RMX")
    >>> balances([*charge(payer, trust, Decimal("100.00")), *payment(payer, trust, Decimal("60.00"))])
    {(Party(id='RMX', is_pool=False), Party(id='QMW', is_pool=False)): Decimal('40.00')}
    """
    return {pair: amount for pair, amount in sorted(_held(postings, BETWEEN_PARTIES).items()) if amount > 0}


def _totals(postings: Iterable[Posting]) -> dict[Party, Decimal]:
    totals: dict[Party, Decimal] = defaultdict(Decimal)
    for posting in postings:
        totals[posting.party] += posting.amount
    return totals


def _held(postings: Iterable[Posting], accounts: Sequence[Account]) -> dict[tuple[Party, Party], Decimal]:
    held: dict[tuple[Party, Party], Decimal] = defaultdict(Decimal)
    for posting in (p for p in postings if p.account in accounts):
        held[posting.party, posting.other] += posting.amount
    return dict(held)
