"""Dated, sourced parameters and code lists as data, and their reader.

In:    the TOML files beside this page.
Out:   `parameter(name)` with its dated values; `code_forms()`; `services()`, `service_of_each()`; `edition()`, the hash of the whole tree.
Reads: nothing else.
Never: gives a value for a date that no value covers, or one without a source.
"""

from accord.rulebook.reader import Parameter, Value, code_forms, edition, parameter, service_of_each, services

__all__ = ["Parameter", "Value", "code_forms", "edition", "parameter", "service_of_each", "services"]
