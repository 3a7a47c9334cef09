"""A pool as a party of its own: who paid into it, what it paid for, and what each member has of it in the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accord.books import Account, Party, Posting, charge
from accord.clauses import pool
from accord.clauses.walking import NOTHING, pennies
from accord.settlement.contract import Contract, root_of

OTHERS = "others"
"""Whoever a pool paid beside the clauses of its contract: the payer sends how much, and not whom."""


@dataclass(frozen=True)
class PoolAccount:
    """One pool. paid_in: by member. pays: the clauses that it pays. spent: beside them. shared: by member; below zero, what the member makes good."""

    id: str
    clause_id: str
    paid_in: Mapping[str, Decimal]
    pays: tuple[str, ...]
    paid_for: Decimal
    spent: Decimal
    shared: Mapping[str, Decimal]

    @property
    def left(self) -> Decimal:
        """What stays in the pool: its reserve, a gain that is not released, and half pennies."""
        return sum(self.paid_in.values(), NOTHING) - self.paid_for - self.spent - sum(self.shared.values(), NOTHING)

    def lines(self) -> Iterator[tuple[str, str, Decimal]]:
        """The account line by line: the other party, what it is, and the amount; below zero it leaves the pool. They add up to what is left."""
        yield from ((member, "paid in", amount) for member, amount in self.paid_in.items())
        yield from ((clause, "paid in the payer's place", -self.paid_for) for clause in (", ".join(self.pays),) if self.pays)
        yield from ((OTHERS, "spent", -self.spent) for _ in range(bool(self.spent)))
        yield from ((member, "shared out", -amount) for member, amount in self.shared.items())


def pool_id(contract_id: str, clause_id: str) -> str:
    """The name by which a pool stands in the books: no partner's can be the same, as none has a stroke in it."""
    return f"{contract_id}/{clause_id}"


def party_of(id: str) -> Party:
    """The party of a name, a pool where the name is one's."""
    return Party(id, is_pool="/" in id)


def account_of(contract_id: str, terms: Any, facts: Any) -> PoolAccount:
    """The account of a pool as its clause was settled."""
    paid_in = {c.id: pool.contributed(c, facts) for c in terms.contributions}
    paid_for = sum((facts.paid_for[clause] for clause in terms.pays), NOTHING)
    shared = pool.shares(terms, facts)
    return PoolAccount(pool_id(contract_id, terms.id), terms.id, paid_in, terms.pays, paid_for, pennies(facts.spent), shared)


def debtors(contract_id: str, contract: Contract) -> dict[str, str]:
    """By clause, the pool that pays it in the payer's place: the pool names a clause, and pays all that changes it too."""
    pools = {id: pool_id(contract_id, each.id) for each in contract.clause if each.kind == "pool" and not each.shadow for id in each.pays}
    roots = {clause.id: root_of(contract, clause.id) for clause in contract.clause}
    return {id: pools[root] for id, root in roots.items() if root in pools}


def pool_postings(account: PoolAccount, because: str) -> Iterator[Posting]:
    """What members and the pool come to owe each other, and what the pool spent with others; what it pays for clauses is posted with those."""
    party = Party(account.id, is_pool=True)
    for member, amount in account.paid_in.items():
        yield from charge(Party(member), party, amount, because)
    if account.spent:
        yield Posting(party, Account.expense, Party(OTHERS), account.spent, because)
        yield Posting(party, Account.bank, Party(OTHERS), -account.spent, because)
    for member, amount in account.shared.items():
        yield from charge(party, Party(member), amount, because) if amount >= 0 else charge(Party(member), party, -amount, because)


def in_hand_of(accounts: Iterable[PoolAccount]) -> Iterator[tuple[str, Decimal]]:
    """What each pool leaves its members, itself and others with."""
    for account in accounts:
        yield from ((member, -amount) for member, amount in account.paid_in.items())
        yield from account.shared.items()
        yield account.id, account.left
        yield OTHERS, account.spent
