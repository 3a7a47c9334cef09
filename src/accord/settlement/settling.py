"""`accord settle`: contracts of a place settled from a run or from a monthly file, posted, and published."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path

from accord import rulebook
from accord.books import Journal
from accord.errors import UserError
from accord.place import Place, Run, hold, line_of
from accord.place.runs import file_sha256
from accord.place.toml_faults import did_you_mean
from accord.settlement.budgeted import budget_texts, budgets_of
from accord.settlement.care import READ, Care, Conserved, Scoped, Unsettled, care_of, scoped
from accord.settlement.chain import Case, Settled, settle
from accord.settlement.checking import read_contract
from accord.settlement.contract import Contract
from accord.settlement.disputes import FOLDER as DISPUTES
from accord.settlement.disputes import Raised, check_names, read_disputes
from accord.settlement.figures import Payment, read_figures, read_payments
from accord.settlement.filling import Content, fill
from accord.settlement.freezing import with_disputes
from accord.settlement.inputs import texts_of
from accord.settlement.journals import Standing, movement, position, standing, wanted
from accord.settlement.prices import PriceList
from accord.settlement.publishing import (
    SettlementManifest,
    libraries,
    now,
    posted,
    publish,
    published,
    settlement_id,
    settlements_folder,
)
from accord.settlement.span import span_of
from accord.settlement.taxing import tax_of
from accord.settlement.totals import Difference, Done, differences, read_totals
from accord.settlement.totals_causes import Apart, causes_of


@dataclass(frozen=True)
class Asked:
    """What to settle. run: None with a monthly file alone. until: the first day that does not count. known_on: the day by which all was known."""

    place: Place
    run: Run | None
    until: date | None = None
    is_final: bool = False
    known_on: date | None = None
    totals: Path | None = None

    @property
    def known(self) -> date:
        """The day by which payments were made and rules published: as asked, or when the run was known; without a run, all there is."""
        if self.known_on is not None:
            return self.known_on
        return self.run.manifest.known_at.date() if self.run else date.max


@dataclass(frozen=True)
class Outcome:
    """One contract settled. stands: the settlement that stands for the contract now. posted: what this one moved; nothing, if it was there before.

    differences, causes: of a monthly file against the run, by month and service, and by what each is owed to.
    """

    manifest: SettlementManifest
    settled: Settled
    done: Done
    folder: Path
    stands: str
    posted: tuple[Journal, ...] = ()
    differences: tuple[Difference, ...] = ()
    causes: tuple[Apart, ...] = ()


@dataclass(frozen=True)
class Outcomes:
    """Every contract that was settled; and of a run, what no contract pays for, and that nothing is lost."""

    contracts: tuple[Outcome, ...]
    unsettled: tuple[Unsettled, ...] = ()
    conserved: Conserved | None = None


def contract_files(place: Place, named: str) -> dict[str, Path]:
    """The contract of a name or path, or every contract of the place if none is named. Raises UserError."""
    files = {path.stem: path for path in sorted(place.contracts.glob("*.toml"))}
    if not named:
        if not files:
            raise UserError("the place has no contract", where=str(place.contracts), what_to_do="write one: the manual has the kinds of clause")
        return files
    if named in files:
        return {named: files[named]}
    path = Path(named)
    if path.is_file() and path.resolve() in {each.resolve() for each in files.values()}:
        return {path.stem: files[path.stem]}
    what = f"the place has no contract '{named}'"
    raise UserError(what, where=str(place.contracts), what_to_do=did_you_mean(named, sorted(files), "its contracts are"))


def settle_place(asked: Asked, named: str) -> Outcomes:
    """Settle a contract of a place, or each. Raises UserError: then nothing is published, of any of them."""
    files = contract_files(asked.place, named)
    check_names(asked.place.root / DISPUTES, contract_files(asked.place, ""))
    if not named:
        files = {id: file for id, file in files.items() if _is_of_these_days(asked, file)}
    with hold(asked.place, "settle"):
        if asked.run is None:
            return Outcomes(_published(asked, [_settled(asked, _case_from_file(asked, id, file), file) for id, file in files.items()]))
        with place_care(asked, named) as (contracts, care):
            outcomes = _published(asked, [_from_run(asked, id, contracts, care) for id in files])
            return Outcomes(outcomes, care.unsettled, care.conserved)


@contextmanager
def place_care(asked: Asked, named: str = "") -> Iterator[tuple[Mapping[str, Scoped], Care]]:
    """The care of the run under the contract that is named and every other of these days, as any may claim an act."""
    assert asked.run is not None, "care is of a run"
    files = {id: file for id, file in contract_files(asked.place, "").items() if id == named or _is_of_these_days(asked, file)}
    scopes = {id: scope(asked, _read(asked, file), file) for id, file in files.items()}
    with care_of(asked.place, asked.run, scopes) as care:
        yield scopes, care


def scope(asked: Asked, contract: Contract, file: Path) -> Scoped:
    """A contract as far as it is settled. Raises UserError where the run's days do not reach so far."""
    span, period = span_of(contract, asked.until), asked.place.settings.period
    if span.start_date < period.start_date or span.end_date > period.end_date:
        days = f"{period.start_date} to {period.end_date}"
        what = f"the contract is settled from {span.start_date} to {span.last_date}, and the place accounts for {days}"
        mend = "let the place account for these days (place.toml, period), or settle fewer with --until"
        raise UserError(what, where=f"{file}, line {line_of(file, ('period',))}", what_to_do=mend)
    return scoped(asked.place, contract, file, span)


def case_of(asked: Asked, contract_id: str, contract: Contract, done: Done, file: Path) -> Case:
    """All that a contract is settled by. Raises UserError for figures that cannot be read and a tax that nobody has stated."""
    span, tax = span_of(contract, asked.until), tax_of(asked.place.settings, contract, file)
    given = read_figures(asked.place.root / "figures", contract_id, contract).beside(budgets_of(asked.place, contract, file, span))
    return Case(contract_id, contract, span, done, given, tax, asked.is_final, asked.known)


def _is_of_these_days(asked: Asked, file: Path) -> bool:
    """Whether a contract runs on any of the days that are settled: one of another year stays in its folder and claims nothing."""
    period, days = read_contract(file, asked.place.root).period, asked.place.settings.period
    return period.start_date < min(days.end_date, asked.until or date.max) and period.end_date > days.start_date


def _read(asked: Asked, file: Path) -> Contract:
    contract = read_contract(file, asked.place.root)
    if asked.until is not None and asked.until <= contract.period.start_date:
        what = f"nothing is over yet: the contract begins on {contract.period.start_date}"
        raise UserError(what, where="--until", what_to_do="name a month of the contract's period")
    if asked.is_final and (asked.until or contract.period.end_date) < contract.period.end_date:
        raise UserError("a final settlement is of the whole period", where="--until", what_to_do="leave --until out, or --final")
    if asked.is_final and asked.known < contract.period.end_date:
        what = f"the period ends on {contract.period.end_date}, and what is known is of {asked.known}"
        raise UserError(what, where="--final", what_to_do="settle for the time being, without --final, until the period is over")
    return contract


def _published(asked: Asked, settled: Sequence[tuple[Outcome, Content | None]]) -> tuple[Outcome, ...]:
    """Publish what is new: only now, when nothing is wrong with any of them."""
    for outcome, content in settled:
        if content:
            publish(asked.place, outcome.manifest, partial(fill, content=content))
    return tuple(outcome for outcome, _ in settled)


def _from_run(asked: Asked, contract_id: str, scopes: Mapping[str, Scoped], care: Care) -> tuple[Outcome, Content | None]:
    scope, by_run = scopes[contract_id], care.done[contract_id]
    if asked.totals is None:
        return _settled(asked, case_of(asked, contract_id, scope.contract, by_run, scope.file), scope.file, _Basis(scope.lists, care, scopes))
    case = _case_from_file(asked, contract_id, scope.file)
    outcome, content = _settled(asked, case, scope.file)
    apart = tuple(causes_of(scope.contract, case.done, by_run))
    return replace(outcome, differences=tuple(differences(scope.contract, case.done, by_run)), causes=apart), content


def _case_from_file(asked: Asked, contract_id: str, file: Path) -> Case:
    if asked.totals is None:
        raise UserError("the place has no published run yet", where=str(asked.place.root), what_to_do="make one: accord run; or give --totals FILE")
    contract = _read(asked, file)
    done = read_totals(asked.totals, contract_id, contract, span_of(contract, asked.until).end_date)
    return case_of(asked, contract_id, contract, done, file)


@dataclass(frozen=True)
class _Basis:
    """Of a settlement from a run: the lists of prices, the care, and every contract that might have claimed it."""

    lists: Mapping[str, PriceList]
    care: Care
    scopes: Mapping[str, Scoped]


def _settled(asked: Asked, case: Case, file: Path, basis: _Basis | None = None) -> tuple[Outcome, Content | None]:
    """What comes out, and what is to be published of it: nothing, if the same was published before."""
    raised = read_disputes(asked.place.root / DISPUTES, case.contract_id, case.contract).by(asked.known)
    settled = with_disputes(settle(case), raised, asked.known)
    by = asked.known if settled.span.part == 1 else min(asked.known, settled.span.last_date)
    payments = read_payments(asked.place.root / "figures", case.contract_id, frozenset(contract_files(asked.place, "")), by)
    inputs = _inputs(asked, case, file, payments, basis) | _disputes_input(raised)
    before = published(asked.place, case.contract_id)
    id, again = _id(before, settlement_id(inputs, settled.span.end_date, settled.status))
    if again is not None:
        folder = settlements_folder(asked.place, case.contract_id) / again.settlement_id
        return Outcome(again, settled, case.done, folder, before[-1].settlement_id), None
    _check_order(before, settled, file)
    known = posted(asked.place, case.contract_id)
    moved = movement(wanted(settled, id, payments), known, id, settled.span.last_date)
    stands = position(standing([*known, *moved]), case.contract.payer, case.contract.payee)
    manifest = _manifest(asked, case, settled, id, inputs, stands, before)
    manifest = manifest.model_copy(update={"run_id": asked.run.run_id if basis and asked.run else None})
    texts = texts_of(asked.place, case.contract_id, payments, basis.scopes if basis else {}, None if basis else asked.totals)
    texts |= budget_texts(asked.place, case.contract)
    content = Content(manifest, settled, case.done, moved, file, basis.care if basis else None, texts)
    return Outcome(manifest, settled, case.done, settlements_folder(asked.place, case.contract_id) / id, id, moved), content


def _manifest(
    asked: Asked, case: Case, settled: Settled, id: str, inputs: dict[str, str], stands: Standing, before: Sequence[SettlementManifest]
) -> SettlementManifest:
    contract = case.contract
    return SettlementManifest(
        settlement_id=id, contract_id=case.contract_id, title=contract.title, payer=contract.payer, payee=contract.payee, status=settled.status,
        start_date=settled.span.start_date, end_date=settled.span.end_date, created_at=now(), known_on=asked.known, run_id=None,
        accord_version=version("accord"), rulebook_edition=rulebook.edition(), follows=before[-1].settlement_id if before else None,
        chain=tuple(each.terms.id for each in settled.clauses), net=settled.net, vat=settled.vat, due=stands.due, paid=stands.paid,
        balance=stands.balance, inputs=inputs, until=asked.until, frozen=settled.frozen, conceded=settled.conceded, made_with=libraries(),
    )  # fmt: skip


def _id(before: Sequence[SettlementManifest], id: str) -> tuple[str, SettlementManifest | None]:
    """The settlement of the same inputs, if it stands or was followed by one of a later month; else an id that is free."""
    same = [m for m in before if m.settlement_id == id or m.settlement_id.startswith(f"{id}-")]
    if same and (same[-1] is before[-1] or before[-1].end_date > same[-1].end_date or before[-1].status != same[-1].status):
        return same[-1].settlement_id, same[-1]
    return (f"{id}-{len(same) + 1}" if same else id), None


def _check_order(before: Sequence[SettlementManifest], settled: Settled, file: Path) -> None:
    """What is closed is not opened by an interim settlement, and a later month not taken back by an earlier one. Raises UserError."""
    if not before:
        return
    last = before[-1]
    if last.status == "final" and not settled.is_final:
        what = f"the contract is closed: {last.settlement_id} is final"
        raise UserError(what, where=str(file), what_to_do="settle with --final: what has changed since is posted as a correction of it")
    if last.end_date > settled.span.end_date:
        what = f"the contract is settled to {last.end_date} already, by {last.settlement_id}"
        raise UserError(what, where="--until", what_to_do="settle as far or further: what has changed in an earlier month is in it")


def _inputs(asked: Asked, case: Case, file: Path, payments: Sequence[Payment], basis: _Basis | None) -> dict[str, str]:
    """All that the settlement is a function of, each by its hash or its value."""
    files = {"contract": file, "figures": case.given.file}
    if basis is None and asked.totals is not None:
        files["totals"] = asked.totals
    for name, each in (basis.lists if basis else {}).items():
        files |= {f"prices/{name}{path.name.removeprefix(Path(name).name)}": path for path in each.files}
    tables = asked.run.manifest.tables if basis and asked.run else {}
    return {
        **{name: file_sha256(path) for name, path in files.items() if path.is_file()},
        **{f"table {name}": tables[name].content_hash for name in READ if name in tables},
        **({"budgets": _hash(case.given.budgets)} if case.given.budgets else {}),
        "care": _hash(case.done), "payments": _hash(payments), "tax": _hash(case.tax), "span": _hash((case.span, case.is_final)),
        "known_on": asked.known.isoformat(), "rulebook": rulebook.edition(), "accord": version("accord"),
    }  # fmt: skip


def _disputes_input(raised: Raised) -> dict[str, str]:
    return {"disputes": _hash([each for _, each in raised.disputes])} if raised.disputes else {}


def _hash(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()
