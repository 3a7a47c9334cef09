"""The files of one settlement: its bridge lines, its postings, its statement, the acts it rests on, and the contract as it was signed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accord.books import Journal
from accord.engine.feed import write_file
from accord.settlement.care import Care
from accord.settlement.chain import PAID, WHOLE_CONTRACT, Settled
from accord.settlement.checking import in_words
from accord.settlement.inputs import INPUTS_NAME
from accord.settlement.journals import journal_rows
from accord.settlement.luck import luck_rows, lucks
from accord.settlement.publishing import SettlementManifest, write_statement
from accord.settlement.totals import Done
from accord.tables.books import BRIDGE_LINE, POSTING

ACTS_NAME = "contract_activity.parquet"


@dataclass(frozen=True)
class Content:
    """What a settlement is published with. contract_file: as signed. care: None where a monthly file was settled, which knows no acts.

    inputs: the files it was made from, by their names below inputs/.
    """

    manifest: SettlementManifest
    settled: Settled
    done: Done
    posted: Sequence[Journal]
    contract_file: Path
    care: Care | None
    inputs: Mapping[str, bytes] = field(default_factory=dict)


def fill(into: Path, content: Content) -> None:
    """Write its files into a folder."""
    write_file(into / "bridge_line.parquet", BRIDGE_LINE, bridge_rows(content.settled))
    write_file(into / "posting.parquet", POSTING, journal_rows(content.posted))
    write_statement(into / "statement.csv", _statement(content))
    shutil.copyfile(content.contract_file, into / "contract.toml")
    for name, text in content.inputs.items():
        file = into / INPUTS_NAME / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text)
    if content.care:
        content.care.write_acts(content.settled.contract_id, into / ACTS_NAME)


def bridge_rows(settled: Settled) -> Iterator[dict[str, Any]]:
    """Rows of the table bridge_line: each clause in the order of the chain, and the contract as a whole."""
    for each in settled.clauses:
        for name, bridge in each.bridges.items():
            for n, line in enumerate(bridge):
                is_shadow = each.terms.shadow or name != PAID
                yield _row(settled, each.terms.id, name, n, line, because=_because(line.because, each.terms), is_shadow=is_shadow)
    for n, line in enumerate(settled.whole()):
        yield _row(settled, WHOLE_CONTRACT, PAID, n, line, because=line.because, is_shadow=False)


def _because(words: str, terms: Any) -> str:
    """What the kernel says, or what the clause is; and where the signed paper says it."""
    return "; ".join(filter(None, (words or f"by the {terms.kind} '{terms.id}'", terms.reference and f"see {terms.reference}")))


def _row(settled: Settled, clause_id: str, bridge: str, n: int, line: Any, *, because: str, is_shadow: bool) -> dict[str, Any]:
    return {
        "contract_id": settled.contract_id, "clause_id": clause_id, "bridge": bridge, "line_number": n, "line": line.name, "amount": line.amount,
        "because": because, "is_shadow": is_shadow,
    }  # fmt: skip


def _statement(content: Content) -> Iterator[dict[str, Any]]:
    manifest, settled = content.manifest, content.settled
    days = f"{manifest.start_date} to {settled.span.last_date}"
    yield {"section": "settlement", "name": manifest.settlement_id, "detail": days, "because": manifest.title}
    yield from ({"section": "contract", "name": settled.contract_id, "because": line.strip()} for line in in_words(settled.contract))
    for row in bridge_rows(settled):
        section = "shown beside" if row["is_shadow"] else "bridge"
        name = f"{row['contract_id']}/{row['clause_id']}/{row['bridge']}/{row['line_number']}"
        yield {"section": section, "name": name, "detail": row["line"], "amount": row["amount"], "because": row["because"]}
    for saving in lucks(settled, content.done):
        yield from luck_rows(saving)
    for t in content.done.totals:
        cells = {"name": t.clause_id, "month": f"{t.month:%Y-%m}", "detail": f"{t.service} {t.price_group}", "activity": t.n_activity}
        yield {"section": "activity", **cells, "amount": t.value}
    for held in settled.disputes:
        of = held.dispute
        said = f"raised by {of.raised_by} on {of.raised_on}; {held.stands}"
        yield {"section": "dispute", "name": of.id, "detail": f"{of.line}: {said}", "amount": held.frozen, "because": of.reason}
    for account in settled.pools:
        for party, what, amount in (*account.lines(), (account.id, "left in the pool", account.left)):
            yield {"section": "pool", "name": f"{account.id}/{party}", "detail": what, "amount": amount}
    for line in settled.taxes:
        lost = f"{line.lost} is irrecoverable" if line.lost else "recoverable"
        yield {"section": "VAT", "name": line.clause_id, "detail": line.debtor or manifest.payer, "amount": line.amount, "because": lost}
    for name in ("net", *(("frozen", "conceded") if settled.disputes else ()), "vat", "due", "paid", "balance"):
        yield {"section": "balance", "name": name, "amount": getattr(manifest, name)}
