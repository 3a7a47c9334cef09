"""Our side of an agreement of balances, from the books of a place: what its settlements have posted, and what is still to come."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from accord.books import Journal
from accord.errors import UserError
from accord.place import Place
from accord.settlement.position import PlacePosition
from accord.settlement.publishing import FOLDER, SettlementManifest, posted, published, settlements_folder
from accord.settlement.statement import COLUMNS, Entry, Kind, Statements, their_side

KIND_OF_ACCOUNT = {"receivable": Kind.receivable, "payable": Kind.payable, "disputed": Kind.dispute}
"""The accounts that say what one party owes another, by the kind of entry that each is. The others are a party's own."""


@dataclass(frozen=True)
class Books:
    """One contract between the two parties: its settlements, and the journals that stand."""

    contract_id: str
    last: SettlementManifest
    journals: tuple[Journal, ...]
    acts: Mapping[str, int]


def statements_of_place(place: Place, theirs: Path, us: str, stands: PlacePosition | None) -> Statements:
    """Their file, and our statement from our books. us: who we are; the party that their file names as counterparty, if it is one and us is "".

    stands: the position from which accruals are taken; None without. Raises UserError.
    """
    them, named, entries = their_side(theirs)
    ours = us or (named[0] if len(named) == 1 else "")
    if ours not in named:
        mend = f"say who we are: --us {named[0]}; they name {', '.join(named)}"
        raise UserError(f"{theirs.name} is about {'several parties' if not us else f'others than {us}'}", where=str(theirs), what_to_do=mend)
    books = list(_books(place, ours, them))
    if not books:
        what = f"the place has settled no contract between {ours} and {them}"
        raise UserError(what, where=str(place.root / FOLDER), what_to_do="settle one: accord settle; or give our statement as a second file")
    said = [entry for each in books for entry in _entries(each, ours, them)]
    accruals = [entry for each in books for entry in _accruals(each, ours, stands)]
    return Statements(ours, them, (*said, *accruals), tuple(entries[ours]), (0, sum(len(v) for k, v in entries.items() if k != ours)))


def _books(place: Place, us: str, them: str) -> Iterator[Books]:
    folder = place.root / FOLDER
    for contract_id in sorted(path.name for path in folder.glob("*") if path.is_dir()):
        there = published(place, contract_id)
        if there and {there[-1].payer, there[-1].payee} == {us, them}:
            acts = _acts(settlements_folder(place, contract_id) / there[-1].settlement_id / "statement.csv")
            yield Books(contract_id, there[-1], tuple(posted(place, contract_id)), acts)


def _entries(books: Books, us: str, them: str) -> Iterator[Entry]:
    """What stands between the two by each line of a statement: a charge by its clause, a payment by its day. Entries that come to nothing too."""
    sums: dict[tuple[Kind, date, str], Decimal] = defaultdict(lambda: Decimal("0.00"))
    for journal in books.journals:
        for p in journal.postings:
            kind = KIND_OF_ACCOUNT.get(p.account.value)
            if kind is not None and (p.party.id, p.other.id) == (us, them):
                reference = p.because if "/" in p.because else f"{p.because} of {journal.posted_on}"
                sums[kind, journal.posted_on.replace(day=1), reference] += p.amount
    for (kind, month, reference), amount in sorted(sums.items(), key=lambda item: (item[0][1], item[0][2], item[0][0])):
        clause = reference.split("/")[1] if "/" in reference else ""
        yield Entry(books.contract_id, kind, month, reference, amount, Decimal(books.acts[clause]) if clause in books.acts else None)


def _accruals(books: Books, us: str, stands: PlacePosition | None) -> Iterator[Entry]:
    """What is still to come of care that was given, by the position: owed to the payee."""
    for contract in stands.position.contracts if stands else ():
        if contract.contract == books.contract_id:
            sign = 1 if books.last.payee == us else -1
            for month in contract.months:
                if month.accrual:
                    assert month.month is not None, "a month of a contract has a date"
                    yield Entry(books.contract_id, Kind.accrual, month.month, f"{books.contract_id}/accrual", sign * month.accrual)


def _acts(statement: Path) -> dict[str, int]:
    """How many acts of care each clause of a settlement rests on, by its statement."""
    found: dict[str, int] = defaultdict(int)
    with statement.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["section"] == "activity":
                found[row["name"]] += int(row["activity"])
    return dict(found)


def write_our_statement(file: Path, statements: Statements) -> None:
    """Our entries as the file that the other side may read with `accord agree`."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_rows(statements.us, statements.them, statements.ours))


def _rows(us: str, them: str, entries: Iterable[Entry]) -> Iterator[tuple[object, ...]]:
    for e in entries:
        amount = -e.amount if e.kind is Kind.payable else e.amount
        yield us, them, e.contract, e.kind.value, f"{e.month:%Y-%m}", e.reference, amount, "" if e.activity is None else e.activity
