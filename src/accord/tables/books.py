"""The money record: bridge_line, posting. A settlement publishes them."""

from __future__ import annotations

from accord.tables.contract import Table, day, flag, integer, money, text

ACCOUNT = ("income", "expense", "receivable", "payable", "bank", "ring_fenced", "vat", "disputed")

BRIDGE_LINE = Table(
    name="bridge_line",
    meaning="One step from a starting figure to an ending figure. Line 0 is the start; the lines of one bridge add up to its result.",
    columns=(
        text("contract_id", "The contract: its file's name without .toml.", required=True),
        text("clause_id", "The clause of the contract.", required=True),
        text("bridge", "Which bridge of the clause: 'paid', or the name of one that is shown beside it.", required=True),
        integer("line_number", "Order of the step.", required=True),
        text("line", "What the figure is, or what the step does.", required=True),
        money("amount", "Amount; signed, so that the lines add up.", required=True),
        text("because", "The rule and its figures in words, with the reference of its source.", required=True),
        flag("is_shadow", "Worked out and shown, not paid.", required=True),
    ),
    key=("contract_id", "clause_id", "bridge", "line_number"),
    order=("contract_id", "clause_id", "bridge", "line_number"),
    smallest_count=0,
)

POSTING = Table(
    name="posting",
    meaning="One side of one movement of money. Never edited: a correction is a journal that reverses another.",
    columns=(
        text("journal_id", "The journal. Its postings balance within each party.", required=True),
        integer("line_number", "Order within the journal.", required=True),
        day("posted_date", "The day it is posted for.", required=True),
        text("party_id", "In whose books it stands.", required=True),
        text("account", "What it is to that party.", required=True, codes=ACCOUNT),
        text("other_party_id", "With whom.", required=True),
        money("amount", "Above zero a debit, below zero a credit.", required=True),
        text("because", "The bridge or the paper behind it.", required=True),
        text("reverses_journal_id", "The journal that this one takes back; NULL where it takes none back."),
    ),
    key=("journal_id", "line_number"),
    order=("journal_id", "line_number"),
    smallest_count=0,
)
