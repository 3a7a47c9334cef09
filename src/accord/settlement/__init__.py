"""Contracts: read, held against themselves and their place, and settled.

In:    contract files; the place's partners and sources.
Out:   a contract whose terms hold, or each of its faults with its line and the mend; the chain of its clauses in words.
Reads: the rulebook, by the rules that terms name.
Never: settles a contract that has a fault.
"""
