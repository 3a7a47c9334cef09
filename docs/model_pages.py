"""The files that people write, from the models that read them: keys, what each holds, and what if it is left out."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from importlib import import_module
from types import ModuleType
from typing import Any

from page_parts import grid, join, prose


def place_file() -> str:
    """The keys of place.toml."""
    settings = import_module("accord.place.settings")
    intro = (
        "# place.toml\n\nWhat a place is called, who its partners are, what they deliver, and for which period. "
        "No key is guessed and none is ignored: a misspelt one is told with its line."
    )
    heads = {"PlaceSettings": "The whole file"} | headings(settings.PlaceSettings) | {"KeyFile": "`key`"}
    return join(intro, *(model_table(m, heads[m.__name__]) for m in models(settings, first="PlaceSettings")))


def models(module: ModuleType, first: str = "") -> list[Any]:
    """The public Pydantic models that a module defines, in its order, `first` before the others."""
    found = [
        v for n, v in vars(module).items()
        if not n.startswith("_") and hasattr(v, "model_fields") and inspect.isclass(v) and v.__module__ == module.__name__
    ]  # fmt: skip
    return sorted(found, key=lambda m: m.__name__ != first)


def headings(whole: Any) -> dict[str, str]:
    """The name of each model to the heading under which a person writes it: `[file]` once, `[[source]]` as often as need be."""
    found: dict[str, str] = {}
    for name, field in whole.model_fields.items():
        held = [m for m in _parts(field.annotation) if hasattr(m, "model_fields")]
        is_list = any(typing.get_origin(p) in (list, tuple) for p in _annotations(field.annotation))
        for model in held:
            heading = f"`[[{name}]]`" if is_list else f"`[{name}]`"
            found[model.__name__] = ", ".join(filter(None, (found.get(model.__name__), heading)))
    return found


def _annotations(annotation: Any) -> Iterator[Any]:
    """An annotation and everything inside it."""
    yield annotation
    for part in typing.get_args(annotation):
        yield from _annotations(part)


def _parts(annotation: Any) -> list[Any]:
    return [p for p in _annotations(annotation) if inspect.isclass(p)]


def model_table(model: Any, heading: str, level: int = 2) -> str:
    """A model's keys under a heading: what each holds, and what if it is left out."""
    rows = [
        (f"`{f.alias or name}`", _held(f), "required" if f.is_required() else _default(f), _examples(f))
        for name, f in model.model_fields.items()
    ]
    headings = ("Key", "Holds", "If left out", "Such as")[: 4 if any(row[3] for row in rows) else 3]
    return join(f"{'#' * level} {heading}", prose(model.__doc__), grid(headings, (row[: len(headings)] for row in rows)))


def _held(field: Any) -> str:
    return reader_of(field) if wants(field) else _type(field.annotation)


def reader_of(field: Any) -> str:
    """What a key wants that holds a reader of one kind of value, in words."""
    return f"reader of a {(wants(field) or {})['what']}".replace("a integer", "an integer").replace("a money", "an amount of money")


def wants(field: Any) -> dict[str, Any] | None:
    """Of a key that holds a reader of one kind of value: the kind and the readers that are allowed, as its validator knows them."""
    for validator in (*field.metadata, *_annotated(field.annotation)):
        known = inspect.getclosurevars(validator.func).nonlocals if hasattr(validator, "func") else {}
        if {"what", "allowed"} <= set(known):
            return known
    return None


def _annotated(annotation: Any) -> Iterator[Any]:
    for part in _annotations(annotation):
        yield from getattr(part, "__metadata__", ())


def _default(field: Any) -> str:
    value = field.get_default(call_default_factory=True)
    if hasattr(type(value), "model_fields"):
        return "as its own keys say"
    return "nothing" if value in (None, [], (), {}, "") else f"`{toml(value)}`"


def _examples(field: Any) -> str:
    return ", ".join(f"`{toml(example)}`" for example in field.examples or [])


def toml(value: Any) -> str:
    """A value as it is written in TOML, where Python and JSON write it otherwise."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml(v) for v in value)}]"
    return str(value) if isinstance(value, date | Decimal) else json.dumps(value, ensure_ascii=False)


def _type(annotation: Any) -> str:
    """A type as a reader of the manual would say it."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return "reader" if _is_reader(annotation) else _type(parts[0])
    if origin is typing.Literal:
        return " or ".join(f'"{p}"' for p in parts)
    if origin in (list, tuple):
        return f"list of {_type(parts[0])}".replace("of table", "of tables") if parts else "list"
    if origin is dict:
        return f"table of {_type(parts[1])}"
    if hasattr(annotation, "model_fields"):
        kinds = import_module("accord.intake.readers")._KINDS
        return next((f"`{kind}`" for kind, model in kinds.items() if model is annotation), "table")
    if parts:
        return " or ".join(dict.fromkeys(_type(p) for p in parts if p is not type(None)))
    return {"str": "text", "bool": "true or false", "int": "whole number", "Decimal": "number"}.get(
        getattr(annotation, "__name__", str(annotation)), getattr(annotation, "__name__", str(annotation))
    )


def _is_reader(annotation: Any) -> bool:
    return any(type(m).__name__ == "Discriminator" for m in annotation.__metadata__)


def inline(value: Any) -> str:
    """A model as the inline table that a person writes; long lists of values are cut short."""
    if hasattr(type(value), "model_fields"):
        said = {f.alias or k: getattr(value, k) for k, f in type(value).model_fields.items() if k in value.model_fields_set}
        return "{ " + ", ".join(f"{k} = {inline(v)}" for k, v in said.items()) + " }"
    if isinstance(value, dict):
        pairs = [f"{json.dumps(k)} = {inline(v)}" for k, v in value.items()]
        return "{ " + ", ".join([*pairs[:6], *(["…"] if len(pairs) > 6 else [])]) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(inline(v) for v in value)}]"
    return toml(value)
