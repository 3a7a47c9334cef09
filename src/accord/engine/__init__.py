"""What a step is and where tables live: parse, lint, type, run, write, hash, follow a column.

In:    steps (one portable SELECT each) and the contracts of the tables they read and write; Parquet files.
Out:   Parquet files in one folder, one per table; findings about them as written; content hashes; column lineage.
Reads: no rules. The portable subset of SQL is the tuple of rules in `lint`.
Never: knows what a table is about, reads a clock, draws a random number, or pastes a value into a query.
"""

from accord.engine.content_hash import content_hash
from accord.engine.contract_checks import findings
from accord.engine.lineage import Hop, trace
from accord.engine.rows import run_on
from accord.engine.session import Session, Written
from accord.engine.step import Step

__all__ = ["Hop", "Session", "Step", "Written", "content_hash", "findings", "run_on", "trace"]
