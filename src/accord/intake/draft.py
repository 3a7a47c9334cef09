"""A first map of an unknown file, drafted from its columns' names and contents; what could not be placed is said, and no amount is guessed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from accord.intake.profile import ColumnProfile, FileProfile, profile
from accord.intake.readers import expand

# Words of a column's name that say what it is, the most telling first. They place a column only where its contents can be that.
_MONEY_WORDS = {"amount", "amt", "cost", "costs", "price", "paid", "payment", "charge", "charges", "tariff", "fee", "contribution", 
                "coverage", "expense", "expenses", "copay", "coinsurance", "deductible", "revenue", "income", "gross", "net", "rate", "reimbursement",
                "benefit"}  # fmt: skip
_PERSON_WORDS = ("patient", "person", "client", "member", "beneficiary", "service user", "subject", "pseudo", "token", "hesid")
_ID_WORDS = ("id", "number", "no", "num", "identifier", "key", "hash", "pseudonym", "hesid")
_NUMBERS = {"icd9cm", "icd9cm_procedure", "ms_drg", "ndc"}
_BIRTH_WORDS, _DEATH_WORDS = ("birth", "dob", "born"), ("death", "dod", "died")
_NO_CARE_WORDS = (*_BIRTH_WORDS, *_DEATH_WORDS, "created", "updated", "modified")
_START_WORDS = ("admission", "admidate", "admit", "start", "attendance", "arrival", "appointment", "appt", "contact", "encounter", "visit", "service",
                "activity", "from", "referral")  # fmt: skip
_END_WORDS = ("discharge", "disdate", "end", "stop", "departure", "thru", "through", "to")
_DATE_WORDS = ("date", "day", "dt", "dob", "dod", *_BIRTH_WORDS, *_DEATH_WORDS, *_START_WORDS, *_END_WORDS)
_CODE_WORDS = (
    ("hrg", ("hrg",)), ("snomed_ct", ("snomed", "sct")), ("opcs4", ("opcs", "opertn", "procedure")), ("icd10", ("icd10", "icd", "diag", "diagnosis")),
    ("ms_drg", ("drg",)), ("ndc", ("ndc",)), ("hcpcs", ("hcpcs", "cpt")),
)  # fmt: skip
_SEX = {"m": "male", "male": "male", "1": "male", "f": "female", "female": "female", "2": "female"}
_UNPLACED = "not placed by map suggest"


@dataclass
class _Draft:
    """What is placed so far, by section; what is left, with why; what a person must write or decide."""

    identifiers: list[tuple[str, str, str]] = field(default_factory=list)
    person: dict[str, str] = field(default_factory=dict)
    activity: dict[str, str] = field(default_factory=dict)
    organisation: dict[str, str] = field(default_factory=dict)
    codes: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    to_complete: list[str] = field(default_factory=list)
    to_decide: list[str] = field(default_factory=list)

    def placed(self) -> set[str]:
        """The columns that a section reads."""
        readers = " ".join((*self.person.values(), *self.activity.values(), *self.organisation.values()))
        return {c for c, _, _ in self.identifiers} | {c for each in self.codes.values() for c in each} | set(_quoted(readers))


@dataclass(frozen=True)
class Suggestion:
    """A drafted map as TOML; the columns that it leaves out, each with the reason; what must be completed before it can be used; what to look at."""

    text: str
    left: Mapping[str, str]
    to_complete: tuple[str, ...]
    to_decide: tuple[str, ...]
    n_looked_at: int


def suggest(file: Path, name: str = "") -> Suggestion:
    """Draft a map for a CSV or Parquet file. name: the map's, by default the file's. Raises UserError where the file cannot be read."""
    seen = profile(file)
    draft = _Draft()
    columns = {c.name: c for c in seen.columns}
    for column in seen.columns:
        if expand_fault(column.name):
            draft.to_complete.append(f"column {column.name!r}: its name stands for several columns in a map; ask the sender for another name")
    for place in (_place_people, _place_organisation, _place_care, _place_codes):
        place(draft, columns)
    _leave(draft, seen)
    _ask(draft, seen)
    text = _toml(draft, seen, name or file.name.split(".")[0])
    return Suggestion(text, draft.left, tuple(draft.to_complete), tuple(draft.to_decide), seen.n_looked_at)


def expand_fault(column: str) -> bool:
    """Whether a map cannot name a column: `{1..3}` in its name stands for others."""
    try:
        return expand(column) != [column]
    except ValueError:
        return True


def _words(column: str) -> list[str]:
    """The words of a column's name: admissionDate, ADMISSION_DATE and Admission date are admission, date."""
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", column)
    return [w for w in re.split(r"[^A-Za-z0-9]+", parted.lower()) if w]


def _has(column: ColumnProfile, words: Sequence[str]) -> bool:
    said = _words(column.name)
    joined = " ".join(said)
    return any(w in said or (len(w) > 3 and w in joined) for w in words)


def _format(column: ColumnProfile) -> str | None:
    """The one date format that a column is in; None where it is in none, or in several that cannot be told apart."""
    plain = [f for f in column.formats if "-" in f or "/" in f or _has(column, _DATE_WORDS)]
    return plain[0] if len(plain) == 1 else None


def _day(column: ColumnProfile) -> str:
    return f"{{ date = {_text(column.name)}, format = {_text(_format(column) or '')} }}"


def _is_money(column: ColumnProfile) -> bool:
    said = _words(column.name)
    return column.is_money and any(w in said or (len(w) > 3 and w in "".join(said)) for w in _MONEY_WORDS)


def _place_people(draft: _Draft, columns: Mapping[str, ColumnProfile]) -> None:
    numbers = [c for c in columns.values() if c.is_nhs_number]
    draft.identifiers += [(c.name, "nhs_number", "any") for c in numbers[:1]]
    for c in columns.values():
        is_id = _has(c, _ID_WORDS) or _words(c.name) in (["patient"], ["person"], ["member"])
        if c.n_filled and not c.is_nhs_number and is_id and _has(c, _PERSON_WORDS) and not _format(c) and len(draft.identifiers) < 3:
            system = "local_" + re.sub(r"[^a-z0-9]+", "_", c.name.lower()).strip("_")[:50]
            if system not in [s for _, s, _ in draft.identifiers]:
                draft.identifiers.append((c.name, system, "partner"))
    if not draft.identifiers and any(_format(c) and _has(c, _BIRTH_WORDS) for c in columns.values()):
        draft.identifiers += [(c.name, "local_id", "partner") for c in columns.values() if c.is_unique and _words(c.name) == ["id"]]
    for name, words in (("birth_date", _BIRTH_WORDS), ("death_date", _DEATH_WORDS)):
        days = [c for c in columns.values() if _format(c) and _has(c, words)]
        if days and draft.identifiers:
            draft.person[name] = _day(days[0])
    sexes = [c for c in columns.values() if _has(c, ("sex", "gender")) and c.n_filled and sum(v.lower() in _SEX for v in c.values) >= 2]
    if sexes and draft.identifiers:
        listed = ", ".join(f"{_text(v)} = {_text(_SEX[v.lower()])}" for v in sorted(sexes[0].values) if v.lower() in _SEX)
        draft.person["sex"] = f"{{ lookup = {_text(sexes[0].name)}, values = {{ {listed} }} }}"


def _place_organisation(draft: _Draft, columns: Mapping[str, ColumnProfile]) -> None:
    """A file that names nobody and lists something by a code and a name lists organisations."""
    if draft.identifiers:
        return
    codes = [c for c in columns.values() if c.is_unique and _has(c, ("code", "id")) and not c.is_money | bool(_format(c))]
    names = [c for c in columns.values() if _has(c, ("name",)) and c.n_filled]
    if codes and names:
        code, name = (f"{{ text = {_text(c.name)} }}" for c in (codes[0], names[0]))
        draft.organisation = {"id": code, "kind": '{ constant = "other" }', "name": name}
        draft.to_decide.append("[organisation] kind: what they are; other is written for now")


def _place_care(draft: _Draft, columns: Mapping[str, ColumnProfile]) -> None:
    taken = draft.placed()
    days = [c for c in columns.values() if _format(c) and c.name not in taken and not _has(c, _NO_CARE_WORDS)]
    start = next((c for w in (*_START_WORDS, "date") for c in days if _has(c, (w,)) and not _has(c, _END_WORDS[:5])), None)
    if not draft.identifiers or not start or _is_a_list(draft, columns):
        return
    draft.activity = {"setting": '{ constant = "other" }', "start_date": _day(start)}
    end = next((c for w in _END_WORDS for c in days if c is not start and _has(c, (w,))), None)
    if end:
        draft.activity["end_date"] = _day(end)
    draft.to_decide.append("[activity] setting: where in the system the care was given; other is written for now")
    ended = f", and {end.name} for the day it ended" if end else ""
    draft.to_decide.append(f"[activity] start_date: {start.name} was taken for the day care began{ended}")
    for name, words, fits in _CARE:
        taken = draft.placed()
        free = [c for c in columns.values() if c.n_filled and c.name not in taken and not _format(c) and not _is_money(c)]
        chosen = next((c for w in words for c in free if _has(c, (w,)) and fits(c)), None)
        if chosen:
            kind = "integer" if name == "duration_minutes" else "text"
            draft.activity[name] = f"{{ {kind} = {_text(chosen.name)} }}"


def _is_code(column: ColumnProfile) -> bool:
    return not _has(column, ("name", "description", "type", "speciality", "class"))


# Fields of an act of care with the words that tell them, and what else must hold of the column.
_CARE: tuple[tuple[str, tuple[str, ...], Callable[[ColumnProfile], bool]], ...] = (
    ("provider", ("provider", "procode", "trust", "hospital", "organization", "organisation"), _is_code),
    ("payer", ("payer", "commissioner", "purchaser"), _is_code),
    ("practice", ("practice", "gpprac", "surgery"), _is_code),
    ("spell_code", ("spell", "claim", "package", "episode", "encounter", "referral", "attendance", "contact"),
     lambda c: _has(c, ("id", "number", "no"))),
    ("duration_minutes", ("minutes", "mins"), lambda c: c.is_whole),
)  # fmt: skip


def _is_a_list(draft: _Draft, columns: Mapping[str, ColumnProfile]) -> bool:
    """Whether the file lists people, and no care: it holds a birth date, and no day on which care could have begun is named as one."""
    begun = [c for c in columns.values() if _format(c) and _has(c, _START_WORDS) and not _has(c, (*_BIRTH_WORDS, *_DEATH_WORDS))]
    return "birth_date" in draft.person and not begun


def _place_codes(draft: _Draft, columns: Mapping[str, ColumnProfile]) -> None:
    taken = draft.placed()
    for c in columns.values():
        hinted = next((s for s, words in _CODE_WORDS if _has(c, words)), None)
        if c.name in taken or not hinted or _format(c) or _is_money(c) or hinted not in c.systems:
            continue
        if not draft.activity:
            draft.left[c.name] = f"{_UNPLACED}: codes of {hinted} by name and form, and no act of care that they belong to"
        elif hinted == "hrg" and "currency" not in draft.activity:
            draft.activity["currency"] = f'{{ code = {_text(c.name)}, system = "hrg" }}'
        elif hinted in ("opcs4", "hcpcs") or (hinted == "snomed_ct" and _has(c, ("procedure", "treatment"))):
            draft.codes.setdefault(("procedure", hinted), []).append(c.name)
        elif hinted in ("icd10", "snomed_ct"):
            draft.codes.setdefault(("diagnosis", hinted), []).append(c.name)
    for (section, _), listed in draft.codes.items():
        if len(listed) > 1:
            draft.to_decide.append(f"[[{section}]] columns: {len(listed)} columns, in the order of the file; the first is the first-named")


def _leave(draft: _Draft, seen: FileProfile) -> None:
    taken = draft.placed()
    for c in seen.columns:
        if c.name in taken or c.name in draft.left or expand_fault(c.name):
            continue
        draft.left[c.name] = _why_left(c)
        if _is_money(c):
            draft.to_decide.append(f"{c.name} looks like an amount: say which (gross, client's, other funder's, net or cost), or why it is none")


def _why_left(c: ColumnProfile) -> str:
    if not c.n_filled:
        return f"{_UNPLACED}: it is empty in the records that were looked at"
    if _is_money(c):
        return f"{_UNPLACED}: it looks like an amount, and an amount is never guessed"
    if len(c.formats) > 1 and any("/" in f for f in c.formats):
        return f"{_UNPLACED}: a date in which days and months cannot be told apart"
    if c.formats and _format(c):
        return f"{_UNPLACED}: a date as {_format(c)}"
    if 0 < len(c.systems) < 3 and not c.is_unique and c.n_distinct > 1 and not (c.is_money and c.systems <= _NUMBERS):
        return f"{_UNPLACED}: it has the form of {' or '.join(sorted(c.systems))}, and its name does not say so"
    return f"{_UNPLACED}: neither its name nor its contents say what it is"


def _ask(draft: _Draft, seen: FileProfile) -> None:
    """What a person must write before the map can be used, and what the place must hold."""
    if not draft.placed():
        draft.to_complete.append("no column could be placed: write an [[identifier]] (column, system, scope) and an [activity] (setting, start_date)")
    elif draft.identifiers and not draft.activity and not draft.person:
        draft.to_complete.append("[activity] start_date: no column is surely the day on which care began; write the section, or a [[registration]]")
    if any(_looks_like_data(c.name) for c in seen.columns):
        draft.to_decide.append("[file] header: the first line looks like a record; if the file has no heading, write header = false and its columns")
    if draft.identifiers:
        listed = ", ".join(_text(s) for _, s, _ in draft.identifiers)
        draft.to_decide.append(f"place.toml: identity.trust must hold {listed}, the most trusted first")


def _looks_like_data(name: str) -> bool:
    return bool(re.fullmatch(r"[0-9./ :-]+", name))


def _toml(draft: _Draft, seen: FileProfile, name: str) -> str:
    parts = [_head(draft, seen, name)]
    for column, system, scope in draft.identifiers:
        parts.append(f'[[identifier]]\ncolumn = {_text(column)}\nsystem = "{system}"\nscope  = "{scope}"')
    for section in ("person", "organisation", "activity"):
        if fields := getattr(draft, section):
            widest = max(map(len, fields))
            parts.append("\n".join([f"[{section}]", *(f"{key:<{widest}} = {reader}" for key, reader in fields.items())]))
    for (section, system), columns in draft.codes.items():
        parts.append(f'[[{section}]]\ncolumns = {_list(columns)}\nsystem  = "{system}"')
    for reason in dict.fromkeys(draft.left.values()):
        parts.append(f"[[ignore]]\ncolumns = {_list([c for c, why in draft.left.items() if why == reason])}\nreason  = {_text(reason)}")
    return "\n\n".join(parts) + "\n"


def _head(draft: _Draft, seen: FileProfile, name: str) -> str:
    records = f"the first {seen.n_looked_at} of {seen.n_record} records"
    lines = [f"# Drafted by accord map suggest from {records} of {seen.file.name!r}. Look at every line."]
    lines += [f"# To complete: {_one_line(each)}" for each in draft.to_complete] + [f"# To decide: {_one_line(each)}" for each in draft.to_decide]
    form = [f'format = "{seen.form.format}"']
    form += [f"delimiter = {_text(seen.form.delimiter)}"] if seen.form.delimiter != "," else []
    form += [f'encoding = "{seen.form.encoding}"'] if seen.form.encoding != "utf-8" else []
    reference = f"drafted from {seen.file.name}: name here where the layout is described"
    title = f"title     = {_text(f'{name}, one row per record')}\nreference = {_text(reference)}"
    return "\n".join(lines) + f"\n\n{title}\n\n[file]\n" + "\n".join(form)


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _text(value: str) -> str:
    """A text as a TOML string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}" for c in escaped) + '"'


def _list(columns: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, columns))}]"


def _quoted(readers: str) -> Iterator[str]:
    """The columns that drafted readers name."""
    for found in re.finditer(r'\{ (?:text|date|lookup|code|integer) = ("(?:[^"\\]|\\.)*")', readers):
        yield _unquoted(found[1])


def _unquoted(text: str) -> str:
    return str(tomllib.loads(f"x = {text}")["x"])
