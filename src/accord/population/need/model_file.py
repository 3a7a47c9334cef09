"""needs/<name>.toml: what a model of need foretells, from what, and by which rules."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from accord.errors import UserError
from accord.place import Place, read_model
from accord.place.settings import Name
from accord.place.toml_faults import Fault, did_you_mean
from accord.rulebook import services

FOLDER = "needs"
TEMPLATE = "hospital"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
EVERY_SERVICE = "all"
PredictorName = Literal["age_sex", "diagnosis_groups", "long_term", "deprivation", "ethnicity", "prior_use", "supply", "organisation"]


class _Written(BaseModel):
    """What a person writes: nothing is guessed from another type, and no key is ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Truncation(_Written):
    """How much of one person's cost of one year counts: by a rule of the rulebook, or up to an amount with its reference, or all of it.

    rule: a percentile of the year's costs. amount, reference: the most that counts, and who says so. none: why all counts.
    """

    rule: str | None = Field(default=None, examples=["truncation_percentile"])
    amount: Decimal | None = Field(default=None, gt=0, max_digits=18, decimal_places=2, examples=[Decimal("100000.00")])
    reference: Name | None = None
    none: Name | None = Field(default=None, examples=["the contract pays every pound"])


class Apart(_Written):
    """Whole organisations that are kept out of the fit, to judge the model on: a part of them, chosen by the hash of their id, or those named."""

    share: Decimal | None = Field(default=None, gt=0, lt=1, decimal_places=3, examples=[Decimal("0.1")])
    organisations: Annotated[tuple[str, ...], Field(strict=False, min_length=1, examples=[["P81001", "P81002"]])] | None = None


class NeedModel(_Written):
    """The whole of needs/<name>.toml.

    services: those of contracts whose cost is foretold, or "all". history_years: how many years are looked back on; fewer where the place has fewer.
    training_share: the part of people, chosen by the keyed hash that is their person_id, on whom the model is fitted; it is judged on the others.
    apart: organisations none of whose people it is fitted on, to be judged on as well; none, if left out.
    least_people: what fewer people of the training part have counts together with all else that so few have.
    supply_file: a CSV in needs/ with the column organisation_id and one column for each figure.
    """

    title: Name = Field(examples=["Hospital care next year"])
    population: Literal["registered", "resident"]
    services: Literal["all"] | Annotated[tuple[str, ...], Field(strict=False, min_length=1, examples=[["emergency_admission", "elective_admission"]])]
    history_years: int = Field(ge=1, le=5, examples=[2])
    training_share: Decimal = Field(gt=0, lt=1, decimal_places=3, examples=[Decimal("0.5")])
    apart: Apart | None = None
    least_people: int = Field(ge=1, examples=[50])
    predictors: Annotated[tuple[PredictorName, ...], Field(strict=False, min_length=1, examples=[["age_sex", "diagnosis_groups"]])]
    truncation: Truncation
    supply_file: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*\.csv$", examples=["supply.csv"])


def model_faults(model: NeedModel) -> Iterator[Fault]:
    """What does not hold between the keys."""
    if "age_sex" not in model.predictors:
        yield Fault(("predictors",), "the model has no age_sex", 'add it: predictors = ["age_sex", …], the least that any formula has')
    known = [id for id, _, _ in services()]
    for n, service in enumerate(() if model.services == EVERY_SERVICE else model.services):
        if service not in known:
            yield Fault(("services", n), f"no act of care is of the service '{service}'", did_you_mean(service, known, "the services are"))
    if ("supply" in model.predictors) != (model.supply_file is not None):
        mend = 'write both predictors = […, "supply"] and supply_file = "supply.csv", or neither'
        yield Fault(("predictors",), "supply is a predictor only with a file of it, and a file only as a predictor", mend)
    if model.apart and (model.apart.share is None) == (model.apart.organisations is None):
        yield Fault(("apart",), "which organisations are kept apart is not said in one way", "write { share = 0.1 } or { organisations = […] }")
    said = [key for key in ("rule", "amount", "none") if getattr(model.truncation, key) is not None]
    if len(said) != 1 or (said == ["amount"]) != (model.truncation.reference is not None):
        mend = 'write { rule = "truncation_percentile" }, { amount = 100000.00, reference = "…" } or { none = "the reason" }'
        yield Fault(("truncation",), "how much of a cost counts is not said in one way", mend)


def model_path(place: Place, name: str) -> Path:
    """Where a model's file is."""
    return place.root / FOLDER / f"{name}.toml"


def read_need_model(place: Place, name: str) -> NeedModel:
    """A model of the place by its name. Raises UserError, naming the line of the fault; or how to make one, where there is none."""
    path = model_path(place, name)
    there = sorted(p.stem for p in (place.root / FOLDER).glob("*.toml"))
    if name not in there:
        mend = did_you_mean(name, there, "the models are") if there else f"make one to change as you like: accord need new {name}"
        raise UserError(f"there is no model of need called '{name}'", where=str(path), what_to_do=mend)
    return read_model(path, NeedModel, check=model_faults)


def new_need_model(place: Place, name: str) -> Path:
    """Write the model that comes with Accord under a name of the place's own.

    Raises UserError if there is one of that name, or it names no file of needs/.
    """
    if not _NAME.fullmatch(name):
        mend = "use up to 64 letters, digits, '_', '-' and '.', beginning with a letter or digit: hospital"
        raise UserError(f"'{name}' cannot be the name of a model", where="the name", what_to_do=mend)
    path = model_path(place, name)
    if path.exists():
        raise UserError(f"there is a model called '{name}' already", where=str(path), what_to_do="change it, or give another name")
    path.parent.mkdir(exist_ok=True)
    with as_file(files(__package__) / "template" / f"{TEMPLATE}.toml") as carried:
        shutil.copyfile(carried, path)
    return path
