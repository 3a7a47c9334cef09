"""Dated, sourced parameters and code lists as data, and their reader.

In:    the TOML and CSV files beside this page.
Out:   `parameter(name)` with its dated values; `code_forms()`; `services()`; `code_list(name)`, a wide table;
       `edition()`, the hash of the whole tree.
Reads: nothing else.
Never: gives a value for a date that no value covers, or one without a source.
"""

from accord.rulebook.reader import Parameter, Value, code_forms, code_list, edition, parameter, services

__all__ = ["Parameter", "Value", "code_forms", "code_list", "edition", "parameter", "services"]
