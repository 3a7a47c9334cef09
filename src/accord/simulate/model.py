"""The numbers of the model, from model.toml: rates, shares, prices and codes, each with where it comes from or marked as assumed."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, Final

MODEL: Final[dict[str, Any]] = tomllib.loads((files("accord.simulate") / "model.toml").read_text(encoding="utf-8"))
"""The whole of model.toml, as read. Nothing outside the simulator may read it: it holds the truth of every invented place."""
