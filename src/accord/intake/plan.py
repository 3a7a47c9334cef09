"""A map made ready to run: each field of each section as SQL, each rule as a condition, each identifier in its order of trust."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pydantic import BaseModel

from accord.intake.catalogue import CODED_FIELDS, Map
from accord.intake.compile import (
    Check,
    Value,
    compile_reader,
    is_repeated_digit,
    is_valid_nhs_number,
    iso_day,
    nhs_number,
)
from accord.intake.layout import CodesSection, Identifier, SamePerson, When
from accord.intake.rates import compile_rate, over
from accord.intake.readers import Weekly, columns_of
from accord.intake.reading import Reading, literal, name, one_of
from accord.intake.rules import RULES
from accord.intake.spread import n_activities, n_days

TARGETS = {
    "birth_date": "DATE", "death_date": "DATE", "deprivation_decile": "INTEGER", "start_date": "DATE", "end_date": "DATE",
    "admission_date": "DATE", "discharge_date": "DATE", "episode_number": "INTEGER", "duration_minutes": "INTEGER",
    "quantity": "DECIMAL(18,6)", "gross_amount": "DECIMAL(18,2)", "client_amount": "DECIMAL(18,2)",
    "other_funder_amount": "DECIMAL(18,2)", "net_amount": "DECIMAL(18,2)", "cost": "DECIMAL(18,2)", "date": "DATE",
    "order": "INTEGER",
}  # fmt: skip
ALWAYS_REQUIRED = {
    ("activity", "start_date"), ("registration", "start_date"), ("observation", "date"), ("organisation", "id"), ("belongs_to", "spell_code"),
}  # fmt: skip
_NOT_FUTURE = {("activity", "start_date"), ("activity", "end_date"), ("person", "birth_date"), ("person", "death_date")}
_ORDERED = (("start_date", "end_date"), ("admission_date", "discharge_date"))
_UNREADABLE = {"unreadable_date", "unreadable_amount", "unreadable_number"}
_NULL_MONEY = "cast(null as decimal(18, 2))"


@dataclass(frozen=True)
class Plan:
    """One map, compiled. `systems`: the place's identifier systems, the most trusted first.

    is_corrected: whether a source of it corrects, or a file of it was withdrawn, so that its records are held against each other.
    """

    map: Map
    systems: tuple[str, ...]
    is_corrected: bool = False

    @cached_property
    def reading(self) -> Reading:
        """The columns over which the plan's SQL is written."""
        return Reading(self.map.raw, self.map.layout.file.missing)

    @cached_property
    def fields(self) -> dict[tuple[str | int, ...], Value]:
        """Each field of each section by its path, such as ("registration", 0, "start_date")."""
        return {path: self._compiled(path, reader) for path, reader in self.map.layout.readers()}

    def _compiled(self, path: tuple[str | int, ...], reader: BaseModel) -> Value:
        section, field = str(path[0]), str(path[-1])
        if isinstance(reader, Weekly):
            return compile_rate(reader, self.reading, (section, field) in ALWAYS_REQUIRED)
        return compile_reader(
            reader, self.reading, target=TARGETS.get(field, "VARCHAR"), codes=CODED_FIELDS.get((section, field), ()),
            required=(section, field) in ALWAYS_REQUIRED,
        )  # fmt: skip

    def sql(self, *path: str | int, type_: str | None = None) -> str:
        """The SQL of a field's value; a typed NULL where the map does not read it."""
        value = self.fields.get(path)
        target = type_ or TARGETS.get(str(path[-1]), "VARCHAR")
        return value.sql if value else f"cast(null as {target.lower()})"

    def condition(self, when: When | None) -> str:
        """The SQL of a section's `when`; true where it has none."""
        if when is None:
            return "true"
        column = self.reading.trimmed(when.column)
        return f"{column} in {one_of(when.is_in)}" if when.is_in else f"{column} not in {one_of(when.not_in)}"

    @property
    def has_activity(self) -> str:
        """The SQL of whether a record is an act of care."""
        activity = self.map.layout.activity
        return self.condition(activity.when) if activity else "false"

    @cached_property
    def identifiers(self) -> dict[str, str]:
        """Identifier system to the SQL of its text with its scope before it, whether or not it can identify anyone."""
        return {i.system: _scoped(i, self._identifier_text(i)) for i in self.map.layout.identifier}

    def _identifier_text(self, identifier: Identifier) -> str:
        text = self.reading.text(identifier.column, identifier.missing)
        return self.reading.part("NHS number", text, lambda x: nhs_number(f"upper({x})")) if identifier.system == "nhs_number" else f"upper({text})"

    def stated(self, said: SamePerson) -> tuple[str, str]:
        """The SQL of the previous and of the current identifier, each with its scope before it; NULL where it can identify nobody."""
        previous, current = (Identifier(column=c, system=said.system, scope=said.scope) for c in (said.previous, said.current))
        return _scoped(previous, self._identifying(previous)), _scoped(current, self._identifying(current))

    def _identifying(self, identifier: Identifier) -> str:
        """The SQL of an identifier's text where it can identify someone, else NULL."""
        text = self._identifier_text(identifier)
        return f"case when {self._is_valid(identifier)} then {text} end" if identifier.system == "nhs_number" else text

    def _is_valid(self, identifier: Identifier) -> str:
        text = self.reading.text(identifier.column, identifier.missing)
        digits = self.reading.part("digits", text, lambda x: f"try_cast({nhs_number(x)} as bigint)")
        return is_valid_nhs_number(self._identifier_text(identifier), digits)

    @property
    def sighting_key(self) -> str:
        """The SQL of the record's identifiers joined in the order of trust, as they stand; NULL where it has none."""
        ids = [self.identifiers.get(system) for system in self.systems]
        if not any(ids):
            return "cast(null as varchar)"
        joined = " || '|' || ".join(f"coalesce({i}, '')" if i else "''" for i in ids)
        return f"nullif({joined}, '{'|' * (len(ids) - 1)}')"

    @cached_property
    def has_rates(self) -> bool:
        """Whether money is so much a week, so that a record becomes an activity for each month."""
        return self.map.layout.has_rates()

    @cached_property
    def amounts(self) -> dict[str, str]:
        """The SQL of the amounts of a whole record: those of `rates` over all its days, where they are rates."""
        if not self.has_rates:
            return self.rates
        days = n_days(self.reading, self.sql("activity", "start_date"), self.sql("activity", "end_date"))
        return {field: over(sql, days) for field, sql in self.rates.items()}

    @property
    def n_activity(self) -> str:
        """The SQL of the number of activities that a record becomes, if it is an act of care."""
        if not self.has_rates:
            return "1"
        return n_activities(self.reading, self.sql("activity", "start_date"), self.sql("activity", "end_date"))

    @cached_property
    def rates(self) -> dict[str, str]:
        """The SQL of the activity's amounts: gross and net, each from the other where only one is read, and cost."""
        gross, client, other, net = (self.sql("activity", f) for f in ("gross_amount", "client_amount", "other_funder_amount", "net_amount"))
        shares = f"coalesce({client}, 0) + coalesce({other}, 0)"
        gross_or = f"coalesce({gross}, cast({net} + {shares} as decimal(18, 2)))" if self._reads("net_amount") else gross
        net_or = f"coalesce({net}, cast({gross} - ({shares}) as decimal(18, 2)))" if self._reads("gross_amount") else net
        cost = self.sql("activity", "cost") if self._reads("cost") else gross_or
        return {"gross_amount": gross_or, "client_amount": client, "other_funder_amount": other, "net_amount": net_or, "cost": cost}

    def _reads(self, field: str) -> bool:
        return ("activity", field) in self.fields

    def counted(self, amount: str) -> str:
        """The SQL of an amount of a record whatever its fate; NULL where the record is no act of care."""
        if self.map.layout.activity is None:
            return _NULL_MONEY
        return f"case when {self.has_activity} then {self.amounts[amount]} end"

    def exact(self, amount: str) -> str:
        """The SQL of an amount as written, before rounding. Derived amounts are sums of what is written. Of a rate: what its days come to."""
        if self.has_rates:
            return f"cast({self.counted(amount)} as decimal(24, 6))"
        parts = {f: v.exact or v.sql for (s, *_, f), v in self.fields.items() if s == "activity" and f in self.amounts}
        shares = [parts[f] for f in ("client_amount", "other_funder_amount") if f in parts]
        plus, minus = ("".join(f" {sign} coalesce({s}, 0)" for s in shares) for sign in "+-")
        net, gross = parts.get("net_amount"), parts.get("gross_amount")
        net_or = _coalesce(net, f"{gross}{minus}" if gross else None)
        gross_or = _coalesce(gross, f"{net}{plus}" if net else None)
        chosen = {"net_amount": net_or, "cost": parts.get("cost") or gross_or}[amount]
        return f"case when {self.has_activity} then cast({chosen} as decimal(24, 6)) end" if chosen else "cast(null as decimal(24, 6))"

    @cached_property
    def checks(self) -> list[Check]:
        """Every rule that looks at one record alone, one a rule and column."""
        found: dict[tuple[str, str], Check] = {}
        for check in self._all_checks():
            before = found.get((check.rule, check.column))
            found[check.rule, check.column] = replace(check, condition=f"({before.condition}) or ({check.condition})") if before else check
        return [_told_once(check, found) for check in found.values()]

    def _all_checks(self) -> Iterator[Check]:
        for identifier in self.map.layout.identifier:
            yield from self._identifier_checks(identifier)
        yield from self._same_person_checks()
        yield from self._person_check()
        for path, value in self.fields.items():
            guard = self._guard(path)
            personal = path[0] == "person"
            for check in (*value.checks, *self._day_checks(path, value)):
                yield replace(check, condition=f"{guard}({check.condition})", personal=personal)
        yield from self._order_checks()
        yield from self._tie_check()
        for codes in (*self.map.layout.diagnosis, *self.map.layout.procedure):
            yield from self._split_check(codes)
            yield from self._code_date_checks(codes)

    def _code_date_checks(self, codes: CodesSection) -> Iterator[Check]:
        for column in codes.dates:
            text, day = self.code_date(codes, column)
            condition = f"({self.has_activity}) and ({text} is not null and {day} is null)"
            yield Check("unreadable_value", column, condition, name(column), f"expected a date as {codes.date_format}; the activity's is taken")

    def _split_check(self, codes: CodesSection) -> Iterator[Check]:
        if codes.split:
            column = codes.columns[0]
            mark = "\\" + codes.split if codes.split in "^]\\-[" else codes.split
            # Anything but marks and spaces after as many marks as codes are taken: empty places between do not hide what follows.
            beyond = f"(?s)^([^{mark}]*[{mark}]){{{codes.most}}}.*[^{mark} ]"
            condition = f"regexp_matches({self.reading.delivered(column)}, {literal(beyond)})"
            yield Check("too_many_codes", column, condition, name(column), f"only the first {codes.most} are taken")

    def code_date(self, codes: CodesSection, column: str) -> tuple[str, str]:
        """The SQL of a code's own date as text and as a day."""
        text = self.reading.text(column, codes.missing)
        return text, self.reading.part("date", text, lambda x: iso_day(x, codes.date_format))

    def _guard(self, path: Sequence[str | int]) -> str:
        when = getattr(self._section(path), "when", None)
        return f"({self.condition(when)}) and " if when else ""

    def _section(self, path: Sequence[str | int]) -> object:
        section = getattr(self.map.layout, str(path[0]))
        return section[int(path[1])] if isinstance(section, list) else section

    def _identifier_checks(self, identifier: Identifier) -> Iterator[Check]:
        if identifier.system != "nhs_number":
            return
        text, column = self._identifier_text(identifier), identifier.column
        repeated = is_repeated_digit(text)
        yield Check("repeated_digit_nhs_number", column, repeated, name(column), personal=True)
        yield Check("invalid_nhs_number", column, f"not ({self._is_valid(identifier)}) and not ({repeated})", name(column), personal=True)

    def _same_person_checks(self) -> Iterator[Check]:
        for said in self.map.layout.same_person:
            for column in (said.previous, said.current):
                empty = f"({self.condition(said.when)}) and {self.reading.text(column)} is null"
                yield Check("missing_required", column, empty, name(column), personal=True)

    def _person_check(self) -> Iterator[Check]:
        layout = self.map.layout
        if not layout.identifier or not (layout.activity or layout.registration or layout.person):
            return
        column = layout.identifier[0].column
        usable = ", ".join(self._identifying(i) for i in layout.identifier)
        yield Check("missing_person", column, f"coalesce({usable}, '') = ''", name(column), personal=True)

    def _day_checks(self, path: tuple[str | int, ...], value: Value) -> Iterator[Check]:
        if (path[0], path[-1]) in _NOT_FUTURE and (column := self._column(path)):
            yield Check("future_date", column, f"{value.sql} > cast(v._received_at as date)", name(column), "after the file was received")

    def _column(self, path: tuple[str | int, ...]) -> str:
        reader = getattr(self._section(path), str(path[-1]))
        return next(columns_of(reader), "")

    def _order_checks(self) -> Iterator[Check]:
        for path in list(self.fields):
            for first, last in _ORDERED:
                start = (*path[:-1], first)
                if path[-1] == last and start in self.fields and (column := self._column(path)):
                    condition = f"{self._guard(path)}({self.fields[path].sql} < {self.fields[start].sql})"
                    yield Check("end_before_start", column, condition, name(column), f"{last} before {first}")

    def _tie_check(self) -> Iterator[Check]:
        fields = ("gross_amount", "net_amount")
        shares = [self.sql("activity", f) for f in ("client_amount", "other_funder_amount") if self._reads(f)]
        if all(self._reads(f) for f in fields):
            gross, net = (self.sql("activity", f) for f in fields)
            column = self._column(("activity", "gross_amount"))
            total = "".join(f" + coalesce({s}, 0)" for s in shares)
            condition = f"({self.has_activity}) and {gross} <> {net}{total}"
            yield Check("amounts_do_not_tie", column, condition, name(column), "gross is not net and shares")

    @cached_property
    def refusing(self) -> list[Check]:
        """The checks that refuse a record, in the order of the rules."""
        order = list(RULES)
        refusing = [c for c in self.checks if RULES[c.rule].severity == "refuse"]
        return sorted(refusing, key=lambda c: order.index(c.rule))


def _told_once(check: Check, found: Mapping[tuple[str, str], Check]) -> Check:
    """An unreadable value is flagged only where no rule refuses the record for the same column: one fault, one finding."""
    if check.rule != "unreadable_value":
        return check
    refusing = [c.condition for (rule, column), c in found.items() if column == check.column and rule in _UNREADABLE]
    only = "".join(f" and not coalesce({condition}, false)" for condition in refusing)
    return replace(check, condition=f"({check.condition}){only}")


def identifying(system: str, text: str) -> str:
    """The SQL of an identifier's text where it can identify someone, else NULL: an NHS number must have a right check digit."""
    return f"case when {is_valid_nhs_number(text, f'try_cast({text} as bigint)')} then {text} end" if system == "nhs_number" else text


def _scoped(identifier: Identifier, text: str) -> str:
    scope = "v._partner_id" if identifier.scope == "partner" else literal("any")
    return f"{scope} || '|' || {text}"


def _coalesce(first: str | None, second: str | None) -> str | None:
    both = [part for part in (first, second) if part]
    return f"coalesce({', '.join(both)})" if len(both) == 2 else (both[0] if both else None)
