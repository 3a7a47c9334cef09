"""`accord budget`: a budget of a place set from its file and figures, and kept."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from accord import rulebook
from accord.budgets import benchmark, capitation, pooled
from accord.budgets.budget_file import (
    AnyBudget,
    Benchmark,
    Capitation,
    Contribution,
    FittedNeed,
    PartOfBudget,
    PerPerson,
    Pooled,
    Serving,
    read_ruled,
)
from accord.budgets.figures import read_organisations, read_types
from accord.budgets.fitted_need import Need, read_need
from accord.budgets.pace import LOSES_ALL, Pace, bounds_of_total
from accord.clauses.bridge import Bridge
from accord.clauses.rules import stated
from accord.clauses.walking import money
from accord.engine.feed import write_file
from accord.errors import UserError
from accord.place import Place, hold, line_of, open_run
from accord.place.keeping import MANIFEST_NAME, keep, kept
from accord.place.runs import file_sha256
from accord.place.toml_faults import did_you_mean
from accord.tables.budgets import BUDGET, BUDGET_LINE

FOLDER = "budgets"
NOTHING = Decimal("0.00")
Key = tuple[str, str]
"""An organisation and a service."""


@dataclass(frozen=True)
class BudgetSet:
    """A budget as set: its bridges by organisation and service, and what is told beside. needs: by service, where a fitted model says it.

    folder: where it is kept.
    """

    budget_id: str
    written: AnyBudget
    bridges: Mapping[Key, Bridge]
    people: Mapping[str, Decimal] = field(default_factory=dict)
    weighted_people: Mapping[str, Decimal] = field(default_factory=dict)
    distance: Mapping[str, Decimal] = field(default_factory=dict)
    short: Mapping[str, Decimal] = field(default_factory=dict)
    needs: Mapping[str, Need] = field(default_factory=dict)
    folder: Path = Path()

    @property
    def total(self) -> Decimal:
        """All of it."""
        return sum((bridge.result for bridge in self.bridges.values()), NOTHING)

    def of(self, organisation: str) -> Decimal:
        """What one organisation has."""
        return sum((bridge.result for (id, _), bridge in self.bridges.items() if id == organisation), NOTHING)


def budgets_folder(place: Place) -> Path:
    """Where budgets are written, each with what was set by it in a folder of its name."""
    return place.root / FOLDER


def budget_files(place: Place) -> dict[str, Path]:
    """The files of a place's budgets, by name."""
    return {path.stem: path for path in sorted(budgets_folder(place).glob("*.toml"))}


def set_budget(place: Place, name: str, known_on: date | None = None, run: str = "current") -> BudgetSet:
    """Set a budget and keep it; what it is part of is set too. Raises UserError.

    known_on: the day by which rules were published; today, if None. run: on which a model is fitted that a budget takes need from.
    """
    with hold(place, "budget"):
        return _set(place, name, _Moment(run, known_on or datetime.now(UTC).date()), ())


def file_of(place: Place, name: str) -> Path:
    """The file of a budget. Raises UserError naming those that there are."""
    files = budget_files(place)
    if name not in files:
        mend = did_you_mean(name, list(files), "its budgets are") if files else "write one: the manual has the kinds of budget"
        what = f"the place has no budget '{name}'" if name else "the place has no budgets"
        raise UserError(what, where=str(budgets_folder(place)), what_to_do=mend)
    return files[name]


@dataclass(frozen=True)
class _Moment:
    """By what is known when a budget is set, it and those that it is a part of: the run, and the day of the rules."""

    run: str
    known_on: date


def _set(place: Place, name: str, moment: _Moment, above: tuple[str, ...]) -> BudgetSet:
    if name in above:
        what = f"the budget '{name}' is a part of itself: {' > '.join((*above, name))}"
        raise UserError(what, where=str(file_of(place, above[-1])), what_to_do="let one of them state its total")
    file = file_of(place, name)
    ruled = read_ruled(file, moment.known_on)
    at = _At(place, name, file, moment, (*above, name))
    made = _MAKERS[type(ruled)](at, ruled)
    made = replace(made, folder=_folder(at, made))
    if not made.folder.exists():
        keep(made.folder.parent, made.folder.name, partial(_fill, at=at, made=made), partial(_manifest, at, made))
    return made


def _folder(at: _At, made: BudgetSet) -> Path:
    """Where it is kept: the last one, if that is the same; one that is set again after another is the last anew, as a contract goes by the last."""
    id, there = _id(at, made), in_order(at.place, at.name)
    if there and there[-1].name.partition("-")[0] == id:
        return there[-1]
    n_before = sum(folder.name.partition("-")[0] == id for folder in there)
    return budgets_folder(at.place) / at.name / (f"{id}-{n_before + 1}" if n_before else id)


def in_order(place: Place, name: str) -> list[Path]:
    """What was kept of a budget, the last set last."""
    return sorted(kept(budgets_folder(place) / name), key=lambda folder: str(manifest_of(folder)["created_at"]))


def manifest_of(folder: Path) -> dict[str, Any]:
    """What a budget that was kept says of itself."""
    return dict(json.loads((folder / MANIFEST_NAME).read_bytes()))


@dataclass(frozen=True)
class _At:
    """Where a budget is set, and within which others."""

    place: Place
    name: str
    file: Path
    moment: _Moment
    above: tuple[str, ...]

    def wrong(self, path: tuple[str | int, ...], what: str, mend: str) -> UserError:
        """What is wrong with a key of the file."""
        return UserError(what, where=f"{self.file}, line {line_of(self.file, path)}", what_to_do=mend)

    def needs(self, written: Capitation) -> dict[str, Need]:
        """By service, the need that a fitted model says. Raises UserError."""
        begins = written.period.start_date
        return {
            each.id: read_need(self.place, each.need, begins, open_run(self.place, self.moment.run), partial(self.wrong, ("service", n, "need")))
            for n, each in enumerate(written.service)
            if isinstance(each.need, FittedNeed)
        }

    def part(self, named: PartOfBudget, path: tuple[str | int, ...]) -> Decimal:
        """What an organisation has by another budget. Raises UserError."""
        other = _set(self.place, named.budget, self.moment, self.above)
        holders = sorted({id for id, _ in other.bridges})
        if named.organisation not in holders:
            mend = did_you_mean(named.organisation, holders, "they are")
            what = f"the budget '{named.budget}' gives nothing to '{named.organisation}'"
            raise self.wrong(path, what, mend)
        return other.of(named.organisation)


def _capitation(at: _At, written: Capitation) -> BudgetSet:
    figures = at.file.parent / written.figures
    rows, needs = read_organisations(figures, written), at.needs(written)
    people = [row[written.people] for row in rows.values()]
    by_model = {service: (need.of(list(rows), figures), need.words(service)) for service, need in needs.items()}
    facts = capitation.Facts(
        _total(at, written, people), tuple(rows), people, [_serving(each, list(rows.values()), by_model.get(each.id)) for each in written.service],
        [row[written.pace.baseline] for row in rows.values()] if written.pace else (), _pace(written), _allowance(written),
    )  # fmt: skip
    _check_bounds(at, facts)
    _check_allowance(at, facts)
    made = capitation.set_capitation(facts)
    counted = {id: Decimal(round(each * 100)) / 100 for id, each in zip(rows, people, strict=True)}
    return BudgetSet(at.name, written, made.bridges, counted, made.weighted_people, made.distance, needs=needs)


def _total(at: _At, written: Capitation, people: list[Fraction]) -> Decimal:
    match written.total:
        case PartOfBudget():
            return at.part(written.total, ("total",))
        case PerPerson():
            return Decimal(round(Fraction(written.total.per_person) * sum(people, Fraction(0)) * 100)) / 100
        case _:
            return written.total.quantize(NOTHING)


def _serving(each: Serving, rows: list[dict[str, Fraction]], by_model: tuple[list[Fraction], str] | None) -> capitation.Serving:
    def column(name: str | FittedNeed | None) -> list[Fraction] | None:
        return [row[name] for row in rows] if isinstance(name, str) else None

    need, words = by_model or (column(each.need), "")

    inequalities = None
    if each.inequalities:
        index = column(each.inequalities.index or each.inequalities.weighted)
        assert index is not None, "the file says by which population"
        inequalities = (stated(each.inequalities.rate), index)
    return capitation.Serving(each.id, each.share, need, column(each.market_forces), column(each.weighted), inequalities, words)


def _pace(written: Capitation) -> Pace | None:
    agreed = written.pace
    if agreed is None:
        return None
    least = LOSES_ALL if agreed.growth_at_least is None else Fraction(agreed.growth_at_least)
    return Pace(Fraction(agreed.speed), least, None if agreed.growth_at_most is None else Fraction(agreed.growth_at_most))


def _allowance(written: Capitation) -> capitation.Allowance | None:
    agreed = written.management
    return capitation.Allowance(agreed.within, agreed.per_person, agreed.rate) if agreed else None


def _check_bounds(at: _At, facts: capitation.Facts) -> None:
    if facts.pace is None:
        return
    least, most = bounds_of_total(facts.baselines, facts.pace)
    if least <= facts.total and (most is None or facts.total <= most):
        return
    bound, side = (least, "at the least") if most is None or facts.total < least else (most, "at the most")
    what = f"within the bounds of growth all have {money(Decimal(round(bound * 100)) / 100)} {side}, and the total is {money(facts.total)}"
    raise at.wrong(("pace",), what, "widen the bounds, or change the total")


def _check_allowance(at: _At, facts: capitation.Facts) -> None:
    running = capitation.allowances(facts)
    if facts.allowance and facts.allowance.within and sum(running, NOTHING) >= facts.total:
        what = f"running the budget is paid {money(sum(running, NOTHING))}, out of a total of {money(facts.total)}"
        raise at.wrong(("management",), what, "pay less, or pay it beside: within = false")


def _benchmark(at: _At, written: Benchmark) -> BudgetSet:
    types = read_types(at.file.parent / written.figures, written)
    cap = benchmark.RiskCap(stated(written.risk_cap.rate), written.risk_cap.over == "all_types") if written.risk_cap else None
    bridges = benchmark.set_benchmark(types, written.weights, cap)
    whole = sum((one.person_years for one in types), Decimal(0))
    return BudgetSet(at.name, written, {(written.holder, name): bridge for name, bridge in bridges.items()}, {written.holder: whole})


def _pooled(at: _At, written: Pooled) -> BudgetSet:
    parts = [_contribution(at, n, each) for n, each in enumerate(written.contribution)]
    bridges = pooled.set_pooled(parts, [(each.id, each.share) for each in written.service])
    short = {each.party: each.short for each in parts if each.short}
    return BudgetSet(at.name, written, {(written.holder, service): bridge for service, bridge in bridges.items()}, short=short)


def _contribution(at: _At, n: int, each: Contribution) -> pooled.Contribution:
    amount = at.part(each.amount, ("contribution", n, "amount")) if isinstance(each.amount, PartOfBudget) else each.amount.quantize(NOTHING)
    return pooled.Contribution(each.party, amount, each.reference, each.least)


_MAKERS: dict[type, Callable[[_At, Any], BudgetSet]] = {Capitation: _capitation, Benchmark: _benchmark, Pooled: _pooled}


def _inputs(at: _At, made: BudgetSet) -> dict[str, Path]:
    """The files that a budget is set by: its own by their names, those of a fitted model by their places."""
    figures = getattr(made.written, "figures", None)
    files = [at.file, *([at.file.parent / figures] if figures else [])]
    of_models = [file for need in made.needs.values() for file in need.files]
    return {file.name: file for file in files} | {file.relative_to(at.place.root).as_posix(): file for file in of_models}


def _id(at: _At, made: BudgetSet) -> str:
    """The hash of the files it is set by and of what came out, so that what is the same is kept once."""
    parts = [*((name, file_sha256(file)) for name, file in sorted(_inputs(at, made).items())), version("accord"), *map(str, _line_rows(made))]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _fill(into: Path, at: _At, made: BudgetSet) -> None:
    write_file(into / "budget.parquet", BUDGET, _budget_rows(made))
    write_file(into / "budget_line.parquet", BUDGET_LINE, _line_rows(made))
    for name, file in _inputs(at, made).items():
        (into / "inputs" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, into / "inputs" / name)


def _manifest(at: _At, made: BudgetSet, files: Mapping[str, str]) -> str:
    said = {
        "budget_id": made.budget_id, "title": made.written.title, "kind": made.written.kind, "from": made.written.period.start_date.isoformat(),
        "to": made.written.period.end_date.isoformat(), "total": str(made.total), "created_at": datetime.now(UTC).isoformat(), "known_on":
        at.moment.known_on.isoformat(), "accord_version": version("accord"), "rulebook_edition": rulebook.edition(),
        "needs": {service: {"model": need.model, "fit": need.fit.folder.name} for service, need in made.needs.items()}, "files": dict(files),
    }  # fmt: skip
    return json.dumps(said, indent=2) + "\n"


def _budget_rows(made: BudgetSet) -> Iterator[dict[str, Any]]:
    for (organisation, service), bridge in sorted(made.bridges.items()):
        yield {"budget_id": made.budget_id, "organisation_id": organisation, "service": service, "amount": bridge.result}


def _line_rows(made: BudgetSet) -> Iterator[dict[str, Any]]:
    for (organisation, service), bridge in sorted(made.bridges.items()):
        for n, line in enumerate(bridge):
            yield {"budget_id": made.budget_id, "organisation_id": organisation, "service": service, "line_number": n, "line": line.name,
                   "amount": line.amount, "because": line.because}  # fmt: skip
