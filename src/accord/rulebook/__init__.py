"""Dated, sourced parameters and code lists as data, and their reader.

In:    the TOML and CSV files beside this page.
Out:   `parameter(name)` with its dated values; `code_forms()`; `services()`; `listed(name)`, a wide table with its source; `code_lists()`;
       `each_code(codes)`, ranges spelled out; `edition()`, the hash of the whole tree.
Reads: nothing else.
Never: gives a value for a date that no value covers, or one without a source.
"""

from accord.rulebook.reader import (
    Listed,
    Parameter,
    Value,
    code_forms,
    code_lists,
    each_code,
    edition,
    listed,
    parameter,
    services,
)

__all__ = ["Listed", "Parameter", "Value", "code_forms", "code_lists", "each_code", "edition", "listed", "parameter", "services"]
