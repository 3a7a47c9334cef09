"""The Shared Savings Program's published results, settled again from its rules.

In:    results files of the Centers for Medicare & Medicaid Services, one row an ACO, of any year and with any of the headers they have had.
Out:   of each file what it was read by, how many settlements came out as published and how exactly that could be told, and each that
       did not with one cause of a closed list.
Reads: the rulebook under us_mssp; interval_confidence.
Never: takes what was paid as an input, looks at one ACO by name, or calls near what the printed figures do not make near.
"""

from accord.settlement.mssp.causes import Cause
from accord.settlement.mssp.proof import Proof, Tally, prove
from accord.settlement.mssp.reading import Use

__all__ = ["Cause", "Proof", "Tally", "Use", "prove"]
