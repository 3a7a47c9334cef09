"""Why a settlement did not come out as published: a closed list, each cause an arithmetic test of the printed figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum

from accord.clauses import shared_savings
from accord.clauses.rules import stated
from accord.clauses.shared_savings import Facts, Terms
from accord.clauses.walking import money, percent
from accord.rulebook import parameter
from accord.settlement.mssp.agreement import rule
from accord.settlement.mssp.chain import Settled

NOTHING = Decimal(0)


class Cause(StrEnum):
    """Each cause in words."""

    lacking = "an input that the row does not state"
    unlike_itself = "the file disagrees with itself"
    loss_limit = "a loss limit that the file does not hold"
    relief = "a relief that the file does not hold"
    withheld = "a payment withheld for a reason that the file does not hold"
    minimum = "another minimum than the rules give"
    payment_limit = "a limit on the payment that the rules do not give"
    sequestration = "another sequestration than the rules give"
    rate = "the rate printed in the file, which is not that of the rules"
    unexplained = "unexplained"


Test = Callable[[Settled], str | None]


def why(settled: Settled) -> tuple[Cause, str]:
    """The first cause whose test holds, and its figures in words."""
    for cause, test in TESTS.items():
        if (words := test(settled)) is not None:
            return cause, words
    return Cause.unexplained, f"published {money(_published(settled))}, settled {money(settled.amount or NOTHING)}"


def _published(settled: Settled) -> Decimal:
    return settled.aco.figures["earned"].value


def _agreed(settled: Settled) -> tuple[Terms, Facts]:
    assert settled.terms is not None
    assert settled.facts is not None
    return settled.terms, settled.facts


def _gross(settled: Settled) -> Decimal:
    _, facts = _agreed(settled)
    return facts.benchmark - facts.spent


def _lacking(settled: Settled) -> str | None:
    if "earned" not in settled.aco.figures:
        return "the row says nothing of what was earned or owed"
    return f"the row does not state: {', '.join(settled.lacking)}" if settled.lacking else None


def _unlike_itself(settled: Settled) -> str | None:
    """Benchmark less expenditure is not what the file says it is."""
    figures = settled.aco.figures
    if not {"benchmark", "spent", "difference"} <= figures.keys():
        return None
    gross = figures["benchmark"] - figures["spent"]
    if figures["difference"].is_near(gross.value, gross.half):
        return None
    return f"benchmark less expenditure is {money(gross.value)}, and the file has {money(figures['difference'].value)}"


def _loss_limit(settled: Settled) -> str | None:
    """What is owed and what was excused are together less than the loss rate times the gross loss."""
    if "relief" not in settled.aco.figures or not _is_owed_less(settled):
        return None
    implied = abs(settled.aco.figures["relief"].value) - _published(settled)
    part = rule("revenue_loss_limit", settled.aco.year).get(settled.aco.track)
    revenue = f", which is {percent(part)} of a revenue of {money(implied / part)}" if part else ""
    return f"owed and excused are {money(implied)} of a gross loss of {money(-_gross(settled))}{revenue}"


def _relief(settled: Settled) -> str | None:
    """Less is owed than the rules give, and no column says what a disaster excused."""
    if "relief" in settled.aco.figures or not _is_owed_less(settled):
        return None
    return f"{money(_published(settled) - (settled.amount or NOTHING))} less is owed than the rules give"


def _is_owed_less(settled: Settled) -> bool:
    amount = settled.amount or NOTHING
    return _gross(settled) < 0 and amount < _published(settled) - settled.tolerance and _published(settled) <= 0


def _withheld(settled: Settled) -> str | None:
    """The file has savings past the minimum, and nothing was paid."""
    gated = settled.aco.figures.get("gated")
    is_withheld = gated is not None and gated.value > 0 and _published(settled) == 0
    return f"{money(gated.value)} were saved past the minimum, and nothing was paid" if gated is not None and is_withheld else None


def _minimum(settled: Settled) -> str | None:
    """One of published and settled is nothing, and the other is not: the gate fell the other way."""
    terms, facts = _agreed(settled)
    if (_published(settled) == 0) == (not settled.amount):
        return None
    least = shared_savings.minimum_rate(terms, facts, of_loss=_gross(settled) < 0)
    rate = _gross(settled) / facts.benchmark if facts.benchmark else NOTHING
    return f"{percent(round(rate, 6))} of the benchmark was saved, and the minimum is {percent(round(least, 6))}"


def _payment_limit(settled: Settled) -> str | None:
    """What was paid is a whole percent of the benchmark, and less than the share."""
    paid, benchmark = settled.aco.figures["earned"], _agreed(settled)[1].benchmark
    if not 0 < paid.value < (settled.amount or NOTHING) or not benchmark:
        return None
    part = round(paid.value / benchmark, 2)
    return f"exactly {percent(part)} of the benchmark was paid" if part and paid.is_near(part * benchmark, part) else None


def _sequestration(settled: Settled) -> str | None:
    """What was paid is the share less the sequestration of other years, or less none."""
    terms, facts = _agreed(settled)
    rates = {Decimal(value.amount) for value in parameter("us_mssp/sequestration").values} - {stated(terms.sequestration)}
    for rate in sorted(rates) if _gross(settled) > 0 else ():
        paid = shared_savings.settle(terms.model_copy(update={"sequestration": rate}), facts).result
        if paid and abs(paid - _published(settled)) <= settled.tolerance:
            return f"{percent(rate)} was withheld"
    return None


def _rate(settled: Settled) -> str | None:
    """What was published follows from the rate that the file prints, and not from that of the rules."""
    terms, facts = _agreed(settled)
    gross = _gross(settled)
    printed = settled.aco.figures.get("share" if gross > 0 else "loss")
    rebuilt = shared_savings.sharing_rate(terms, facts) if gross > 0 else shared_savings.loss_rate(terms, facts)
    if printed is None or printed.is_near(rebuilt):
        return None
    kept, excused = (1 - stated(terms.sequestration), NOTHING) if gross > 0 else (Decimal(1), facts.excused_amount)
    is_near = abs(printed.value * gross * kept + excused - _published(settled)) <= settled.tolerance + printed.half * abs(gross)
    return f"the file prints {percent(printed.value)}" if is_near else None


TESTS: Mapping[Cause, Test] = {
    Cause.lacking: _lacking,
    Cause.unlike_itself: _unlike_itself,
    Cause.loss_limit: _loss_limit,
    Cause.relief: _relief,
    Cause.withheld: _withheld,
    Cause.minimum: _minimum,
    Cause.payment_limit: _payment_limit,
    Cause.sequestration: _sequestration,
    Cause.rate: _rate,
}
"""In this order: what is wrong with the row before what is wrong with the rules."""
