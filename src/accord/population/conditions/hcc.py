"""CMS-HCC through `hccinfhir`, for places that ask for it: batch by batch, and each distinct case once."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from itertools import chain, groupby
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from accord.engine import Session
from accord.engine.feed import arrow_type, write_columns
from accord.engine.session import Kernel
from accord.errors import UserError
from accord.population.conditions.hcc_steps import HCC_DIAGNOSES, HCC_PERSONS
from accord.rulebook import parameter
from accord.tables import Table
from accord.tables.condition_lists import HCC_CODE, HCC_CONDITION, HCC_FACT, HCC_PERSON, HCC_PROCEDURE, HCC_SCORE

INSTALL = "pip install -r requirements-analysis.txt, or pip install 'accord[analysis]'"
BATCH_ROWS = 50_000
_SEX = {"female": "F", "male": "M"}
_DUAL = frozenset(f"{n:02}" for n in range(11)) | {"NA", "99"}
_ENTITLEMENT = frozenset("0123")
_WHO = (("person_year", "person_id"), ("accounting_year", "year_date"), ("person", "birth_date"), ("person", "sex"))
_SAID = (*_WHO, ("observation", "value_text"), ("hcc_diagnosis", "code"))
_READ = """select p.person_id, y.year_date, p.age_years, p.sex, p.dual_status, p.entitlement, d.code, d.n_record, d.first_date
from hcc_person p join accounting_year y using (year_number) left join hcc_diagnosis d using (person_id, year_number)
order by p.person_id, p.year_number, d.code"""


@dataclass(frozen=True)
class Case:
    """What one score depends on. dual_status, entitlement: CMS's codes, None where they are not known; codes: ICD-10-CM, without dots."""

    age_years: int
    sex: str
    dual_status: str | None
    entitlement: str | None
    codes: frozenset[str]


@dataclass(frozen=True)
class Scored:
    """The relative cost that the model predicts, to six decimals, and each condition category after hierarchies with the codes that led to it."""

    value: Decimal
    categories: Mapping[str, frozenset[str]]


class Model:
    """One HCC model with CMS's files. name: such as "CMS-HCC Model V28". Raises UserError where hccinfhir is not installed."""

    def __init__(self, name: str, names: Mapping[str, str]) -> None:
        try:
            with warnings.catch_warnings():  # the package finds its files in a way that Python 3.11 calls old
                warnings.simplefilter("ignore", DeprecationWarning)
                from hccinfhir import HCCInFHIR
        except ImportError:
            what = "HCC scores are worked out by hccinfhir, which is not installed"
            mend = f"{INSTALL}; or take hcc_model out of [conditions]"
            raise UserError(what, where="place.toml, [conditions], hcc_model", what_to_do=mend) from None
        # The package would prefer a file of the same name in the folder that one happens to stand in.
        here = {part: str(files("hccinfhir.data") / name) for part, name in names.items()}
        self._model: Any = HCCInFHIR(model_name=name, **here)
        self.codes = sorted({code for code, of in self._model.dx_to_cc_mapping if of == name})
        self.procedures = sorted(self._model.professional_cpt)
        self.score = lru_cache(maxsize=200_000)(self._score)

    def _score(self, case: Case) -> Scored:
        """The score of one case. What is not known of it is left to the package: a person outside Medicaid, entitled by age from 65."""
        known = {"dual_elgbl_cd": case.dual_status, "orec": case.entitlement}
        asked = {"age": case.age_years, "sex": case.sex, **{k: v for k, v in known.items() if v is not None}}
        found = self._model.calculate_from_diagnosis(sorted(case.codes), asked)
        categories = {hcc: frozenset(found.cc_to_dx.get(hcc, ())) for hcc in sorted(found.hcc_list)}
        return Scored(round(Decimal(str(found.risk_score)), 6), categories)


def write_hccs(session: Session, model: str | None, known_on: date) -> None:
    """Out: hcc_person, hcc_condition, hcc_score; all empty where no model is asked for.

    Raises UserError where hccinfhir is missing, or where the place's diagnoses are in other systems than ICD-10-CM alone.
    """
    if model is None:
        for table in (HCC_PERSON, HCC_CONDITION, HCC_SCORE):
            write_columns(session, table, {name: [] for name in table.names})
        return
    rules = [v.amount for v in parameter("hcc_rules").values if v.published_on <= known_on]
    scorer = Model(model, next({k: v for k, v in rule.items() if k != "what"} for rule in reversed(rules) if rule["what"] == "files"))
    _check_systems(session)
    facts = [rule for rule in rules if rule["what"] == "fact"]
    write_columns(session, HCC_CODE, {"code": scorer.codes})
    write_columns(session, HCC_PROCEDURE, {"code": scorer.procedures})
    write_columns(session, HCC_FACT, {name: [fact[name] for fact in facts] for name in HCC_FACT.names})
    session.materialise(HCC_PERSONS)
    session.materialise(HCC_DIAGNOSES)
    _write(session, scorer)


def _check_systems(session: Session) -> None:
    seen = dict(session.rows("select code_system, cast(sum(n_record) as bigint) from code_seen where standing = 'counted' group by code_system"))
    if seen and "icd10cm" not in seen:
        found = ", ".join(f"{n:,} in {system}" for system, n in sorted(seen.items()))
        what = f"HCC scores are asked for, which are made of ICD-10-CM alone, and no diagnosis of the place is in it: {found}"
        raise UserError(what, where="place.toml, [conditions], hcc_model", what_to_do="take hcc_model out, or deliver diagnoses in ICD-10-CM")


def _write(session: Session, scorer: Model) -> None:
    writers = {table: pq.ParquetWriter(session.folder / f"{table.name}.parquet", _schema(table)) for table in (HCC_CONDITION, HCC_SCORE)}
    for rows in _batches(session):
        conditions, scores = scored(rows, scorer)
        writers[HCC_CONDITION].write_table(_table(HCC_CONDITION, conditions))
        writers[HCC_SCORE].write_table(_table(HCC_SCORE, scores))
    for table, writer in writers.items():
        writer.close()
        session.register(table.name, [session.folder / f"{table.name}.parquet"])
        made_of = {c.name: _SAID for c in table}
        session.kernels.append(Kernel("CMS-HCC through hccinfhir", table, made_of))


def _batches(session: Session) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of people and their codes, whole people at a time. A cursor of its own: the session goes on being used."""
    cursor = session.connection.cursor()
    try:
        cursor.execute(_READ)
        people: Iterator[list[tuple[Any, ...]]] = (
            list(rows) for _, rows in groupby(chain.from_iterable(iter(lambda: cursor.fetchmany(BATCH_ROWS), [])), key=lambda row: row[:2])
        )
        held: list[tuple[Any, ...]] = []
        for rows in people:
            held += rows
            if len(held) >= BATCH_ROWS:
                yield held
                held = []
        yield held
    finally:
        cursor.close()


def scored(rows: Iterable[tuple[Any, ...]], scorer: Model) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Rows of hcc_condition and hcc_score. rows: ordered by person and year, as the query reads them; a person without codes has one row.

    Leaves out people without a day of birth, or of neither sex that the model knows (rows of attrition).
    """
    conditions: list[tuple[Any, ...]] = []
    scores: list[tuple[Any, ...]] = []
    for (person, year, age, sex, dual, entitlement), group in groupby(rows, key=lambda row: row[:6]):
        codes = {code: (n, first) for *_, code, n, first in group if code is not None}
        if age is None or sex not in _SEX:
            continue
        case = Case(age, _SEX[sex], dual if dual in _DUAL else None, entitlement if entitlement in _ENTITLEMENT else None, frozenset(codes))
        found = scorer.score(case)
        scores.append((person, year, "hcc_risk", found.value, None))
        for category, of in found.categories.items():
            n, first = sum(codes[c][0] for c in of), min(codes[c][1] for c in of)
            conditions.append((person, year, "hcc", category, n, first))
    return conditions, scores


def _schema(table: Table) -> pa.Schema:
    return pa.schema([pa.field(c.name, arrow_type(c.type)) for c in table])


def _table(table: Table, rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = [pa.array([row[n] for row in rows], arrow_type(c.type)) for n, c in enumerate(table)]
    return pa.table(columns, schema=_schema(table))
