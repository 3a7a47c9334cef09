"""`accord risk`: the file of the folder `risk`, the run's people and the contract's terms, worked out and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from accord.budgets.exposure.asking import Asked, Terms, covers_asked, question_of
from accord.budgets.exposure.assess import Exposure, Progress, assess
from accord.budgets.exposure.budgeting import set_budget_of
from accord.budgets.exposure.covering import services_of
from accord.budgets.exposure.histories import Histories, Wanted, histories_of
from accord.budgets.exposure.publishing import inputs_of, publish
from accord.budgets.exposure.riskfile import FOLDER, RiskFile, risk_faults
from accord.clauses.terms import Budget
from accord.engine import Session
from accord.errors import UserError
from accord.place import Place, Run, hold, read_model
from accord.place.toml_faults import did_you_mean
from accord.rulebook import services

OF_THE_PLACE = "place"
"""The name of the file that is about no contract."""


@dataclass(frozen=True)
class Request:
    """What is asked. name: of the contract; empty: of the whole place. run: None if there is none. terms, files: the contract's.

    scoping: makes the tables act and contract_member in a session over the run. on, known_on: the days by which rules are read. changed: keys of the
    file that options replace. organisation: whose size, counted in the run.
    """

    place: Place
    run: Run | None
    name: str
    on: date
    known_on: date
    scoping: Callable[[Session], None]
    terms: Terms = field(default_factory=Terms)
    files: tuple[Path, ...] = ()
    changed: Mapping[str, object] = field(default_factory=dict)
    organisation: str | None = None
    has_picture: bool = True


@dataclass(frozen=True)
class Exposed:
    """What came out, and where it is kept."""

    exposure: Exposure
    folder: Path


def risk_file(place: Place, name: str) -> Path:
    """The file that is about a contract, or about the whole place."""
    return place.root / FOLDER / f"{name or OF_THE_PLACE}.toml"


def read_risk(file: Path, changed: Mapping[str, object]) -> RiskFile:
    """A file of the folder `risk`, with what options replace. Raises UserError."""
    if not file.is_file():
        mend = f"write {FOLDER}/{file.name} in the place: title, sizes, miss, accepted, reserve, [year_effect]; the manual has an example"
        raise UserError("nobody has written what the board accepts", where=str(file), what_to_do=mend)
    return read_model(file, RiskFile, check=risk_faults).model_copy(update=dict(changed))


def expose(request: Request, progress: Progress) -> Exposed:
    """Work the exposure out, and keep it. Raises UserError."""
    file = risk_file(request.place, request.name)
    risk = read_risk(file, request.changed)
    _check_services(risk, request, file)
    asked = Asked(risk, file, request.on, request.known_on, request.terms)
    files = {"risk": file, **{each.parent.name + "/" + each.name: each for each in request.files}}
    if isinstance(risk.budget, Budget):
        held, kept = set_budget_of(request.place, risk.budget.budget, request.organisation)
        asked, files = replace(asked, set_budget=held), {**files, "budget": kept}
    with hold(request.place, "risk"):
        question = question_of(asked, _histories(request, asked, progress))
        exposure = assess(question, progress)
        progress("keep it")
        run = None if risk.spread is not None else request.run
        options = repr((sorted(request.changed.items()), request.organisation, request.has_picture, request.on, request.known_on))
        name = request.name or OF_THE_PLACE
        return Exposed(exposure, publish(request.place, name, inputs_of(files, run, options), exposure, request.has_picture))


def _histories(request: Request, asked: Asked, progress: Progress) -> Histories | None:
    risk = asked.risk
    if risk.spread is not None:
        if request.organisation:
            mend = "take spread out of the file, so that a run counts, or leave --organisation out and write people"
            raise UserError("with a published spread nobody is counted", where=str(asked.file), what_to_do=mend)
        return None
    if request.run is None:
        mend = 'make one: accord run; or write a published spread into the file: spread = { rule = "england/person_cost_variation" }'
        raise UserError("the place has no published run yet", where=str(request.place.root), what_to_do=mend)
    progress("what each person cost")
    care = tuple(row for cover in covers_asked(asked) for row in cover.care)
    population = risk.population or request.terms.population
    wanted = Wanted(population, care, request.scoping, is_of_contract=bool(request.name), organisation=request.organisation)
    return histories_of(request.place, request.run, wanted)


def _check_services(risk: RiskFile, request: Request, file: Path) -> None:
    """Raises UserError for a service that no act of care is of: the contract's, unless the file says which count."""
    known = [name for name, _, _ in services()]
    for service in risk.services:
        if service not in known:
            raise UserError(f"no act of care is of the service '{service}'", where=str(file), what_to_do=did_you_mean(service, known, "write one of"))
    strange = [service for service in services_of(request.terms.clauses) if service not in known]
    if strange and not risk.services and risk.spread is None:
        mend = 'say which acts of care the budget is for: services = ["emergency_admission", …]'
        raise UserError(f"the contract's service '{strange[0]}' is none that an act of care is of", where=str(file), what_to_do=mend)
