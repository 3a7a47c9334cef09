"""Every public thing says what it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """The public functions and classes of a body, and the public methods of its public classes."""
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body, f"{prefix}{node.name}.")


def test_private_things_and_dunders_may_be_silent() -> None:
    body = ast.parse("def _a(): ...\ndef b(): ...\nclass C:\n    def __init__(self): ...\n    def d(self): ...").body
    assert [name for name, _ in _public(body)] == ["b", "C", "C.d"]


def test_every_module_class_and_function_has_a_docstring(modules: list) -> None:
    silent = [m.name for m in modules if not ast.get_docstring(m.tree)]
    things = [(m.name, name, node) for m in modules for name, node in _public(m.tree.body)]
    silent += [f"{module}:{node.lineno} {name}" for module, name, node in things if not ast.get_docstring(node)]
    assert not silent, "no docstring:\n" + "\n".join(silent)
