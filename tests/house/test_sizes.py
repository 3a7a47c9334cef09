"""Modules and functions stay small enough to be read in one sitting."""

from __future__ import annotations

import ast
from statistics import median

MODULE_LINES = 400
FUNCTION_LINES = 60
MEDIAN_LINES = 10


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, the docstring left out."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    is_docstring = ast.get_docstring(function) is not None
    return lines - ((first.end_lineno or first.lineno) - first.lineno + 1 if is_docstring else 0)


def test_length_leaves_the_docstring_out() -> None:
    function = ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    return 1\n').body[0]
    assert isinstance(function, ast.FunctionDef)
    assert length(function) == 2


def test_modules_are_short(modules: list) -> None:
    found = {m.name: len(m.text.splitlines()) for m in modules}
    long = {name: n for name, n in found.items() if n > MODULE_LINES}
    assert not long, f"over {MODULE_LINES} lines, so split by subject: {long}"


def test_functions_are_short(modules: list) -> None:
    found = sorted(((length(f), f"{m.name}:{f.lineno} {f.name}") for m in modules for f in m.functions), reverse=True)
    report = "\n".join(f"{n:4} {where}" for n, where in found[:15])
    assert found[0][0] <= FUNCTION_LINES, f"a function is over {FUNCTION_LINES} lines; the longest are\n{report}"
    middle = median(n for n, _ in found)
    assert middle <= MEDIAN_LINES, f"the median function has {middle} lines, more than {MEDIAN_LINES}; the longest are\n{report}"
