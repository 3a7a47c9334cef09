"""A settlement in the books: what it charges, what was paid, and what takes earlier journals back, so that all of them add up to the latest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from accord.books import Account, Journal, Party, Posting, charge, freeze, payment, reversal, set_aside, value_added
from accord.settlement.chain import PAID, WHOLE_CONTRACT, Settled
from accord.settlement.disputes import Held
from accord.settlement.figures import Payment
from accord.settlement.pooling import party_of, pool_postings
from accord.settlement.totals import NOTHING


@dataclass(frozen=True)
class Standing:
    """What stands between payer and payee of a contract. due: charged; balance: due less paid, above zero if the payer still owes."""

    due: Decimal
    paid: Decimal

    @property
    def balance(self) -> Decimal:
        """What the payer still owes; below zero, what it has paid too much."""
        return self.due - self.paid


def wanted(settled: Settled, settlement_id: str, payments: Sequence[Payment]) -> tuple[Journal, ...]:
    """The journals that a settlement wants to stand: its charge, one for each line in dispute, and one for each payment on account."""
    return (_charge(settled, settlement_id), *_frozen(settled, settlement_id), *_payments(settled, settlement_id, payments))


def movement(want: Iterable[Journal], standing: Sequence[Journal], settlement_id: str, on: date) -> tuple[Journal, ...]:
    """The journals that bring the books from those that stand to those that are wanted: each that is no more wanted is taken back, by its name."""
    left, new = list(standing), []
    for journal in want:
        same = next((each for each in left if _is_same(each, journal)), None)
        left.remove(same) if same else new.append(journal)
    return (*(reversal(each, f"{settlement_id} takes back {each.id}", on) for each in left), *new)


def standing(journals: Iterable[Journal]) -> list[Journal]:
    """Those that nothing takes back. Order: as posted."""
    journals = list(journals)
    undone = {journal.reverses for journal in journals}
    return [journal for journal in journals if journal.reverses is None and journal.id not in undone]


def position(journals: Iterable[Journal], payer: str, payee: str) -> Standing:
    """What is due, paid and left, by the payee's side of the books."""
    postings = [p for journal in journals for p in journal.postings if p.party.id == payee and p.other.id == payer]
    paid = sum((p.amount for p in postings if p.account is Account.bank), NOTHING)
    return Standing(sum((p.amount for p in postings if p.account is Account.receivable), NOTHING) + paid, paid)


def journal_rows(journals: Iterable[Journal]) -> Iterator[dict[str, Any]]:
    """Rows of the table posting."""
    for journal in journals:
        for n, p in enumerate(journal.postings, start=1):
            yield {
                "journal_id": journal.id, "line_number": n, "posted_date": journal.posted_on, "party_id": p.party.id, "account": p.account.value,
                "other_party_id": p.other.id, "amount": p.amount, "because": p.because, "reverses_journal_id": journal.reverses,
            }  # fmt: skip


def journals_of(rows: Iterable[Mapping[str, Any]]) -> Iterator[Journal]:
    """The journals that rows of the table posting say, in their order."""
    for (id, day, reverses), lines in groupby(rows, key=lambda row: (row["journal_id"], row["posted_date"], row["reverses_journal_id"])):
        yield Journal(id, day, tuple(map(_posting, lines)), reverses)


def _posting(row: Mapping[str, Any]) -> Posting:
    return Posting(party_of(row["party_id"]), Account(row["account"]), party_of(row["other_party_id"]), row["amount"], row["because"])


def _charge(settled: Settled, settlement_id: str) -> Journal:
    payee = Party(settled.contract.payee)
    postings: list[Posting] = []
    for each in (each for each in settled.clauses if not each.terms.shadow):
        because, debtor = f"{settled.contract_id}/{each.terms.id}/{PAID}", party_of(each.debtor or settled.contract.payer)
        postings += pool_postings(each.pool, because) if each.pool else charge(debtor, payee, each.due, because)
        if each.kept:
            postings += set_aside(debtor, payee, each.kept, f"{settled.contract_id}/{each.terms.id}/ring_fenced")
    for held in (held for held in settled.disputes if held.conceded):
        postings += charge(Party(settled.contract.payer), payee, -held.conceded, _of_dispute(settled, held))
    for line in (line for line in settled.taxes if line.amount):
        because, debtor = f"{settled.contract_id}/{WHOLE_CONTRACT}/{PAID}", party_of(line.debtor or settled.contract.payer)
        postings += value_added(debtor, payee, line.amount, is_recoverable=line.tax.is_recoverable, because=because)
    return Journal(settlement_id, settled.span.last_date, tuple(postings))


def _frozen(settled: Settled, settlement_id: str) -> Iterator[Journal]:
    """One journal a dispute, posted for the day on which it was raised: it is taken back by name when the dispute is resolved."""
    payer, payee = Party(settled.contract.payer), Party(settled.contract.payee)
    for held in (held for held in settled.disputes if held.frozen):
        postings = freeze(payer, payee, held.frozen, _of_dispute(settled, held))
        yield Journal(f"{settlement_id} dispute {held.dispute.id}", held.dispute.raised_on, postings)


def _of_dispute(settled: Settled, held: Held) -> str:
    return f"{settled.contract_id}/dispute/{held.dispute.id}"


def _payments(settled: Settled, settlement_id: str, payments: Sequence[Payment]) -> Iterator[Journal]:
    payer, payee = Party(settled.contract.payer), Party(settled.contract.payee)
    for n, each in enumerate(payments, start=1):
        yield Journal(f"{settlement_id} payment {n}", each.day, payment(payer, payee, each.amount, "payment on account"))


def _is_same(one: Journal, other: Journal) -> bool:
    """A charge is of its own settlement. A payment or a frozen line is the same whichever settlement posted it: of one day, and one amount."""
    is_charge = any(p.account is Account.expense for p in other.postings)
    is_of_a_day = not is_charge and any(p.account in (Account.bank, Account.disputed) for p in other.postings)
    return one.id == other.id or (is_of_a_day and (one.posted_on, one.postings) == (other.posted_on, other.postings))
