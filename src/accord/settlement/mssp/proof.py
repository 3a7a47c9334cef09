"""Every ACO of a results file settled, and held against what was published: so many of so many, and each miss with its cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median_low

from accord.clauses import shared_savings
from accord.settlement.mssp.causes import Cause, why
from accord.settlement.mssp.chain import Settled, is_full, of_gross, of_loss_rate, of_sharing_rate, settle
from accord.settlement.mssp.reading import Results, Use, read_results
from accord.settlement.ruled import rule_at
from accord.stats import Verdict, luck_band, verdict

NOTHING = Decimal(0)
SPREAD = "us_mssp/person_cost_variation"


@dataclass(frozen=True)
class Miss:
    """One ACO that did not come out as published."""

    aco_id: str
    name: str
    row: int
    published: Decimal | None
    settled: Decimal | None
    cause: Cause
    because: str


@dataclass(frozen=True)
class Tally:
    """How many of those that could be checked came out as published."""

    n_same: int
    n: int


@dataclass(frozen=True)
class Money:
    """What was earned, and what was owed, in all."""

    earned: Decimal
    owed: Decimal


@dataclass(frozen=True)
class Luck:
    """Of the ACOs whose people are known, those whose saving or loss luck alone could have made. spread, confidence: by which that is said."""

    n_inside: int
    n: int
    n_unknown: int
    spread: Decimal
    confidence: Decimal


@dataclass(frozen=True)
class Proof:
    """One performance year of one file. reproduced: settlements. rates: each rate that was rebuilt, held against the printed one.

    tolerance: of the amounts that are not nothing, the median and the largest distance that the printed inputs leave open.
    instead: what was done about columns that the file has not. n_coarse: settlements that a minimum rate printed too coarsely leaves open.
    n_blank: rows of the file that state no amount. luck: on which side of the band of luck the savings and losses are.
    """

    file: Path
    year: int
    year_from: str
    reproduced: Tally
    n_settled: int
    published: Money
    settled: Money
    rates: Mapping[str, Tally]
    tolerance: tuple[Decimal, Decimal]
    uses: tuple[Use, ...]
    instead: tuple[str, ...]
    misses: tuple[Miss, ...]
    n_coarse: int
    n_blank: int
    luck: Luck


def prove(files: Sequence[Path], year: int | None = None) -> list[Proof]:
    """The proof of each performance year of each file. year: of files that say it nowhere. Raises UserError for a file that is none."""
    return [proof for file in files for proof in _of_file(read_results(file, year))]


def _of_file(results: Results) -> Iterator[Proof]:
    for year in sorted({aco.year for aco in results.acos}):
        yield _of_year(results, year, [settle(aco) for aco in results.acos if aco.year == year])


def _of_year(results: Results, year: int, settled: list[Settled]) -> Proof:
    published = [s.aco.figures["earned"].value for s in settled if "earned" in s.aco.figures]
    open_to = [s.tolerance for s in settled if s.amount]
    return Proof(
        file=results.file,
        year=year,
        year_from=results.year_from,
        reproduced=Tally(sum(s.is_reproduced for s in settled), 0 if "earned" in results.lacking else len(settled)),
        n_settled=sum(s.amount is not None for s in settled),
        published=_money(published),
        settled=_money(s.amount for s in settled if s.amount is not None),
        rates={name: tally for name, test in RATES.items() if (tally := _tally(map(test, settled))).n},
        tolerance=(median_low(open_to), max(open_to)) if open_to else (NOTHING, NOTHING),
        uses=results.uses,
        instead=tuple(f"no column for {results.lacking[name]}: {words}" for name, words in INSTEAD.items() if _is_missed(name, results, year)),
        misses=tuple(_miss(s) for s in settled if not s.is_reproduced) if "earned" not in results.lacking else (),
        n_coarse=sum(s.is_coarse for s in settled),
        n_blank=results.n_blank,
        luck=_luck(settled, date(year, 12, 31)),
    )


def _luck(settled: Sequence[Settled], day: date) -> Luck:
    """Each saving or loss held against the band of luck of its own number of people; the benchmark is taken as certain."""
    spread, confidence = rule_at(SPREAD, day), rule_at("interval_confidence", day)
    known = [s.facts for s in settled if s.facts is not None and s.facts.n_people and s.facts.benchmark > 0]
    inside = [
        verdict(float((f.benchmark - f.spent) / f.benchmark), luck_band(float(spread), [f.n_people], float(confidence))) is Verdict.inside
        for f in known
    ]
    return Luck(sum(inside), len(known), len(settled) - len(known), spread, confidence)


def _money(amounts: Iterable[Decimal]) -> Money:
    listed = list(amounts)
    return Money(sum((a for a in listed if a > 0), NOTHING), sum((a for a in listed if a < 0), NOTHING))


def _tally(found: Iterable[bool | None]) -> Tally:
    known = [same for same in found if same is not None]
    return Tally(sum(known), len(known))


def _miss(settled: Settled) -> Miss:
    aco, published = settled.aco, settled.aco.figures.get("earned")
    return Miss(aco.id, aco.name, aco.row, published.value if published else None, settled.amount, *why(settled))


# --- rates that are rebuilt, held against those that are printed ---------------------------------------------------------------


def _minimum_rate(settled: Settled) -> bool | None:
    """Of one-sided ACOs: the others elect theirs."""
    printed, terms, facts = settled.aco.figures.get("minimum"), settled.terms, settled.facts
    if printed is None or terms is None or facts is None or terms.loss is not None or "people" not in settled.aco.figures:
        return None
    return printed.is_near(shared_savings.rate_of_size(facts.bands, facts.n_people))


def _sharing_rate(settled: Settled) -> bool | None:
    """Not where the printed rate had to stand in for a score."""
    aco, terms, facts = settled.aco, settled.terms, settled.facts
    printed = aco.figures.get("share")
    if printed is None or terms is None or facts is None or settled.lacking or not ("quality" in aco.figures or is_full(terms, aco)):
        return None
    return printed.is_near(shared_savings.sharing_rate(terms, facts), of_sharing_rate(aco, terms))


def _loss_rate(settled: Settled) -> bool | None:
    """Not where the printed rate had to stand in for the rules."""
    aco, terms, facts = settled.aco, settled.terms, settled.facts
    printed = aco.figures.get("loss")
    if printed is None or terms is None or facts is None or aco.track is None or terms.loss is None or facts.quality is None:
        return None
    return printed.is_near(shared_savings.loss_rate(terms, facts), of_loss_rate(aco, terms))


def _gated(settled: Settled) -> bool | None:
    """The gross, where it is past the minimum, and else nothing; not of losses of those who owe none, which files print either way."""
    printed, terms, facts = settled.aco.figures.get("gated"), settled.terms, settled.facts
    if printed is None or terms is None or facts is None or settled.bridge is None:
        return None
    gross = facts.benchmark - facts.spent
    if gross < 0 and terms.loss is None:
        return None
    is_nothing = STOPPED & {step.name for step in settled.bridge.steps}
    return printed.is_near(NOTHING if is_nothing else gross, of_gross(settled.aco))


STOPPED = {"below the minimum", "through the guardrail"}

RATES = {
    "minimum rate, one-sided": _minimum_rate,
    "past the minimum or not": _gated,
    "sharing rate": _sharing_rate,
    "loss rate": _loss_rate,
}

INSTEAD: Mapping[str, str] = {
    "earned": "nothing can be held against it; what could be rebuilt is below",
    "track": "tracks are told by the printed sharing rate and risk model",
    "people": "minimum rates are taken from the file and not rebuilt",
    "minimum": "a two-sided ACO is settled only where every rate that it could elect comes to the same",
    "quality": "rates that go by quality are taken from the file and not rebuilt",
    "is_met": "whoever shares, and did not meet the alternative standard alone, is taken to have met it",
    "is_alternative_met": "whoever shares without having met the standard is taken to have met the alternative one",
    "relief": "losses are excused by months of a national emergency alone",
    "revenue": "low revenue is taken from the file's own mark",
    "agreement": "low revenue is taken from the file's own mark",
    "is_guarded": "no savings are taken to exist through the guardrail alone",
    "has_left": "nobody is taken to have left before the end of the year",
}
"""What is done where a file has no column for something."""

SINCE: Mapping[str, int] = {"is_alternative_met": 2023, "revenue": 2024, "agreement": 2024, "is_guarded": 2024, "has_left": 2022, "relief": 2017}
"""From which performance year on a column is to be expected: the rule behind it did not exist before, or its figure was not published."""


def _is_missed(name: str, results: Results, year: int) -> bool:
    return name in results.lacking and year >= SINCE.get(name, year)
