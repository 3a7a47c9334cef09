"""What is wrong with a file that a person wrote, in plain words: each of Pydantic's errors becomes a key, a cause and a mend."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from accord.place.toml_lines import KeyPath
from accord.place.toml_unions import (
    Found,
    bare_type,
    closest,
    fields_of,
    kind_of_type,
    kind_of_value,
    literals_of,
    members_of,
    model_of,
    put_back,
    tag_of,
)

_WORDS = {
    "text": ("text", '"text"'),
    "whole": ("a whole number", "12"),
    "number": ("a number", "12.50"),
    "date": ("a date", "2025-04-01"),
    "moment": ("a date and time", "2025-04-01T09:00:00Z"),
    "flag": ("true or false", "true"),
    "list": ("a list", '["one", "two"]'),
    "table": ("a table", "{ … }"),
}
_SAID_BY_MODEL = ("value_error", "assertion_error", "union_tag_not_found")
_LIMIT = re.compile("[A-Z][a-z]+ (?:[A-Za-z]+ )*?should ")  # "Input should be greater than 0", "Decimal input should have no more …"
_WRONG_KIND = ("_type", "_parsing", "_inexact", "int_from_float", "is_instance_of", "either")


@dataclass(frozen=True)
class Fault:
    """One fault of a file: the key it is about, what is wrong in one sentence, and the mend."""

    path: KeyPath
    what: str
    what_to_do: str


def faults_of(model: type[BaseModel], data: Mapping[str, Any], error: ValidationError) -> list[Fault]:
    """The faults behind one failed validation of `data`. A key missing because it is misspelled or misplaced is one fault."""
    found = [f for f in closest([put_back(model, e) for e in error.errors(include_url=False)], data) if not _is_short_by_faults(f)]
    missing = {(f.path[:-1], str(f.path[-1])) for f in found if f.kind == "missing"}
    strays = [f for f in found if f.kind == "extra_forbidden"]
    explained = {(f.path[:-1], _nearest_key(f, missing)) for f in strays} | {((), str(f.path[-1])) for f in strays}
    kept = [f for f in found if f.kind != "missing" or (f.path[:-1], str(f.path[-1])) not in explained]
    return list(_each_once(_fault(f, missing) for f in kept))


def _is_short_by_faults(f: Found) -> bool:
    """Whether a list is called too short only because those of its items that have faults were not counted."""
    return f.kind == "too_short" and isinstance(f.given, list) and len(f.given) >= int(f.context["min_length"])


def place_of(path: KeyPath) -> str:
    """A key in words: `key 'kind' in partner 2`, `item 1 of identity.trust`, `the file`."""
    if not path:
        return "the file"
    *above, last = path
    if isinstance(last, int):
        return f"item {last + 1} of {_dotted(above)}"
    return f"key '{last}' in {_dotted(above)}" if above else f"key '{last}'"


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word that was probably meant, or None."""
    by_lower = {w.lower(): w for w in words}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def did_you_mean(word: str, words: Sequence[str], listed_as: str) -> str:
    """The mend for a word that is not in a closed list: the nearest, and all that may stand there."""
    near = nearest(word, words)
    return (f"did you mean '{near}'? " if near else "") + f"{listed_as}: {', '.join(words) or 'none'}"


def _dotted(path: Sequence[str | int]) -> str:
    words = ""
    for part in path:
        words += f" {part + 1}" if isinstance(part, int) else (f".{part}" if words else part)
    return words


def _each_once(faults: Iterable[Fault]) -> Iterator[Fault]:
    """Of several faults of one key, the first; the file as a whole may have several."""
    seen: set[KeyPath] = set()
    for fault in faults:
        if fault.path not in seen:
            yield fault
        if fault.path:
            seen.add(fault.path)


def _fault(f: Found, missing: set[tuple[KeyPath, str]]) -> Fault:
    place = place_of(f.path)
    write = f"write it like this: {_assignment(f)}"
    match f.kind:
        case "missing":
            what, mend = f"{place} is missing", f"add it, for example: {_assignment(f)}{_allowed(f.wanted)}"
        case "extra_forbidden":
            what, mend = f"{place} is not one that accord knows", _mend_stray(f, missing)
        case "literal_error" if kind_of_value(f.given) in map(kind_of_type, members_of(f.wanted)):
            what, mend = f"{place} is {_shown(f.given)}, which is not one of its values", _mend_value(f)
        case "union_tag_not_found" | "union_tag_invalid" if key := str(f.context.get("discriminator", "")).strip("'"):
            return _tag_fault(f, key)
        case kind if kind.endswith((*_WRONG_KIND, "literal_error")) and kind not in _SAID_BY_MODEL:
            what, mend = _wrong_kind(f, place), write + _allowed(f.wanted)
        case kind if kind not in _SAID_BY_MODEL and (limit := _LIMIT.match(f.message)):
            wanted = f.message[limit.end() :].replace(" after validation", "")
            what, mend = f"{place} is {_shown(f.given)}, and should {wanted}", write
        case _:
            what, mend = _said(f, place)
    return Fault(f.path, what, mend)


def _tag_fault(f: Found, key: str) -> Fault:
    """Alternatives told apart by the value of one key, which is missing, misspelled, or none of theirs."""
    values = [str(v) for m in members_of(f.wanted) for v in literals_of(fields_of(m)[key].annotation)]
    path = (*f.path, key)
    if key in f.given:
        given = f.given[key]
        what = f"{place_of(path)} is {_shown(given)}, which is not one of its values"
        return Fault(path, what, did_you_mean(given if isinstance(given, str) else "", values, "it may be"))
    known = {k for m in members_of(f.wanted) for k in fields_of(m)}
    stray = nearest(key, [k for k in f.given if k not in known])
    if stray:
        what = f"{place_of((*f.path, stray))} is not one that accord knows"
        return Fault((*f.path, stray), what, f"did you mean '{key}'? It may be: {', '.join(values)}")
    return Fault(f.path, f"{place_of(path)} is missing", f"add it; it may be: {', '.join(values)}")


def _mend_stray(f: Found, missing: set[tuple[KeyPath, str]]) -> str:
    key, above = str(f.path[-1]), _dotted(f.path[:-1])
    if above and ((), key) in missing:
        return f"it belongs to the file itself: move it above the first [table]; where it stands it belongs to {above}"
    near = _nearest_key(f, missing)
    allowed = ", ".join(sorted(fields_of(f.owner)))
    return (f"did you mean '{near}'? " if near else f"take out '{key}'. ") + f"The keys of {above or 'this file'} are: {allowed}"


def _nearest_key(f: Found, missing: set[tuple[KeyPath, str]]) -> str | None:
    """The key that a stray key was meant to be: one that is missing beside it, before one that is there."""
    key, beside = str(f.path[-1]), [name for above, name in missing if above == f.path[:-1]]
    return nearest(key, beside) or nearest(key, fields_of(f.owner))


def _mend_value(f: Found) -> str:
    values = [str(v) for v in literals_of(f.wanted)]
    union = f.branches[-1].union if f.branches and f.branches[-1].point == f.path else None
    tables = [f"the table {_example(m)}" for m in members_of(union) if model_of(m)]
    return did_you_mean(str(f.given), [*values, *tables], "it may be")


def _allowed(wanted: Any) -> str:
    values = [str(v) for v in literals_of(wanted)]
    return f" (it may be: {', '.join(values)})" if len(values) > 1 else ""


def _said(f: Found, place: str) -> tuple[str, str]:
    """A message that a model's own check wrote: what follows its first colon is the mend."""
    what, _, mend = str(f.context.get("error", f.message)).partition(": ")
    tags = [tag for m in members_of(f.wanted) if (tag := tag_of(m))]
    keys = [str(k) for k in f.given] if isinstance(f.given, dict) else []
    near = None if set(keys) & set(tags) else _nearest_of_all(keys, tags)
    shown = f" ({_shown(f.given)})" if isinstance(f.given, str | int | Decimal) else ""
    return f"{place}{shown}: {what}", (f"did you mean '{near}'? " if near else "") + (mend or "change it so that this holds")


def _nearest_of_all(words: Sequence[str], known: Sequence[str]) -> str | None:
    """Of several words, each of which might be a known one misspelled, the known one that is nearest to any."""
    found = [(difflib.SequenceMatcher(None, word, near).ratio(), near) for word in words if (near := nearest(word, known))]
    return max(found)[1] if found else None


def _wrong_kind(f: Found, place: str) -> str:
    wanted = dict.fromkeys(_WORDS[k][0] for m in members_of(f.wanted) if (k := kind_of_type(m)))
    return f"{place} should be {' or '.join(wanted) or 'something else'}, and is {_shown(f.given)}"


def _shown(given: Any) -> str:
    kind = kind_of_value(given)
    if kind in ("list", "table"):
        return _WORDS[kind][0]
    shown = json.dumps(given, ensure_ascii=False) if kind in ("text", "flag") else str(given)
    shown = shown if len(shown) <= 60 else shown[:57] + "…"
    return f"the text {shown}" if kind == "text" else shown


def _assignment(f: Found) -> str:
    """How the key is written, with an example of its value: `from = 2025-04-01`."""
    item = next(iter(get_args(bare_type(f.wanted))), None)
    if len(f.path) == 1 and kind_of_type(f.wanted) == "list" and model_of(members_of(item)[0]):
        return f"[[{f.path[0]}]], a heading with its keys below it"
    example = _toml(f.examples[0]) if f.examples else _example(f.wanted)
    return example if not f.path or isinstance(f.path[-1], int) else f"{f.path[-1]} = {example}"


def _example(wanted: Any) -> str:
    member = members_of(wanted)[0]
    if examples := _examples_of(member):
        return _toml(examples[0])
    if literals := literals_of(wanted):
        return _toml(literals[0])
    if model_of(member):
        needed = [(k, v) for k, v in fields_of(member).items() if v.is_required()]
        return (
            "{ " + ", ".join(f"{k} = {_toml(v.examples[0]) if v.examples else _example(v.annotation)}" for k, v in needed) + " }"
        )
    kind = kind_of_type(member)
    if kind == "list" and model_of(item := next(iter(get_args(bare_type(member))), None)):
        return f"[{_example(item)}]"
    return _WORDS[kind][1] if kind else "…"


def _examples_of(wanted: Any) -> list[Any]:
    """The examples that a type carries with it wherever it is used."""
    return [e for part in get_args(wanted)[1:] if isinstance(part, FieldInfo) for e in part.examples or []]


def _toml(value: Any) -> str:
    match value:
        case bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case list() | tuple():
            return "[" + ", ".join(_toml(v) for v in value) + "]"
        case _:
            return str(value)
