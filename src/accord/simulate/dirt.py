"""What is wrong in the files, on purpose: each fault is planted by a knob, and noted with the record it is in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accord.simulate.arrival import Arrivals, joined
from accord.simulate.draws import DAY, Mask, Whole, generator
from accord.simulate.layouts import practice_code
from accord.simulate.model import MODEL
from accord.simulate.need import Population
from accord.simulate.options import Options
from accord.simulate.sources import Source

KINDS = tuple(MODEL["fault"])
NO_FAULT = -1
_PRACTICE = {"admitted": "GPPRAC", "appointment": "GPPRAC", "attendance": "PRACTICE_CODE_PATIENT_REGISTRATION"}
_DIAGNOSIS = {"admitted": "DIAG_4_01", "attendance": "DIAGNOSIS_CODE_1"}


@dataclass(frozen=True)
class Sent:
    """The records of one source as they are written, every month of it. fault: position in KINDS, or NO_FAULT. was: what stood there."""

    table: pa.Table
    arrivals: Arrivals
    fault: Whole
    was: pa.Array


def share_of(options: Options, kind: str) -> float:
    """How large a share of records has a fault."""
    usual = float(MODEL["fault"][kind]["share"]) * options.dirt
    return min(options.faults.get(kind, usual), 1.0)


def with_extra(population: Population, made: Arrivals) -> tuple[Arrivals, Whole]:
    """Events that never happened, added: a stay within a stay, a contact after death. Out: the events, and the fault of each."""
    rng = generator(population.options.seed, population.block, f"extra {made.rows.source}")
    extra = [_within_a_stay(rng, population, made), _after_death(rng, population, made)]
    fault = [np.full(made.month.size, NO_FAULT), *(np.full(e.month.size, KINDS.index(kind)) for kind, e in extra)]
    return joined(made, *(e for _, e in extra)), np.concatenate(fault)


def _of(population: Population, kind: str, made: Arrivals) -> float:
    said = MODEL["fault"][kind]
    return share_of(population.options, kind) if made.rows.source in said["kinds"] else 0.0


def _within_a_stay(rng: np.random.Generator, population: Population, made: Arrivals) -> tuple[str, Arrivals]:
    share, rows = _of(population, "overlapping_stay", made), made.rows
    if not share:
        return "overlapping_stay", made.only(np.zeros(rows.size, bool))
    is_long = (rows["is_last"]) & (rows["episode"] == 1) & (rows.known - rows.day >= 3 * DAY) & made.in_force
    found = made.only(is_long & (rng.random(rows.size) < share * 4))
    day, spell = found.rows.day + DAY, found.rows["spell"] + 5 * 10**7
    columns = {**found.rows.columns, "admitted": day, "spell": spell}
    return "overlapping_stay", replace(found, rows=replace(found.rows, day=day, columns=columns), in_force=np.zeros(found.month.size, bool))


def _after_death(rng: np.random.Generator, population: Population, made: Arrivals) -> tuple[str, Arrivals]:
    share, rows = _of(population, "care_after_death", made), made.rows
    died = population.people.died[rows.who]
    took_place = ~rows["is_missed"] if "is_missed" in rows.columns else np.ones(rows.size, bool)
    found = made.only(~np.isnat(died) & took_place & (rng.random(rows.size) < share))
    day = population.people.died[found.rows.who] + rng.integers(2, 40, found.month.size) * DAY
    found = replace(found, rows=replace(found.rows, day=day, known=day), month=population.calendar.month_of(day))
    return "care_after_death", replace(found, in_force=np.zeros(found.month.size, bool)).only(day < population.calendar.first[-1])


def spoiled(population: Population, source: Source, table: pa.Table, made: Arrivals, fault: Whole) -> Sent:
    """The records with some of their cells spoiled and some of them twice; no record has two faults."""
    rng = generator(population.options.seed, population.block, f"dirt {source.id}")
    drawn, edge, was = rng.random(table.num_rows), 0.0, pa.nulls(table.num_rows, pa.string())
    alone = _sent_once(made) if source.corrects == "by_key" else np.ones(table.num_rows, bool)
    for kind, spoil in _SPOIL.items():
        share = _of(population, kind, made)
        may = (fault == NO_FAULT) & made.in_force & alone
        hit = may & (drawn >= edge) & (drawn < edge + share)
        edge += share
        column = _column(source, kind)
        if kind == "second_number":
            hit = may & _entered_twice(population, made, share) & (drawn > 0.5)
        if column not in table.column_names or not hit.any():
            continue
        at = np.flatnonzero(hit & _filled(table[column]))
        before = table[column].combine_chunks()
        after = spoil(rng, population, made.rows.who[at], before.take(pa.array(at)))
        table, was = _replaced(table, column, at, after), _put(was, at, before.take(pa.array(at)).cast(pa.string()))
        fault = fault.copy()
        fault[at] = KINDS.index(kind)
    return _repeated(rng, population, Sent(table, _that_counts(made, fault), fault, was))


def _that_counts(made: Arrivals, fault: Whole) -> Arrivals:
    """What still counts: no record whose day cannot be read, and no amount in words."""
    amount = np.where(fault == KINDS.index("unreadable_amount"), 0, made.rows.amount)
    return replace(made, rows=replace(made.rows, amount=amount), in_force=made.in_force & (fault != KINDS.index("unreadable_date")))


def _sent_once(made: Arrivals) -> Mask:
    """Records of events that are sent once: a fault in a correction would leave what it corrects in force."""
    _, at, n = np.unique(made.rows["number"], return_inverse=True, return_counts=True)
    return np.asarray(n[at] == 1)


def _column(source: Source, kind: str) -> str:
    named = {
        "number": source.number, "day": source.day, "amount": source.amount, "practice": _PRACTICE.get(source.kind, ""),
        "diagnosis": _DIAGNOSIS.get(source.kind, ""),
    }  # fmt: skip
    column = MODEL["fault"][kind]["column"]
    return str(named.get(column, column))


def _filled(column: pa.ChunkedArray) -> Mask:
    return np.asarray(column.combine_chunks().is_valid().to_numpy(zero_copy_only=False))


def _entered_twice(population: Population, made: Arrivals, share: float) -> Mask:
    """Records of people who were entered twice, whom chance chose once for the place."""
    chosen = generator(population.options.seed, population.block, "entered twice").random(population.people.size) < share
    return np.asarray((chosen & (population.people.second_number > 0))[made.rows.who])


def _replaced(table: pa.Table, column: str, at: Whole, values: pa.Array) -> pa.Table:
    texts = table[column].combine_chunks().cast(pa.string())
    return table.set_column(table.column_names.index(column), column, _put(texts, at, values.cast(pa.string())))


def _put(texts: pa.Array, at: Whole, values: pa.Array) -> pa.Array:
    mask = np.zeros(len(texts), bool)
    mask[at] = True
    return pc.replace_with_mask(texts, pa.array(mask), values)


def _repeated(rng: np.random.Generator, population: Population, sent: Sent) -> Sent:
    share = _of(population, "duplicate_record", sent.arrivals)
    again = np.flatnonzero((rng.random(sent.fault.size) < share) & (sent.fault == NO_FAULT) & sent.arrivals.in_force)
    order = np.concatenate((np.arange(sent.fault.size), again))
    arrivals = sent.arrivals.only(order)
    is_copy = np.arange(order.size) >= sent.fault.size
    arrivals = replace(arrivals, in_force=arrivals.in_force & ~is_copy)
    fault = np.where(is_copy, KINDS.index("duplicate_record"), sent.fault[order])
    return Sent(sent.table.take(pa.array(order)), arrivals, fault, sent.was.take(pa.array(order)))


Spoil = Callable[[np.random.Generator, Population, Whole, pa.Array], pa.Array]


def _nothing(_rng: np.random.Generator, _population: Population, who: Whole, _before: pa.Array) -> pa.Array:
    return pa.nulls(who.size, pa.string())


def _mistyped(rng: np.random.Generator, _population: Population, who: Whole, before: pa.Array) -> pa.Array:
    """One digit beyond the first three becomes another: the check digit always tells."""
    power = 10 ** rng.integers(0, 7, who.size)
    number = before.to_numpy(zero_copy_only=False).astype(np.int64)
    digit = number // power % 10
    return pa.array(number + ((digit + rng.integers(1, 10, who.size)) % 10 - digit) * power)


def _second(_rng: np.random.Generator, population: Population, who: Whole, _before: pa.Array) -> pa.Array:
    return pa.array(population.people.second_number[who])


def _other_day(rng: np.random.Generator, _population: Population, who: Whole, before: pa.Array) -> pa.Array:
    days = before.to_numpy(zero_copy_only=False).astype("datetime64[D]")
    return pa.array(days - rng.choice([1, 10, 31, 365, 3652], who.size) * DAY)


def _misspelt(_rng: np.random.Generator, _population: Population, _who: Whole, before: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(pc.utf8_slice_codeunits(before, 0, 2), pc.utf8_slice_codeunits(before, 1, 99), "")


def _other_practice(rng: np.random.Generator, population: Population, who: Whole, _before: pa.Array) -> pa.Array:
    return pa.array([practice_code(n) for n in rng.integers(0, population.geography.n_practice, who.size)], pa.string())


def _always(text: str) -> Spoil:
    def spoil(_rng: np.random.Generator, _population: Population, who: Whole, _before: pa.Array) -> pa.Array:
        return pa.array([text] * who.size, pa.string())

    return spoil


def _no_such_day(_rng: np.random.Generator, _population: Population, _who: Whole, before: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(pc.utf8_slice_codeunits(before.cast(pa.string()), 0, 4), pa.scalar("-02-31"), "")


def _far_day(_rng: np.random.Generator, _population: Population, _who: Whole, before: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar("21"), pc.utf8_slice_codeunits(before.cast(pa.string()), 2, 10), "")


_SPOIL: dict[str, Spoil] = {
    "missing_number": _nothing, "mistyped_number": _mistyped, "second_number": _second, "birth_date": _other_day, "name": _misspelt,
    "wrong_practice": _other_practice, "unknown_code": _always("77"), "malformed_code": _always("?Q9"), "unreadable_date": _no_such_day,
    "future_date": _far_day, "unreadable_amount": _always("to follow"),
}  # fmt: skip
"""How each fault of a cell spoils it."""
