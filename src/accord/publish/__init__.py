"""What people are shown: the report of a check, the one screen of a run, tables on a terminal.

In:    the tables of a run, or of a check's session.
Out:   frozen reports, and their text.
Reads: no rules.
Never: works a figure out that is not in a table.
"""
