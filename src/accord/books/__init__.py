"""The money record: exact shares, and journals in which what one party owes is what another is owed.

In:    amounts of two places, with who owes them to whom and why.
Out:   shares that add up to their amount; journals of postings; balances between parties.
Reads: no rules.
Never: rounds an amount away, edits a posting, or lets a journal stand that does not balance within each party.
"""

from accord.books.allocation import allocate
from accord.books.journal import (
    Account,
    Journal,
    Party,
    Posting,
    balances,
    charge,
    freeze,
    payment,
    reversal,
    set_aside,
    value_added,
)

__all__ = ["Account", "Journal", "Party", "Posting", "allocate", "balances", "charge", "freeze", "payment", "reversal", "set_aside", "value_added"]
