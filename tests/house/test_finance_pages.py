"""Every column and key that a finance team writes stands on the page that tells how."""

from __future__ import annotations

from pathlib import Path

import pytest

from accord.budgets.exposure import riskfile
from accord.settlement import agreement_of_balances, register, savings, statement
from accord.settlement.position import Method, totals


def _keys() -> list[str]:
    models = (register.Register, register.Reserve, register.Vat, register.Open, register.Seat)
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def _risk_keys() -> list[str]:
    models = (riskfile.RiskFile, riskfile.OpenItem, riskfile.StatedEffect, riskfile.EstimatedEffect, riskfile.StatedSpread)
    return [name for model in models for name in model.model_fields]


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("see-where-contracts-stand", totals.COLUMNS), ("agree-balances", statement.COLUMNS), ("explain-savings", savings.COLUMNS),
        ("sign-a-contract", _keys()), ("see-how-much-risk", _risk_keys()),
    ],
)  # fmt: skip
def test_every_name_is_explained(root: Path, page: str, names: list[str]) -> None:
    text = (root / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    assert not [name for name in names if f"`{name}`" not in text and f"`[{name}]`" not in text and f"`[[{name}]]`" not in text]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("see-where-contracts-stand", [method for method in Method if method is not Method.ladder]),
        ("agree-balances", list(agreement_of_balances.Cause)), ("explain-savings", list(savings.Cause)),
    ],
)  # fmt: skip
def test_every_word_of_a_closed_list_is_explained(root: Path, page: str, words: list[str]) -> None:
    text = (root / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    assert not [word for word in words if word not in text]
