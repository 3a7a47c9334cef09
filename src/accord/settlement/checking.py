"""`accord contract check`: a contract read and held against its place, with every fault or with its chain in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from accord.clauses.kinds import kind_of, stage_of
from accord.clauses.services import said
from accord.clauses.terms import Vat
from accord.clauses.walking import percent
from accord.errors import UserError
from accord.place import open_place, read_model
from accord.place.toml import every_fault
from accord.place.toml_faults import Fault
from accord.settlement.budgeted import budget_names
from accord.settlement.contract import Contract, Resident
from accord.settlement.contract_faults import Surroundings, contract_faults


@dataclass(frozen=True)
class Checked:
    """A contract that was looked at: the contract, unless its keys are not well formed; and each of its faults."""

    contract: Contract | None
    faults: tuple[UserError, ...]
    has_place: bool


def check_contract(file: Path, place: Path | None = None) -> Checked:
    """A contract with every fault in it. place: the place's folder; the one that the file stands in, if None and there is one.

    Raises UserError for a file that cannot be read at all.
    """
    around = surroundings(file, place)
    contract, faults = every_fault(file, Contract, check=lambda read: contract_faults(read, around))
    return Checked(contract, tuple(faults), around.partners is not None)


def read_contract(file: Path, place: Path | None = None) -> Contract:
    """A contract that may be settled. Raises UserError: the first of its faults, and how many more there are."""
    around = surroundings(file, place)
    return read_model(file, Contract, check=lambda read: contract_faults(read, around))


def read_alternative(file: Path, place: Path) -> Contract:
    """A contract that would take the place of others, which are not held against it but for the one that it is under. Raises UserError."""
    around = surroundings(file, place)

    def faults(read: Contract) -> Iterator[Fault]:
        return contract_faults(read, replace(around, others={id: other for id, other in around.others.items() if id == read.under}))

    return read_model(file, Contract, check=faults)


def surroundings(file: Path, place: Path | None) -> Surroundings:
    """What a contract is held against: the partners, sources and budgets of its place, and the contracts beside it."""
    folder = place or (file.resolve().parent.parent if file.resolve().parent.name == "contracts" else None)
    others = dict(_others(file))
    if folder is None or (place is None and not (folder / "place.toml").is_file()):
        return Surroundings(others=others, name=file.stem)
    settings = open_place(folder).settings
    regimes = {p.id: p.vat for p in settings.partner}
    figures = [*(s.id for s in settings.source), *budget_names(folder)]
    return Surroundings(list(regimes), regimes, figures, others, file.stem, folder / "prices")


def _others(file: Path) -> Iterator[tuple[str, Contract]]:
    """The contracts of the same folder. One that cannot be read is told when it is checked itself."""
    for path in sorted(file.parent.glob("*.toml")):
        if path.stem != file.stem:
            with suppress(UserError):
                yield path.stem, read_model(path, Contract)


def in_words(contract: Contract) -> Iterator[str]:
    """The contract as somebody reads it who signs it: who pays whom, for whom, and what each clause does in which order."""
    population = contract.population
    people = (
        f"who live in {', '.join(population.resident_in)}" if isinstance(population, Resident)
        else f"registered with {population.registered_with if isinstance(population.registered_with, str) else ', '.join(population.registered_with)}"
    )  # fmt: skip
    last = contract.period.end_date - timedelta(days=1)
    yield contract.title
    yield f"{contract.payer} pays {contract.payee} from {contract.period.start_date} to {last}, for people {people}."
    if contract.under:
        yield f"It is under the contract '{contract.under}'."
    for n, clause in enumerate(contract.chain(), start=1):
        does = kind_of(clause).describe(clause)
        yield f"{n}. {clause.id} ({clause.kind}): {stage_of(clause)}{', shown and not paid' if clause.shadow else ''}"
        if getattr(clause, "services", ()):
            yield f"   For {', '.join(map(said, clause.services))}."
        yield f"   {does[:1].upper()}{does[1:]}."
        if clause.vat is not None:
            yield f"   {_vat_words(clause.vat)}."
        if clause.reference:
            yield f"   See {clause.reference}."


def _vat_words(vat: Vat | str) -> str:
    if not isinstance(vat, Vat):
        return "Exempt from VAT" if vat == "exempt" else "Outside the scope of VAT"
    return f"With VAT of {percent(vat.rate)}, which the payer {'gets back' if vat.recoverable else 'does not get back'}"
