"""From a published run to the rows of a model of need: who, which years, what is known, and in which column it counts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from accord import rulebook
from accord.engine import Session
from accord.engine.feed import write_rows
from accord.engine.over_run import over_run
from accord.errors import UserError
from accord.place import Place, Run
from accord.place.toml_faults import did_you_mean
from accord.population.need.facts import COUNTS, FACTS, PREDICTORS
from accord.population.need.model_file import EVERY_SERVICE, Apart, NeedModel
from accord.population.need.supply import Supply
from accord.population.need.years import CARE_MONTHS, COST_CAPS, LEFT_OUT, NEED_PEOPLE, PERSON_YEARS
from accord.tables.conditions import CONDITION
from accord.tables.need import (
    ACCOUNT_MONTH,
    KIND,
    NEED_APART,
    NEED_BAND,
    NEED_COLUMN,
    NEED_SERVICE,
    NEED_YEAR,
    ORGANISATION_SUPPLY,
)

READ = ("activity", "person_month", "continuous_stay", "person")
"""The tables of a run that a model of need reads, beside condition: a run of an earlier version has none, and then nobody has a diagnosis."""

MILLION = 1_000_000
FEW = "(few people)"
KINDS_OF = {"diagnosis_groups": "diagnosis_group"}
"""What a predictor of the file is called in the tables, where that differs."""

PLACE_KINDS = ("supply", "organisation")
"""What is said of where people are, and not of what they need: estimated, and set to its mean when need is told."""


@dataclass(frozen=True)
class Frame:
    """The years of a fit. whole: every whole year of the place. fitted: whose cost it is fitted on. coming: the year after the last whole one.

    n_history: whole years that are looked back on. asked: how many the file asks for.
    """

    whole: tuple[date, ...]
    fitted: date
    coming: date
    n_history: int
    asked: int

    @property
    def foretold(self) -> tuple[date, ...]:
        """Every year with enough years before it, the coming one too."""
        return (*self.whole, self.coming)[self.n_history :]

    @property
    def sampled(self) -> date:
        """The year at whose end people are shared out between those the model is fitted on and those it is judged on."""
        return self.whole[self.whole.index(self.fitted) - 1]

    @property
    def later(self) -> tuple[date, ...]:
        """Whole years after the fitted one: the model is tried on them as it is."""
        return tuple(year for year in self.whole if year > self.fitted)


@dataclass(frozen=True)
class Predictor:
    """One column of the model. labels: what counts in it, several where few people have each. n_training, n_person: in the fitted year."""

    kind: str
    label: str
    labels: tuple[str, ...]
    n_training: int
    n_person: int

    @property
    def is_of_place(self) -> bool:
        """Whether it says where people are, and not what they need."""
        return self.kind in PLACE_KINDS


@dataclass(frozen=True)
class LeftOut:
    """Care of the whole years that is in no person's year."""

    reason: str
    n_activity: int
    cost: Decimal


@dataclass(frozen=True)
class RowFiles:
    """The rows of a model as files of need_person and need_predictor, sorted by year and person; predictors: their columns, in order."""

    people: Path
    cells: Path
    predictors: tuple[Predictor, ...]


@dataclass(frozen=True)
class Prepared:
    """What a fit is made of, in a session that is open. apart: the organisations that are kept out of it."""

    session: Session
    model: NeedModel
    frame: Frame
    files: RowFiles
    cap: Decimal | None
    apart: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def frame_of(place: Place, model: NeedModel, year: date | None) -> Frame:
    """The years of a fit. year: whose cost it is fitted on; the last whole one, if None. Raises UserError where there are too few."""
    period = place.settings.period
    starts = [_later(period.start_date.replace(day=1), n) for n in range(period.end_date.year - period.start_date.year + 2)]
    whole = tuple(start for start, end in pairwise(starts) if start >= period.start_date and end <= period.end_date)
    if len(whole) < 2:
        what = f"cost is foretold from at least one whole year before it, and the place's period has {len(whole)} in all"
        raise UserError(what, where=f"{place.settings_file}: period", what_to_do="give a period of two years or more, and the files of them")
    fitted = year or whole[-1]
    if fitted not in whole[1:]:
        said = ", ".join(str(each) for each in whole[1:])
        raise UserError(f"no year that begins on {fitted} can be foretold", where="--year", what_to_do=f"give the first day of one of: {said}")
    return Frame(whole, fitted, _later(whole[-1], 1), min(model.history_years, whole.index(fitted)), model.history_years)


def _later(day: date, n_year: int) -> date:
    return day.replace(year=day.year + n_year)


@contextmanager
def prepared(place: Place, run: Run, model: NeedModel, supply: Supply, year: date | None) -> Iterator[Prepared]:
    """The rows of a model over a run. Within `hold` only. Raises UserError for a place with too few years."""
    frame = frame_of(place, model, year)
    with over_run(place, run, READ, may_lack=(CONDITION.name,)) as session:
        yield prepare(session, model, supply, frame)


def prepare(session: Session, model: NeedModel, supply: Supply, frame: Frame) -> Prepared:
    """Run every step. In: the tables of `READ`, and condition, registered. Out: need_person, need_fact, need_predictor, and what leads to them."""
    _feed(session, model, supply, frame)
    population = {"population": model.population}
    session.materialise(CARE_MONTHS)
    session.materialise(PERSON_YEARS, **population)
    session.materialise(LEFT_OUT, **population)
    _check_conserved(session)
    session.materialise(COST_CAPS, **_cap_of(model, frame))
    apart = _apart(session, model, frame)
    write_rows(session, NEED_APART, [(id,) for id in apart])
    people = session.materialise(NEED_PEOPLE, training_per_1000=int(model.training_share * 1000), sampled_date=frame.sampled)
    session.materialise(FACTS)
    session.materialise(COUNTS)
    predictors = tuple(_predictors(session, model, frame))
    pairs = [(p.kind, label, number) for number, p in enumerate(predictors) for label in p.labels]
    write_rows(session, NEED_COLUMN, pairs)
    files = RowFiles(people.path, session.materialise(PREDICTORS).path, predictors)
    left = tuple(LeftOut(*row) for row in session.rows("select reason, n_activity, cost from need_left_out order by reason"))
    (cap,), *_ = session.rows("select cap_amount from cost_cap where year_date = $year", {"year": frame.fitted})
    return Prepared(session, model, frame, files, cap, apart, left)


def _check_conserved(session: Session) -> None:
    """All care of the services in the whole years is in a person's year, or left out with its reason: an assertion otherwise."""
    sums = "cast(coalesce(sum(n_activity), 0) as bigint), cast(coalesce(sum(cost), 0) as decimal(18, 2))"
    parts = " union all ".join(f"select n_activity, cost from {name}" for name in ("person_year", "need_left_out"))
    there, told = (session.rows(f"select {sums} from ({source})") for source in ("select n_activity, cost from care_month", parts))
    assert there == told, f"years and what is left out of them have {told} of care that is {there}"


def _apart(session: Session, model: NeedModel, frame: Frame) -> tuple[str, ...]:
    sql = "select distinct organisation_id from person_year where year_date = $year and is_at_end and organisation_id is not null"
    known = sorted(str(id) for (id,) in session.rows(sql, {"year": frame.sampled}))
    return kept_apart(known, model.apart) if model.apart else ()


def kept_apart(known: Sequence[str], asked: Apart) -> tuple[str, ...]:
    """Those of the organisations that are kept out of a fit, never all. Raises UserError for one that is not known.

    Of a share it is those with the lowest hash of their id, so that it is the same ones in every run, and no dice. A tenth of four is none: one
    would be too much of the people.
    """
    unknown = [id for id in asked.organisations or () if id not in known]
    if unknown:
        mend = did_you_mean(unknown[0], known, "name those of whom there are people: they are")
        raise UserError(f"'{unknown[0]}' is to be kept apart, and has nobody before the fitted year", where="apart", what_to_do=mend)
    if asked.organisations:
        return asked.organisations
    n = min(round(len(known) * (asked.share or 0)), len(known) - 1)
    return tuple(sorted(sorted(known, key=lambda id: hashlib.sha256(id.encode()).hexdigest())[:n]))


def _feed(session: Session, model: NeedModel, supply: Supply, frame: Frame) -> None:
    years = (*frame.whole, frame.coming)
    write_rows(session, ACCOUNT_MONTH, [(month, year, 2**n) for year in frame.whole for n, month in enumerate(_months(year))])
    spans = zip(frame.foretold, years[frame.n_history - 1 :], years, strict=False)
    write_rows(session, NEED_YEAR, list(spans))
    write_rows(session, NEED_SERVICE, list(_service_rows(model)))
    edges = rulebook.parameter("age_bands").at(frame.fitted, date.max)
    bands = [(f"{a}-{b - 1}", a, b) for a, b in pairwise(edges)]
    write_rows(session, NEED_BAND, [*bands, (f"{edges[-1]}+", edges[-1], 1000)])
    write_rows(session, ORGANISATION_SUPPLY, list(supply.rows))


def _months(year: date) -> Iterator[date]:
    """The first of each of twelve months from that of a year's first day."""
    for n in range(12):
        yield date(year.year + (year.month - 1 + n) // 12, (year.month - 1 + n) % 12 + 1, 1)


def _service_rows(model: NeedModel) -> Iterator[tuple[str, str]]:
    """The pairs of setting and admission that the services of the file stand for."""
    for setting, admission, service in rulebook.service_of_each():
        if model.services == EVERY_SERVICE or service in model.services:
            yield setting, admission


def _cap_of(model: NeedModel, frame: Frame) -> Mapping[str, object]:
    said = model.truncation
    if said.rule is None:
        return {"amount": said.amount, "part_per_million": MILLION}
    try:
        part = rulebook.parameter(said.rule).at(frame.fitted, date.max)
    except (FileNotFoundError, AssertionError):
        mend = 'write truncation = { rule = "truncation_percentile" }, or an amount with its reference'
        raise UserError(f"the rulebook has no rule '{said.rule}' of {frame.fitted}", where="truncation", what_to_do=mend) from None
    return {"amount": None, "part_per_million": int(part * MILLION)}


def _predictors(session: Session, model: NeedModel, frame: Frame) -> Iterator[Predictor]:
    """The columns in order: age and sex first, what is of the place last, so that of two that say the same the later is dropped."""
    wanted = {KINDS_OF.get(name, name) for name in model.predictors}
    sql = """select kind, label, cast(sum(case when year_date = $year then n_training else 0 end) as bigint) as n_training,
      cast(sum(case when year_date = $year then n_person else 0 end) as bigint) as n_person
      from need_count group by kind, label order by kind, label"""
    found = [row for row in session.rows(sql, {"year": frame.fitted}) if row[0] in wanted]
    for kind in KIND:
        yield from columns_of(kind, [row[1:] for row in found if row[0] == kind], model.least_people)


def columns_of(kind: str, counted: Sequence[tuple[str, int, int]], least: int) -> Iterator[Predictor]:
    """The columns of one kind. counted: label, people of the training part, all people. Labels of fewer than `least` share a column.

    Ages and sexes of which nobody was trained on count with the one that has most people, and such organisations with none, as they are given the
    mean of the others; of other kinds they say nothing where nobody has few.
    """
    many = [row for row in counted if row[1] >= least or (kind == "supply" and row[1])]
    few = [row for row in counted if row not in many and (kind != "organisation" or row[1])]
    n_few = sum(n for _, n, _ in few)
    commonest = max(many, key=lambda row: row[1])[0] if many and kind == "age_sex" and few and not n_few else None
    for label, n_training, n_person in many:
        labels = (label, *(name for name, _, _ in few)) if label == commonest else (label,)
        yield Predictor(kind, label, labels, n_training, n_person)
    if n_few:
        yield Predictor(kind, FEW, tuple(label for label, _, _ in few), n_few, sum(n for _, _, n in few))
