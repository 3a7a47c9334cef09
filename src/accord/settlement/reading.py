"""CSV files that people write for a settlement: payments, monthly totals, prices. They are read as every such file of a place is."""

from __future__ import annotations

from accord.place.written_rows import PENNY_PLACES, Row, month_of, read_rows

__all__ = ["PENNY_PLACES", "Row", "month_of", "read_rows"]
