"""The page of contracts: what a file holds, and the keys of every kind of clause, from the models that read them."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from model_pages import model_table, models
from page_parts import grid, join

_INTRO = """\
# Contracts

A contract is a TOML file in `contracts/` that both sides can sign: who pays whom, for which people, when, and by which clauses. `accord contract
check FILE` tells each of its faults with its line, or prints the chain in which its clauses are settled. The kinds of clause are a closed list;
[Kinds of clause](../explanation/clauses.md) has a worked example of each.
"""
_ROLES = """\
A **base** pays for activity or people; an **adjuster** changes what another clause pays, and names it in `of`; an **overlay** shares a result between
parties. A clause of any role with `shadow = true` is worked out and shown, and not paid. Two bases of one contract, or of two contracts between the
same two sides, must not pay for the same service.
"""
_FIGURES = """\
Every kind can be settled from its file. What a clause needs and neither its terms nor a run says is a figure that the payer sends, in
`figures/<contract>.toml` ([Settle a contract](../how-to/settle-a-contract.md)). A figure that is sent goes before one that would be worked out.
"""


def contract_file() -> str:
    """The keys of a contract, and of each kind of clause in the order of the chain."""
    kinds, contract = import_module("accord.clauses.kinds"), import_module("accord.settlement.contract")
    stages = list(kinds.Stage)
    listed = sorted(kinds.KINDS.values(), key=lambda kind: stages.index(kind.stage))
    rows = ((f"[{k.name}](#{k.name})", k.role, k.stage, _first_line(k)) for k in listed)
    return join(
        _INTRO,
        *(model_table(m, _heading(m.__name__)) for m in models(contract, first="Contract")),
        "## Kinds, in the order in which they are settled",
        _ROLES,
        grid(("Kind", "Role", "Place in the chain", "What it is"), rows),
        *(_kind(kind) for kind in listed),
        "## Figures that the payer sends",
        _FIGURES,
        grid(("Kind", "Figures", "What they are"), (_figures(kind) for kind in listed)),
        "## Parts of several kinds",
        *(model_table(m, m.__name__, level=3) for m in models(import_module("accord.clauses.terms")) if m.__name__ not in ("Clause", "Written")),
    )


def _heading(model: str) -> str:
    return "The whole file" if model == "Contract" else f"`population`: {model.lower()}"


def _first_line(kind: Any) -> str:
    return str(_module(kind).__doc__).partition("\n")[0]


def _module(kind: Any) -> ModuleType:
    return sys.modules[kind.terms.__module__]


def _figures(kind: Any) -> tuple[str, str, str]:
    names = ", ".join(f"`{name}`" for name in import_module("accord.settlement.figures").facts_keys(kind))
    return f"[{kind.name}](#{kind.name})", names, str(kind.facts.__doc__)


def _kind(kind: Any) -> str:
    parts = [m for m in models(_module(kind), first="Terms") if m is not kind.terms]
    shown = ", ".join(f"*{name.replace('_', ' ')}*" for name in kind.beside)
    beside = f"Shown beside what it pays: {shown}." if shown else ""
    return join(model_table(kind.terms, kind.name), beside, *(model_table(m, m.__name__, level=3) for m in parts))
