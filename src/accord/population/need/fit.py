"""A model fitted on a run from beginning to end, and kept."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from accord import rulebook
from accord.errors import UserError
from accord.place import Place, Run
from accord.population.need.fitting import Fitted, fit_rows
from accord.population.need.judging import Judged, judge, judge_later
from accord.population.need.keeping import (
    CODING_NAME,
    FACT_NAME,
    MODEL_NAME,
    ORGANISATION_NAME,
    PERSON_NAME,
    VALIDATION_NAME,
    KeptFit,
    KeptLeftOut,
    KeptModel,
    KeptPredictor,
    NeedManifest,
    fits_folder,
    now,
    open_fit,
    publish,
    write_json,
)
from accord.population.need.model_file import FOLDER, NeedModel, model_path, read_need_model
from accord.population.need.organisations import Coding, OrganisationNeed, coding, organisation_needs
from accord.population.need.preparing import Prepared, prepared
from accord.population.need.scoring import Scored, score
from accord.population.need.supply import Supply, read_supply
from accord.tables.need import ORGANISATION_NEED, PERSON_NEED

BATCH = 100_000
T = TypeVar("T")
PUBLISHED_FROM = date(2007, 4, 1)
"""The year whose cost those models foretold: a fit of an earlier year is set beside them too."""


@dataclass(frozen=True)
class NeedReport:
    """One fit with all that is said of it."""

    fit: KeptFit
    judged: tuple[Judged, ...]
    organisations: tuple[OrganisationNeed, ...]
    coding: tuple[Coding, ...]
    is_new: bool


def fit_need(place: Place, run: Run, name: str, year: date | None) -> NeedReport:
    """Fit a model of the place on a run, judge it, score the coming year, and keep all of it. Within `hold` only.

    year: whose cost it is fitted on; the last whole one, if None. A fit of the same inputs is made once: it is only opened again.
    Raises UserError for a model that is not there or wrong, a place with too few years, and a year in which nobody cost anything.
    """
    model = read_need_model(place, name)
    supply = read_supply(place.root / FOLDER / model.supply_file if model.supply_file else None)
    with prepared(place, run, model, supply, year) as made:
        fitted = fit_rows(made.files, made.frame.fitted)
        check_fit(made, fitted)
        manifest = _manifest(place, run, name, supply, made)
        judged, organisations, codings, coming = _figures(made, fitted)
        is_new = not (fits_folder(place, name) / manifest.fit_id).exists()
        if is_new:
            kept_model = _kept_model(made, fitted, coming, "condition" in run.manifest.tables)
            publish(place, manifest, lambda to: _fill(to, made, kept_model, coming, judged, organisations, codings))
        return NeedReport(open_fit(place, name, manifest.fit_id), judged, organisations, codings, is_new)


def report_of(fit: KeptFit) -> NeedReport:
    """A kept fit, read back with all that is said of it."""
    judged = _read_csv(fit.folder / VALIDATION_NAME, Judged)
    needs, codings = _read_csv(fit.folder / ORGANISATION_NAME, OrganisationNeed), _read_csv(fit.folder / CODING_NAME, Coding)
    return NeedReport(fit, tuple(judged), tuple(needs), tuple(codings), is_new=False)


def published_r2(report: NeedReport) -> Mapping[str, Any]:
    """What the models of person-based resource allocation explained: by nested model, of people and of practices."""
    found: Mapping[str, Any] = rulebook.parameter("england/person_based_allocation").at(max(PUBLISHED_FROM, report.fit.model.fitted_year), date.max)
    return found


def check_fit(made: Prepared, fitted: Fitted) -> None:
    """Raises UserError where nothing can be learnt: nobody to train or to judge on, or no cost."""
    for part, sums in (("trained", fitted.training), ("judged", fitted.validation)):
        if not sums.n or sums.yty <= 0:
            what = f"the model cannot be {part}: of {made.frame.fitted} it has {sums.n:,} people, who cost {sums.y:,.0f}"
            raise UserError(what, where="needs/", what_to_do="look at population, services and training_share, or fit on another --year")


def _figures(made: Prepared, fitted: Fitted) -> tuple[tuple[Judged, ...], tuple[OrganisationNeed, ...], tuple[Coding, ...], Scored]:
    frame = made.frame
    judged = list(judge(fitted, score(made.files, fitted, frame.fitted)))
    for later in frame.later:
        judged += judge_later(fitted, score(made.files, fitted, later))
    coming = score(made.files, fitted, frame.coming)
    before = score(made.files, fitted, frame.whole[-1]) if frame.whole[-1] in frame.foretold else None
    confidence = float(rulebook.parameter("interval_confidence").at(frame.fitted, date.max))
    return tuple(judged), organisation_needs(coming), coding(coming, before, confidence), coming


def _manifest(place: Place, run: Run, name: str, supply: Supply, made: Prepared) -> NeedManifest:
    text = model_path(place, name).read_bytes()
    edition, accord = rulebook.edition(), version("accord")
    tables = {f"table {each}": entry.content_hash for each, entry in run.manifest.tables.items()}
    inputs = tables | {"model": hashlib.sha256(text).hexdigest(), "supply": supply.sha256, "rulebook": edition, "accord": accord}
    digest = hashlib.sha256(json.dumps(dict(sorted(inputs.items()))).encode()).hexdigest()
    return NeedManifest(
        fit_id=f"{made.frame.fitted}-{digest[:12]}", name=name, run_id=run.run_id, created_at=now(), accord_version=accord,
        rulebook_edition=edition, inputs=inputs,
    )  # fmt: skip


def _kept_model(made: Prepared, fitted: Fitted, coming: Scored, has_conditions: bool) -> KeptModel:
    model, frame, solution = made.model, made.frame, fitted.full.solution
    (counted, cost, n_apart), *_ = made.session.rows(
        """select cast(sum(counted_cost) as double), cast(sum(cost) as double), count(case when is_apart and n_month > 0 then 1 end)
        from need_person where year_date = $year""", {"year": frame.fitted},
    )  # fmt: skip
    return KeptModel(
        title=model.title, population=model.population, services=model.services, fitted_year=frame.fitted, coming_year=frame.coming,
        n_history=frame.n_history, n_history_asked=frame.asked, truncation=truncation_words(model), cap=None if made.cap is None else str(made.cap),
        counted_share=counted / cost if cost else 1.0, apart=made.apart, n_apart=n_apart,
        n_training=fitted.training.n, n_validation=fitted.validation.n, n_person=coming.need.size,
        n_below_zero=int((coming.expected < 0).sum()), place_mean=coming.place_mean, mean=float(coming.expected.mean()),
        has_conditions=has_conditions, left_out=tuple(KeptLeftOut(reason=x.reason, n_activity=x.n_activity, cost=x.cost) for x in made.left_out),
        predictors=tuple(
            KeptPredictor(
                kind=p.kind, label=p.label, labels=p.labels, coefficient=float(solution.coefficient[n]), standard_error=float(solution.error[n]),
                n_training=p.n_training, n_person=p.n_person, is_dropped=n in solution.dropped,
            )
            for n, p in enumerate(fitted.predictors)
        ),
    )  # fmt: skip


def truncation_words(model: NeedModel) -> str:
    """The rule of truncation in words."""
    said = model.truncation
    if said.rule is not None:
        return f"rule {said.rule}"
    return f"up to {said.amount:,} ({said.reference})" if said.amount is not None else f"none: {said.none}"


def _fill(
    to: Path, made: Prepared, model: KeptModel, coming: Scored, judged: Sequence[Judged], needs: Sequence[OrganisationNeed], codings: Sequence[Coding]
) -> None:
    write_json(to / MODEL_NAME, model)
    pq.write_table(person_need(coming), to / PERSON_NAME, compression="zstd")
    _write_facts(made, to / FACT_NAME)
    _write_csv(to / VALIDATION_NAME, _names(Judged), judged)
    _write_csv(to / ORGANISATION_NAME, ORGANISATION_NEED.names, needs)
    _write_csv(to / CODING_NAME, _names(Coding), codings)


def person_need(coming: Scored) -> pa.Table:
    """The scores of the coming year, under the contract person_need."""
    n = coming.need.size
    age_sex = coming.stages[:, 0]
    columns: dict[str, Any] = {
        "person_id": coming.people.column("person_id"), "year_date": pa.array([coming.year] * n, pa.date32()),
        "organisation_id": coming.people.column("organisation_id"), "expected_cost": coming.expected,
        "need": coming.expected / coming.expected.mean(), "age_sex_cost": age_sex, "n_long_term": pa.array(coming.n_long_term.astype(np.int32)),
    }  # fmt: skip
    return pa.table([columns[name] for name in PERSON_NEED.names], names=list(PERSON_NEED.names))


def _write_facts(made: Prepared, to: Path) -> None:
    """What is known of each person before the coming year, of the kinds that the model has: a score is told from it."""
    kinds = ", ".join(f"'{kind}'" for kind in sorted({p.kind for p in made.files.predictors}))
    chosen = f"year_date = $year and kind in ({kinds})"
    sql = f"select person_id, kind, label, value_per_1000 from need_fact where {chosen} order by person_id, kind, label"
    reader = made.session.connection.sql(sql, params={"year": made.frame.coming}).to_arrow_reader(BATCH)
    with pq.ParquetWriter(to, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)


def _names(kind: type) -> Sequence[str]:
    return [field.name for field in fields(kind)]


def _write_csv(to: Path, columns: Sequence[str], rows: Iterable[Any]) -> None:
    with to.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


_READ: Mapping[str, Callable[[str], Any]] = {
    "str": str, "int": int, "float": float, "Decimal": Decimal, "bool": lambda text: text == "True",
    "float | None": lambda text: float(text) if text else None,
}  # fmt: skip


def _read_csv(file: Path, kind: type[T]) -> list[T]:
    readers = {field.name: _READ[str(field.type)] for field in fields(kind)}  # type: ignore[arg-type]
    with file.open(encoding="utf-8", newline="") as lines:
        return [kind(**{name: read(row[name]) for name, read in readers.items()}) for row in csv.DictReader(lines)]
