"""One payment mechanism per module: its terms as two parties sign them, and a pure kernel from facts to a bridge.

In:    the terms of a clause; its facts: what was done and what it cost, as numbers.
Out:   a bridge from a starting figure to what is paid, whose lines add up; bridges that are shown beside it. `kinds.KINDS` lists every kind.
Reads: the rulebook, where terms name a rule instead of a number.
Never: reads a table, looks at a clock, or has a rate, a date or a threshold of its own.
"""
