"""The model of a budget's file, budgets/<name>.toml: a capitation, a benchmark or a pool, as those who agree on it write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from accord.clauses.rules import rule_faults, with_rules_read
from accord.clauses.terms import Fraction, Id, Listed, Money, Name, Period, Rate, Service, Written
from accord.errors import UserError
from accord.place.toml import check_toml, fault_error, read_model, read_text
from accord.place.toml_faults import Fault, did_you_mean

Column = Annotated[str, Field(min_length=1, max_length=80, examples=["need_acute"])]
"""The heading of a column of the file of figures."""

Growth = Annotated[Decimal, Field(gt=-1, le=1, decimal_places=6, examples=[Decimal("0.02")])]


class PartOfBudget(Written):
    """What one organisation has by another budget of the place: so a place's budget becomes its practices' indicative ones."""

    budget: Id = Field(examples=["needs_weighted"])
    organisation: Id = Field(examples=["GP_FED"])


class PerPerson(Written):
    """So much for each person."""

    per_person: Money


class Inequalities(Written):
    """The part of the money that goes by a population weighted for health inequalities. index: its factor for each person, by organisation."""

    rate: Rate = Field(examples=[Decimal("0.15")])
    index: Column | None = None
    weighted: Column | None = None


class FittedNeed(Written):
    """Need by a model of the place that is fitted on the run that the budget is set on, instead of a column.

    year: the first day of the year whose need counts, where the budget does not begin in it.
    """

    model: Id = Field(examples=["hospital"])
    year: date | None = Field(default=None, examples=[date(2026, 4, 1)])


class Serving(Written):
    """One service: its share of the total, and by which columns its money is divided. weighted: a weighted population as published.

    need: a column, or a model that is fitted.
    """

    id: Service
    share: Fraction
    need: Column | FittedNeed | None = None
    market_forces: Column | None = None
    weighted: Column | None = None
    inequalities: Inequalities | None = None


class Pace(Written):
    """From what each had (a column) towards its target. speed: the part of the distance that is closed in the period."""

    baseline: Column = Field(examples=["allocation_2024"])
    speed: Fraction
    growth_at_least: Growth | None = None
    growth_at_most: Growth | None = None


class Management(Written):
    """What running the budget is paid. within: out of the total, or beside it."""

    within: bool
    per_person: Money | None = None
    rate: Fraction | None = None


class _Budget(Written):
    title: Name = Field(examples=["Budgets of the place, by need"])
    source: Name = Field(examples=["the board's paper of 2025-02-11"])
    period: Period


class Capitation(_Budget):
    """A total divided between organisations by people and need. figures: a CSV beside this file, one organisation a row."""

    kind: Literal["capitation"]
    total: Money | PerPerson | PartOfBudget
    figures: Name = Field(examples=["practices.csv"])
    people: Column = Field(examples=["people"])
    service: Listed[Serving] = Field(min_length=1)
    pace: Pace | None = None
    management: Management | None = None


class RiskCap(Written):
    """How far risk may grow from the last benchmark year to the year settled. over: all types together, or each by itself."""

    rate: Rate = Field(examples=[Decimal("0.03")])
    over: Literal["all_types", "each_type"]


class Observed(Written):
    """Something observed of a person in the year."""

    system: Name = Field(examples=["desynpuf"])
    code: Name = Field(examples=["BENE_ESRD_IND"])
    text: Name = Field(examples=["Y"])


class EnrolmentType(Written):
    """Who is of a type of enrolment in a month, where `accord budget figures` counts them from a run: by age, and by what is observed of a person.

    The first type that fits counts. observed: a code of the table observation, such as BENE_ESRD_IND, with the text that it must have.
    """

    id: Id = Field(examples=["esrd"])
    from_years: int = Field(default=0, ge=0, le=150)
    below_years: int = Field(default=1000, ge=1, le=1000)
    observed: Observed | None = None


class Benchmark(_Budget):
    """What people like these cost before. figures: a CSV beside this file, one type of enrolment and year a row.

    truncated_at: where figures are counted from a run, the percentile of a type's person-years up to which a person-year counts; all, if left out.
    """

    kind: Literal["benchmark"]
    holder: Id = Field(examples=["ACO1"])
    figures: Name = Field(examples=["aco_figures.csv"])
    years: Listed[Annotated[int, Field(ge=1900, le=2200)]] = Field(min_length=1, max_length=10, examples=[[2021, 2022, 2023]])
    weights: Listed[Annotated[Decimal, Field(ge=0, le=1)]] = Field(min_length=1, examples=[[Decimal("0.10"), Decimal("0.30"), Decimal("0.60")]])
    settled: int = Field(ge=1900, le=2200, examples=[2025])
    risk_cap: RiskCap | None = None
    truncated_at: Rate | None = Field(default=None, examples=[Decimal("0.99")])
    type: Listed[EnrolmentType] = ()


class Contribution(Written):
    """What one partner puts in, as an amount or by another budget. least: what it must put in, where a rule says so."""

    party: Id
    amount: Money | PartOfBudget
    least: Money | None = None
    reference: str = ""


class PooledService(Written):
    """One service and its share of the pool."""

    id: Service
    share: Fraction


class Pooled(_Budget):
    """Partners' money together, for services that they run as one: of health and of social care."""

    kind: Literal["pooled"]
    holder: Id = Field(examples=["POOL"])
    contribution: Listed[Contribution] = Field(min_length=1)
    service: Listed[PooledService] = Field(min_length=1)


KINDS: dict[str, type[Capitation] | type[Benchmark] | type[Pooled]] = {"capitation": Capitation, "benchmark": Benchmark, "pooled": Pooled}
"""Every kind of budget."""

AnyBudget = Capitation | Benchmark | Pooled


def read_ruled(file: Path, known_on: date) -> AnyBudget:
    """A budget with the number of each rule that it names, as in force when it begins and published by a day. Raises UserError."""
    written = read_budget(file)
    wrong = list(rule_faults(written, written.period.start_date, (), Decimal))
    if wrong:
        raise fault_error(file, read_text(file), wrong)
    return with_rules_read(written, written.period.start_date, known_on)


def read_budget(file: Path) -> AnyBudget:
    """A budget's file. Raises UserError: the first of its faults, and how many more there are."""
    text = read_text(file)
    found = re.search(r"""^kind\s*=\s*["']([^"'\n]*)["']""", text, re.MULTILINE)
    kind = found[1] if found else ""
    if kind not in KINDS:
        check_toml(file, text)
        line = text[: found.start()].count("\n") + 1 if found else 1
        what = f"'{kind}' is no kind of budget" if found else "the budget does not say of which kind it is"
        raise UserError(what, where=f"{file}, line {line}", what_to_do=did_you_mean(kind, list(KINDS), 'write kind = "…" with one of'))
    return read_model(file, KINDS[kind], text=text, check=faults)


def faults(budget: Any) -> Iterator[Fault]:
    """What is inconsistent in a budget that reads well."""
    if budget.period.end_date <= budget.period.start_date:
        yield Fault(("period", "to"), "the period ends before it begins", "write the first day that is no longer of it")
    if isinstance(budget, Benchmark):
        yield from _faults_of_benchmark(budget)
        return
    yield from _faults_of_shares(budget)
    if isinstance(budget, Capitation):
        yield from _faults_of_capitation(budget)


def _faults_of_shares(budget: Capitation | Pooled) -> Iterator[Fault]:
    whole = sum((each.share for each in budget.service), Decimal(0))
    if whole != 1:
        yield Fault(("service", 0, "share"), f"the shares of the services add up to {whole}", "let them add up to 1")
    ids = [each.id for each in budget.service]
    for n, id in enumerate(ids):
        if id in ids[:n]:
            yield Fault(("service", n, "id"), f"the service '{id}' stands there twice", "keep one of the two")


def _faults_of_capitation(budget: Capitation) -> Iterator[Fault]:
    for n, each in enumerate(budget.service):
        if each.weighted and (each.need or each.market_forces):
            mend = "keep one of them: both would weigh people twice"
            yield Fault(("service", n, "weighted"), "a weighted population is given, and factors too", mend)
        if each.inequalities and (each.inequalities.index is None) == (each.inequalities.weighted is None):
            mend = "write one of index = a column of factors, and weighted = a column of weighted people"
            yield Fault(("service", n, "inequalities"), "says not by which population", mend)
    pace = budget.pace
    if pace and pace.growth_at_least is not None and pace.growth_at_most is not None and pace.growth_at_least > pace.growth_at_most:
        yield Fault(("pace", "growth_at_most"), "the most that any grows is below the least", "let it be as much or more")
    if budget.management and (budget.management.rate is None) == (budget.management.per_person is None):
        yield Fault(("management",), "says not what running the budget is paid", "write one of rate = 0.02 and per_person = 18.80")


def _faults_of_benchmark(budget: Benchmark) -> Iterator[Fault]:
    if len(budget.weights) != len(budget.years):
        yield Fault(("weights",), f"there are {len(budget.weights)} weights for {len(budget.years)} years", "write one weight a benchmark year")
    elif sum(budget.weights) != 1:
        yield Fault(("weights",), f"the weights add up to {sum(budget.weights)}", "let them add up to 1")
    if list(budget.years) != sorted(set(budget.years)) or budget.settled <= budget.years[-1]:
        yield Fault(("years",), "the benchmark years are not in order, or not before the year settled", "write each once, the earliest first")
