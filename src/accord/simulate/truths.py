"""The truth of an invented place: what each table of it means, and one block's part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from accord.simulate.conditions import NAMES as CONDITIONS
from accord.simulate.draws import Mask
from accord.simulate.layouts import practice_code
from accord.simulate.need import Population
from accord.simulate.programmes import NAMES as PROGRAMMES
from accord.simulate.programmes import Programmes
from accord.simulate.rows import Rows
from accord.tables.contract import Table, bigint, day, flag, integer, money, text

TRUE_PERSON = Table(
    name="true_person",
    meaning="One invented person who lives in the place on some day of the period.",
    columns=(
        bigint("person_key", "The person's number in the truth.", required=True),
        bigint("household_key", "The household.", required=True),
        bigint("mother_key", "Of those born in the period: the mother."),
        text("nhs_number", "The number that is the person's own; NULL where those kept for tests have run out."),
        text("second_nhs_number", "The other number, of those who could be entered twice."),
        day("birth_date", "When born.", required=True),
        text("sex", "Female or male.", required=True),
        text("practice_id", "The practice at first.", required=True),
        text("practice_after_id", "The practice after moving or changing; NULL for those who did neither."),
        day("moved_date", "When that was."),
        day("arrived_date", "First day on a list of the place.", required=True),
        day("left_date", "First day on none any more; NULL for those who stayed."),
        day("death_date", "When the person died, if in the period."),
        integer("deprivation_decile", "Of the first home; 1 is the most deprived tenth.", required=True, unit="decile"),
        integer("latent_per_1000", "Lasting proneness to illness, in thousandths of a standard deviation.", required=True),
        integer("frailty_per_1000", "Frailty when the period begins, 0 to 1,000.", required=True),
        flag("is_killed_by_less", "Whether the programme that does less brought the death forward.", required=True),
    ),
    key=("person_key",),
)  # fmt: skip

TRUE_CONDITION = Table(
    name="true_condition",
    meaning="One long-term condition of one person, whether or not any record says so.",
    columns=(
        bigint("person_key", "The person.", required=True),
        text("condition", "Which.", required=True, codes=CONDITIONS),
        day("onset_date", "When it began.", required=True),
    ),
    key=("person_key", "condition"),
)

TRUE_ENROLMENT = Table(
    name="true_enrolment",
    meaning="One person taken into one programme.",
    columns=(
        bigint("person_key", "The person.", required=True),
        text("programme", "Which.", required=True, codes=PROGRAMMES),
        day("enrolled_date", "When.", required=True),
    ),
    key=("person_key", "programme"),
)

TRUE_PREVENTED = Table(
    name="true_prevented",
    meaning="One event that would have happened without the programmes, and did not.",
    columns=(
        bigint("person_key", "The person.", required=True),
        text("kind", "What it would have been.", required=True),
        day("start_date", "When.", required=True),
        money("amount", "What it would have cost, where its kind has an amount; a package's is a week's.", required=True),
    ),
    key=(),
)

TRUE_RECORD = Table(
    name="true_record",
    meaning="One record of one delivered file: whose it truly is, and whether it counts in the end.",
    columns=(
        integer("file_number", "The file, as in true_file.", required=True),
        bigint("record_number", "The record's place in the file, from 1.", required=True),
        bigint("person_key", "The person; NULL where it is nobody's."),
        money("amount", "Its amount; 0 where its layout has none, or where it is in words.", required=True),
        flag("is_in_force", "Whether it counts: it happened, its day can be read, and nothing replaces, cancels or repeats it.", required=True),
    ),
    key=("file_number", "record_number"),
)

TRUE_FILE = Table(
    name="true_file",
    meaning="One delivered file.",
    columns=(
        integer("file_number", "Its place, from 1, by name.", required=True),
        text("file_name", "Its name below sources/.", required=True),
        text("source_id", "The source.", required=True),
        bigint("n_record", "Records in it, before any fault of the file as a whole.", required=True),
        bigint("n_person", "People in it.", required=True),
        money("amount", "The sum of its records' amounts.", required=True),
        money("amount_in_force", "Of which of records that count in the end.", required=True),
    ),
    key=("file_number",),
)

TRUE_FAULT = Table(
    name="true_fault",
    meaning="One planted fault.",
    columns=(
        text("kind", "Which, as in the model.", required=True),
        integer("file_number", "The file.", required=True),
        bigint("record_number", "The record; 0 is the file as a whole.", required=True),
        text("was", "What stood there before, of a cell that was spoiled."),
    ),
    key=("kind", "file_number", "record_number"),
)

TRUE_LEVEL = Table(
    name="true_level",
    meaning="How much more, or less, one organisation truly does of something: 1,000 is as others do. What is not here differs by luck alone.",
    columns=(
        text("organisation_id", "The practice or hospital.", required=True),
        text("what", "Of what.", required=True),
        integer("ratio_per_1000", "How much, in thousandths; of an outcome, thousandths of a point more or less.", required=True),
    ),
    key=("organisation_id", "what"),
)

TRUTH = {t.name: t for t in (TRUE_PERSON, TRUE_CONDITION, TRUE_ENROLMENT, TRUE_PREVENTED, TRUE_RECORD, TRUE_FILE, TRUE_FAULT, TRUE_LEVEL)}
"""Every table of the truth by name."""

Columns = dict[str, Any]


@dataclass(frozen=True)
class BlockTruth:
    """One block's rows of the tables of the truth that are about people, as columns by table."""

    tables: dict[str, Columns]


def block_truth(population: Population, programmes: Programmes, happened: list[Rows]) -> BlockTruth:
    """What is true of one block of people."""
    people, conditions = population.people, population.conditions
    who, condition = np.nonzero(~np.isnat(conditions.onset))
    enrolled, programme = np.nonzero(~np.isnat(programmes.enrolled))
    return BlockTruth({
        "true_person": _persons(population, programmes),
        "true_condition": {
            "person_key": people.key[who], "condition": np.array(CONDITIONS)[condition], "onset_date": conditions.onset[who, condition],
        },
        "true_enrolment": {
            "person_key": people.key[enrolled], "programme": np.array(PROGRAMMES)[programme],
            "enrolled_date": programmes.enrolled[enrolled, programme],
        },
        "true_prevented": _prevented(population, happened),
    })  # fmt: skip


def _persons(population: Population, programmes: Programmes) -> Columns:
    people = population.people
    codes = np.array([practice_code(n) for n in range(population.geography.n_practice)])
    number, second = (np.where(n > 0, n.astype(str), "") for n in (people.number, people.second_number))
    return {
        "person_key": people.key, "household_key": people.household,
        "mother_key": _masked(np.where(people.mother >= 0, people.key[np.maximum(people.mother, 0)], -1), people.mother < 0),
        "nhs_number": _masked(number, people.number == 0), "second_nhs_number": _masked(second, people.second_number == 0),
        "birth_date": people.birth, "sex": np.array(["female", "male"])[people.is_male], "practice_id": codes[people.practice],
        "practice_after_id": _masked(codes[people.practice_after], np.isnat(people.moved)), "moved_date": people.moved,
        "arrived_date": people.entry(), "left_date": people.left, "death_date": people.died,
        "deprivation_decile": population.geography.decile[people.area],
        "latent_per_1000": np.rint(people.latent * 1000), "frailty_per_1000": np.rint(population.conditions.frailty * 1000),
        "is_killed_by_less": programmes.died_of_less,
    }  # fmt: skip


def _masked(values: NDArray[Any], is_none: Mask) -> pa.Array:
    return pa.array(values, mask=is_none)


def _prevented(population: Population, happened: list[Rows]) -> Columns:
    lost = [rows.only(rows.prevented) for rows in happened]
    return {
        "person_key": np.concatenate([population.people.key[rows.who] for rows in lost]),
        "kind": np.repeat([rows.source for rows in lost], [rows.size for rows in lost]),
        "start_date": np.concatenate([rows.day for rows in lost]), "amount": np.concatenate([rows.amount for rows in lost]),
    }  # fmt: skip
