"""What is true of every run: the audits that block publication.

In:    every published table, file_amount, and the receipts' own counts (by submission).
Out:   `audit(session)`: each audit by name, whether it held, and what it found.
Reads: no rules.
Never: mends what it finds, or passes over a table.
"""

from accord.audits.run_audits import AUDITS, Finding, audit

__all__ = ["AUDITS", "Finding", "audit"]
