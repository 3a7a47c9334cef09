"""Why the need of each organisation's list moved between two fits: who came, who left, and by cause what moved for those who stayed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from accord.population.need.explaining import CAUSES, CODED
from accord.population.need.keeping import FACT_NAME, KeptFit, KeptModel

Real = NDArray[np.float64]
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class ListChange:
    """Why one organisation's weighted population moved. n_before, n_after: people on the list. came: the need of those who are on the later

    list alone; left: of those on the earlier alone, below zero; parts: of those on both, by cause. All of them add up to after less before.
    """

    organisation_id: str
    n_before: int
    n_after: int
    before: float
    after: float
    came: float
    left: float
    parts: Mapping[str, float]


@dataclass(frozen=True)
class _Facts:
    """What is known of those whom both fits foretell: the person's number, the thing known, and its value, each of shape (facts,)."""

    person: Whole
    thing: Whole
    value: Real

    def only(self, chosen: Mask) -> _Facts:
        return _Facts(self.person[chosen], self.thing[chosen], self.value[chosen])

    def and_(self, other: _Facts) -> _Facts:
        pairs = ((self.person, other.person), (self.thing, other.thing))
        person, thing = (np.concatenate(pair) for pair in pairs)
        return _Facts(person, thing, np.concatenate((self.value, other.value)))


def list_changes(before: KeptFit, after: KeptFit) -> tuple[ListChange, ...]:
    """Every organisation of either fit. Need is added up over the list, 1 being the mean person of its fit."""
    old, new = before.people(), after.people()
    both = np.intersect1d(_ids(old), _ids(new))
    moved = _moved(before, after, both)
    lists, (at_old, at_new) = _lists(old, new)
    is_same = _of(both, _ids(old), at_old) == _of(both, _ids(new), at_new)
    stays = both[is_same]
    at = _of(stays, _ids(new), at_new)
    parts = np.stack([np.bincount(at, step[is_same], lists.size) for step in moved])
    sums = [_sums(table, at_, lists.size, stays) for table, at_ in ((old, at_old), (new, at_new))]
    return tuple(
        ListChange(
            str(id), int(sums[0][0][n]), int(sums[1][0][n]), float(sums[0][1][n]), float(sums[1][1][n]), float(sums[1][2][n]),
            -float(sums[0][2][n]), dict(zip(CAUSES, parts[:, n].tolist(), strict=True)),
        )
        for n, id in enumerate(lists)
    )  # fmt: skip


def _ids(table: pa.Table) -> Whole:
    return np.asarray(table.column("person_id").to_numpy(), np.int64)


def _lists(old: pa.Table, new: pa.Table) -> tuple[NDArray[np.str_], tuple[Whole, Whole]]:
    """Every organisation, and the number of that of each person, in both fits."""
    names = [table.column("organisation_id").to_numpy(zero_copy_only=False).astype(str) for table in (old, new)]
    lists, where = np.unique(np.concatenate(names), return_inverse=True)
    return lists, (where[: names[0].size], where[names[0].size :])


def _of(wanted: Whole, ids: Whole, values: Whole) -> Whole:
    """The values of some people. ids: sorted."""
    return values[np.searchsorted(ids, wanted)]


def _sums(table: pa.Table, at: Whole, n: int, stays: Whole) -> tuple[Whole, Real, Real]:
    """By list: people, their need together, and that of those who do not stay on it."""
    need = np.asarray(table.column("need").to_numpy())
    is_alone = ~np.isin(_ids(table), stays)
    people = np.bincount(at, minlength=n).astype(np.int64)
    return people, np.bincount(at, need, n).astype(float), np.bincount(at[is_alone], need[is_alone], n).astype(float)


def _moved(before: KeptFit, after: KeptFit, both: Whole) -> Real:
    """By how much each cause moves the need of each, shape (causes, people): see `explain_change`, of which this is the same for everybody."""
    things, (old, new) = _known(before, after, both)
    is_age, is_coded = ([pair[0] in kinds for pair in things] for kinds in (("age_sex",), CODED))
    age, coded = np.array(is_age, bool), np.array(is_coded, bool)
    aged = old.only(~age[old.thing]).and_(new.only(age[new.thing]))
    coded_new = new.only(coded[new.thing])
    stages = (old, aged, aged.and_(coded_new), aged.only(~coded[aged.thing]).and_(coded_new), new)
    was, now = before.model, after.model
    needs = [_needs(was, things, facts, both.size) / was.mean for facts in stages]
    expected = _needs(now, things, new, both.size)
    return np.diff(np.stack([*needs, expected / was.mean, expected / now.mean]), axis=0)


def _known(before: KeptFit, after: KeptFit, both: Whole) -> tuple[list[tuple[str, str]], tuple[_Facts, _Facts]]:
    """Everything that is known of anybody, and who it is known of in each fit."""
    tables = [pq.read_table(fit.folder / FACT_NAME) for fit in (before, after)]
    named = [pc.binary_join_element_wise(t.column("kind"), t.column("label"), "\t").combine_chunks() for t in tables]
    coded = pa.chunked_array(named).dictionary_encode().combine_chunks()
    things = [tuple(str(each).split("\t", 1)) for each in coded.dictionary.to_pylist()]
    numbers = np.asarray(coded.indices.to_numpy(), np.int64)
    cut = tables[0].num_rows
    facts = [_facts(t, n, both) for t, n in zip(tables, (numbers[:cut], numbers[cut:]), strict=True)]
    return [(pair[0], pair[1]) for pair in things], (facts[0], facts[1])


def _facts(table: pa.Table, thing: Whole, both: Whole) -> _Facts:
    ids = _ids(table)
    value = np.asarray(table.column("value_per_1000").to_numpy(), float) / 1000
    chosen = np.isin(ids, both)
    return _Facts(np.searchsorted(both, ids[chosen]), thing[chosen], value[chosen])


def _needs(model: KeptModel, things: list[tuple[str, str]], facts: _Facts, n: int) -> Real:
    """The expected cost of each: of several things in one column the largest counts."""
    found = [model.column_of(*pair) for pair in things]
    columns = np.array([-1 if each is None else each for each in found], np.int64)
    is_needed = np.array([not p.is_of_place for p in model.predictors])
    number = columns[facts.thing]
    known = facts.only((number >= 0) & is_needed[number])
    cell, where = np.unique(known.person * is_needed.size + columns[known.thing], return_inverse=True)
    value = np.full(cell.size, -np.inf)
    np.maximum.at(value, where, known.value)
    needed = np.bincount(cell // is_needed.size, value * model.coefficients[cell % is_needed.size], n)
    return np.asarray(needed + model.place_mean, np.float64)
