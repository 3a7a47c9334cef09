"""Terms that name a rule of the rulebook, with the rule's number in its place; and what is wrong with a rule that is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from accord.clauses.terms import Rate, Rule
from accord.clauses.walking import percent
from accord.errors import UserError
from accord.place.toml_faults import Fault, did_you_mean
from accord.place.toml_lines import KeyPath
from accord.rulebook import parameter
from accord.rulebook.reader import FOLDER

M = TypeVar("M", bound=BaseModel)


def stated(rate: Rate | None) -> Decimal:
    """The number of a rate whose rule has been read; nothing is 0."""
    assert not isinstance(rate, Rule), f"the rule {rate} was not read before its clause was settled"
    return Decimal(0) if rate is None else rate


def said(rate: Rate) -> str:
    """A rate in words, or the rule that gives it."""
    return percent(rate) if isinstance(rate, Decimal) else f"the rate that {rate.rule}{f' ({rate.option})' if rate.option else ''} says"


def with_rules_read(terms: M, on: date, known_at: date) -> M:
    """The same terms with each rule's number, as in force on a day and published by another, for its name. Raises UserError as `amount_at`."""
    return terms.model_copy(update={name: _read(getattr(terms, name), on, known_at) for name in type(terms).model_fields})


def _read(value: Any, on: date, known_at: date) -> Any:
    match value:
        case Rule():
            amount = amount_at(value.rule, on, known_at)
            return Decimal(amount[value.option] if value.option else amount)
        case BaseModel():
            return with_rules_read(value, on, known_at)
        case tuple():
            return tuple(_read(each, on, known_at) for each in value)
        case _:
            return value


def amount_at(name: str, on: date, known_at: date) -> Any:
    """What a rule says of a day, as published by another. Raises UserError if nothing was published by then."""
    rule = parameter(name)
    covering = [v for v in rule.values if v.start_date <= on and (v.valid_until is None or on < v.valid_until)]
    if covering and min(v.published_on for v in covering) > known_at:
        what = f"the rule '{name}' for {on} was published on {min(v.published_on for v in covering)}, and what is known is of {known_at}"
        mend = "settle as known on that day or later, or write into the contract the number that was agreed"
        raise UserError(what, where=f"the rule {name}", what_to_do=mend)
    return rule.at(on, known_at)


def rule_faults(value: Any, on: date, path: KeyPath = (), wanted: Any = Any) -> Iterator[Fault]:
    """What is wrong with the rules that terms name: none of that name, none for the day, not that option, or another kind of number.

    path: where the terms stand. wanted: what a rule there may give.
    """
    match value:
        case Rule():
            yield from _faults_of_one(value, on, path, wanted)
        case BaseModel():
            for name, field in type(value).model_fields.items():
                yield from rule_faults(getattr(value, name), on, (*path, field.alias or name), field.annotation)
        case tuple():
            for n, each in enumerate(value):
                yield from rule_faults(each, on, (*path, n))


def _faults_of_one(named: Rule, on: date, path: KeyPath, wanted: Any) -> Iterator[Fault]:
    if named.rule not in rule_names():
        yield Fault((*path, "rule"), f"the rulebook has no rule '{named.rule}'", did_you_mean(named.rule, rule_names(), "the rules are"))
        return
    rule = parameter(named.rule)
    in_force = [v for v in rule.values if v.start_date <= on and (v.valid_until is None or on < v.valid_until)]
    if not in_force:
        spans = "; ".join(f"from {v.start_date}" + (f" until {v.valid_until}" if v.valid_until else "") for v in rule.values)
        mend = f"write the number that was agreed instead: the rule is known {spans}"
        yield Fault((*path, "rule"), f"the rule '{named.rule}' has no value for {on}, when the contract begins", mend)
        return
    amount = max(in_force, key=lambda v: (v.start_date, v.published_on)).amount
    options = list(amount) if isinstance(amount, dict) else []
    if named.option not in (options or [""]):
        yield Fault((*path, "option"), *_wrong_option(named, options))
    elif not _fits(number := amount[named.option] if options else amount, wanted):
        yield Fault((*path, "rule"), f"the rule '{named.rule}' gives {number}, which cannot stand here", "name a rule of this kind of number")


def _fits(amount: Decimal | int, wanted: Any) -> bool:
    try:
        TypeAdapter(wanted).validate_python(amount)
    except ValidationError:
        return False
    return True


def _wrong_option(named: Rule, options: list[str]) -> tuple[str, str]:
    if not options:
        return f"the rule '{named.rule}' has no options", "take option out"
    if not named.option:
        return f"the rule '{named.rule}' has several values, and option does not say which", f"add option: {', '.join(options)}"
    return f"the rule '{named.rule}' has no option '{named.option}'", did_you_mean(named.option, options, "the options are")


@cache
def rule_names() -> list[str]:
    """The rules of the rulebook whose values are numbers, alone or by option."""
    names = [path.relative_to(FOLDER).with_suffix("").as_posix() for path in sorted(FOLDER.rglob("*.toml"))]
    return [name for name in names if _is_number(name)]


def _is_number(name: str) -> bool:
    try:
        amounts = [v.amount for v in parameter(name).values]
    except KeyError:  # a list of codes, or a table
        return False
    return all(isinstance(n, Decimal | int) for a in amounts for n in (a.values() if isinstance(a, dict) else [a]))
