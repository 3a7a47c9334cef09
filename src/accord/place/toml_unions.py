"""From Pydantic's errors back to the file: the key each is about, and of several alternatives the one that was meant."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from accord.place.toml_lines import KeyPath

KIND_OF: dict[str, type] = {
    "text": str, "whole": int, "number": Decimal, "date": datetime.date, "moment": datetime.datetime, "flag": bool, "list": list,
    "table": dict,
}  # fmt: skip
"""The kinds of TOML value, and the Python type that each is read as."""

_KIND_OF_TYPE: dict[Any, str] = {v: k for k, v in KIND_OF.items()} | {
    tuple: "list",
    set: "list",
    frozenset: "list",
    float: "number",
}


@dataclass(frozen=True)
class Branch:
    """One alternative of a union: where the union stands, the union's type, Pydantic's label, and the alternative's type."""

    point: KeyPath
    union: Any
    label: str
    member: Any


@dataclass(frozen=True)
class Found:
    """One error, put back into the file: its path there, what Pydantic says, the model that owns the key, and what that wants."""

    path: KeyPath
    kind: str
    message: str
    given: Any
    context: Mapping[str, Any]
    owner: type[BaseModel] | None
    wanted: Any
    examples: tuple[Any, ...]
    branches: tuple[Branch, ...]


def put_back(model: type[BaseModel], error: Any) -> Found:
    """One of Pydantic's errors in the file's own terms: its location also names branches of unions, which no file has."""
    path: KeyPath = ()
    branches: tuple[Branch, ...] = ()
    owner: type[BaseModel] | None = None
    wanted: Any = model
    examples: tuple[Any, ...] = ()
    for part in error["loc"]:
        members = members_of(wanted)
        if len(members) > 1:
            branch = Branch(path, wanted, str(part), _member(members, str(part)))
            wanted, branches = branch.member, (*branches, branch)
        elif part == "[key]":
            break
        else:
            owner, examples, wanted = _step(members[0], part)
            path = (*path, part)
    return Found(path, error["type"], error["msg"], error["input"], error.get("ctx", {}), owner, wanted, examples, branches)


def closest(found: Sequence[Found], data: Any) -> list[Found]:
    """The errors of the alternatives that look most like what was given; outer unions are decided before those inside them."""
    kept, depth = list(found), 0
    while any(len(f.branches) > depth for f in kept):
        for point in dict.fromkeys(f.branches[depth].point for f in kept if len(f.branches) > depth):
            kept = _closest_at(kept, depth, point, _at(data, point))
        depth += 1
    return kept


def fields_of(wanted: Any) -> dict[str, FieldInfo]:
    """A model's fields by the key that a person writes; none if it is no model."""
    model = model_of(wanted)
    return {field.alias or name: field for name, field in model.model_fields.items()} if model else {}


def model_of(wanted: Any) -> type[BaseModel] | None:
    """The type if it is a model."""
    bare = bare_type(wanted)
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def bare_type(wanted: Any) -> Any:
    """A type without its annotations."""
    return bare_type(get_args(wanted)[0]) if get_origin(wanted) is Annotated else wanted


def members_of(wanted: Any) -> list[Any]:
    """The alternatives that a type leaves open, None apart; a plain type is its own only alternative."""
    bare = bare_type(wanted)
    if get_origin(bare) not in (Union, UnionType):
        return [wanted]
    members = [m for m in get_args(bare) if m is not NoneType]
    return members_of(members[0]) if len(members) == 1 else members


def literals_of(wanted: Any) -> list[Any]:
    """The values that a type lists."""
    return [v for m in members_of(wanted) if get_origin(bare_type(m)) is Literal for v in get_args(bare_type(m))]


def tag_of(member: Any) -> str | None:
    """The tag of one alternative of a union whose model tells them apart."""
    if get_origin(member) is Annotated:
        return next((m.tag for m in get_args(member)[1:] if isinstance(m, Tag)), None)
    return None


def kind_of_type(wanted: Any) -> str:
    """Which kind of TOML value a type wants; '' if that is not known."""
    bare = bare_type(wanted)
    if get_origin(bare) is Literal:
        return kind_of_value(get_args(bare)[0])
    return "table" if model_of(bare) else _KIND_OF_TYPE.get(get_origin(bare) or bare, "")


def kind_of_value(given: Any) -> str:
    """Which kind of TOML value was given; '' if it is none."""
    return _KIND_OF_TYPE.get(type(given), "")


def _step(wanted: Any, part: str | int) -> tuple[type[BaseModel] | None, tuple[Any, ...], Any]:
    """One key further: the model that owns it, examples of it, and what it wants."""
    if model := model_of(wanted):
        field = fields_of(model).get(str(part))
        return model, tuple(field.examples or ()) if field else (), field.annotation if field else None
    arguments = [a for a in get_args(bare_type(wanted)) if a is not Ellipsis]
    return None, (), arguments[-1] if arguments else None


def _member(members: list[Any], label: str) -> Any:
    """The alternative that Pydantic labels so: by tag, class or type, or by a listed value of one of its keys; else None."""
    for member in members:
        bare = bare_type(member)
        written = str(bare).removeprefix("typing.").replace(" ", "").lower()
        names = {tag_of(member), getattr(bare, "__name__", None), written} - {None}
        if label in names or label.replace(" ", "").lower() in names or any(label.rstrip("]").lower().endswith(f" {name}".lower()) for name in names):
            return member
        if label in [v for f in fields_of(bare).values() for v in literals_of(f.annotation)]:
            return member
    return None


def _closest_at(found: list[Found], depth: int, point: KeyPath, given: Any) -> list[Found]:
    here = [f for f in found if len(f.branches) > depth and f.branches[depth].point == point]
    by_label: dict[str, list[Found]] = {}
    for f in here:
        by_label.setdefault(f.branches[depth].label, []).append(f)
    if len(by_label) == 1:
        return found
    others = [f for f in found if not any(f is h for h in here)]
    best = max(by_label.values(), key=lambda errors: _likeness(errors[0].branches[depth].member, given, len(errors)))
    if _likeness(best[0].branches[depth].member, given, 0)[0] >= 0:
        return [*others, *best]
    union = best[0].branches[depth].union
    return [*others, Found(point, "either", "", given, {}, None, union, (), ())]


def _likeness(member: Any, given: Any, n_error: int) -> tuple[int, int, int]:
    """How much a value looks like one alternative: keys they share, keys nearly shared, fewest errors; -1 if another kind of value."""
    kinds = (kind_of_type(member), kind_of_value(given))
    if kinds[0] != kinds[1] and kinds != ("number", "whole"):
        return -1, 0, -n_error
    fields = set(fields_of(member)) if isinstance(given, dict) else set()
    shared = set(given) & fields if fields else set()
    near = [key for key in given if key not in shared and get_close_matches(key, fields, 1)] if fields else []
    return len(shared), len(near), -n_error


def _at(data: Any, path: KeyPath) -> Any:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data
