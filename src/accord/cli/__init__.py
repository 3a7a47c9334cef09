"""Every command, and no logic of its own: each opens a place, calls, and prints.

In:    what a person types.
Out:   `main`: the `accord` command. `app`: its commands, for the manual and the tests.
Reads: no rules.
Never: works anything out, or ends with a traceback for a person's mistake.
"""

from accord.cli import runs, contracts, settlements, finance, budgets, simulation, benchmarks  # isort: skip (the order of the commands)
from accord.cli.command import app, main

__all__ = ["app", "benchmarks", "budgets", "contracts", "finance", "main", "runs", "settlements", "simulation"]
