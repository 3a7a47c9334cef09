"""`accord replay --settlement`: a settlement made once more from its own inputs and the run of then, and held against its files, byte for byte."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from accord import rulebook
from accord.engine.over_run import WORK_PREFIX
from accord.errors import UserError
from accord.place import Place, Run, hold, open_place, open_run, restricted_folder, run_ids
from accord.place.keeping import MANIFEST_NAME
from accord.place.runs import file_sha256
from accord.settlement.care import READ
from accord.settlement.inputs import INPUTS_NAME, TOTALS_NAME
from accord.settlement.publishing import SettlementManifest, damaged, libraries, published, settlement_named, settlements_folder
from accord.settlement.settling import Asked, settle_place

POSTINGS_NAME = "posting.parquet"
_OF_ITS_MOMENT = {"created_at", "made_with", "files"}
"""What a manifest says of the moment it was written, and not of what was settled; its files are compared one by one."""


@dataclass(frozen=True)
class Replayed:
    """A settlement that was replayed. findings: what is not as it was published or does not come out as it did; nothing, if all is the same."""

    manifest: SettlementManifest
    n_file: int
    findings: tuple[str, ...]


def replay_settlement(place: Place, name: str) -> Replayed:
    """Settle again what a settlement settled. name: CONTRACT, for its latest, or CONTRACT/SETTLEMENT (the beginning of its id is enough).

    The journals of the settlements before it are read from their folders. Raises UserError where it cannot be replayed: no inputs were kept, its run
    is gone, or it was made by another edition of Accord or of the rulebook.
    """
    contract_id, _, named = name.partition("/")
    manifest = settlement_named(place, contract_id, named)
    folder = settlements_folder(place, contract_id) / manifest.settlement_id
    _check_can_be_replayed(manifest, folder)
    with hold(place, f"replay of settlement {manifest.settlement_id}"):
        run = _run_of(place, manifest, folder)
        before = _before(place, manifest)
        findings = [*_changed(place, manifest, folder), *_changed_before(place, before), *_changed_run(run, manifest)]
        if not any(_is_of_inputs(finding) for finding in findings):
            findings += _settled_again(place, manifest, run, before)
    return Replayed(manifest, len(manifest.files), tuple(findings))


def _check_can_be_replayed(manifest: SettlementManifest, folder: Path) -> None:
    if not any(name.startswith(f"{INPUTS_NAME}/") for name in manifest.files):
        what = f"settlement {manifest.settlement_id} was made before settlements kept copies of their inputs"
        raise UserError(what, where=str(folder), what_to_do="hold the hashes in its manifest against the files that you have kept")
    was, now = (manifest.accord_version, manifest.rulebook_edition), (version("accord"), rulebook.edition())
    if was != now:
        made = f"by accord {was[0]} with the rulebook {was[1][:12]}, and this is accord {now[0]} with the rulebook {now[1][:12]}"
        what = f"settlement {manifest.settlement_id} was made {made}"
        raise UserError(what, where=str(folder / MANIFEST_NAME), what_to_do="replay it with the edition it was made by")


def _run_of(place: Place, manifest: SettlementManifest, folder: Path) -> Run | None:
    if manifest.run_id is None:
        return None
    if manifest.run_id not in run_ids(place):
        what = f"run {manifest.run_id}, which settlement {manifest.settlement_id} was made from, is gone"
        raise UserError(what, where=str(folder / MANIFEST_NAME), what_to_do=f"put {place.runs / manifest.run_id} back from a backup")
    return open_run(place, manifest.run_id)


def _before(place: Place, manifest: SettlementManifest) -> list[SettlementManifest]:
    there = published(place, manifest.contract_id)
    return there[: [each.settlement_id for each in there].index(manifest.settlement_id)]


_CANNOT_GO_ON = "an input was changed"


def _is_of_inputs(finding: str) -> bool:
    return finding.endswith(_CANNOT_GO_ON)


def _changed(place: Place, manifest: SettlementManifest, folder: Path) -> Iterator[str]:
    for name in damaged(place, manifest):
        what = "was changed after it was published" if (folder / name).is_file() else "is missing"
        yield f"{name} {what}{f': {_CANNOT_GO_ON}' if name.startswith(f'{INPUTS_NAME}/') else ''}"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink()}
    yield from (f"{name} was added after the settlement was published" for name in sorted(there - {*manifest.files, MANIFEST_NAME}))


def _changed_before(place: Place, before: Sequence[SettlementManifest]) -> Iterator[str]:
    for each in before:
        if POSTINGS_NAME in damaged(place, each):
            yield f"{POSTINGS_NAME} of {each.settlement_id}, which it follows, is not as it was published: {_CANNOT_GO_ON}"


def _changed_run(run: Run | None, manifest: SettlementManifest) -> Iterator[str]:
    for name in READ if run else ():
        assert run is not None, "only then"
        entry = run.manifest.tables.get(name)
        if entry is None and f"table {name}" not in manifest.inputs:
            continue  # the run is of before there was such a table, and was settled without
        is_as_published = entry is not None and (run.folder / entry.file).is_file() and file_sha256(run.folder / entry.file) == entry.sha256
        if entry is None or not is_as_published or entry.content_hash != manifest.inputs.get(f"table {name}"):
            yield f"table {name} of run {run.run_id} is not as it was settled: {_CANNOT_GO_ON}"


def _settled_again(place: Place, manifest: SettlementManifest, run: Run | None, before: Sequence[SettlementManifest]) -> list[str]:
    with _place_of_then(place, manifest, before) as then:
        totals = then.root / TOTALS_NAME
        is_final, known_on = manifest.status == "final", manifest.known_on
        asked = Asked(then, run, manifest.until, is_final, known_on, totals if totals.is_file() else None)
        try:
            (outcome,) = settle_place(asked, manifest.contract_id).contracts
        except UserError as error:
            return [f"it cannot be settled again from its inputs: {error.what}"]
        return _differences(manifest, outcome.folder)


@contextmanager
def _place_of_then(place: Place, manifest: SettlementManifest, before: Sequence[SettlementManifest]) -> Iterator[Place]:
    """A place of the inputs and of what was settled before. Below restricted/, as the acts of care are worked out in it."""
    root = Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=restricted_folder(place)))
    try:
        folder = settlements_folder(place, manifest.contract_id)
        shutil.copytree(folder / manifest.settlement_id / INPUTS_NAME, root, dirs_exist_ok=True)
        for each in before:
            into = root / folder.relative_to(place.root) / each.settlement_id
            into.mkdir(parents=True)
            for name in (MANIFEST_NAME, POSTINGS_NAME):
                shutil.copyfile(folder / each.settlement_id / name, into / name)
        yield open_place(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _differences(was: SettlementManifest, folder: Path) -> list[str]:
    """The files that come out different, missing or besides. folder: where it was published again."""
    again = SettlementManifest.model_validate_json((folder / MANIFEST_NAME).read_bytes())
    found = [f"{name} {_how(was, again, name)}" for name in sorted({*was.files, *again.files}) if was.files.get(name) != again.files.get(name)]
    if was.model_dump(exclude=_OF_ITS_MOMENT) != again.model_dump(exclude=_OF_ITS_MOMENT):
        keys = [key for key, value in again.model_dump(exclude=_OF_ITS_MOMENT).items() if value != getattr(was, key)]
        found.append(f"{MANIFEST_NAME} comes out different: {', '.join(keys)}")
    if found and was.made_with != libraries():
        made = ", ".join(f"{name} {number}" for name, number in was.made_with.items())
        found.append(f"it was written by {made}, and these are others: Parquet files may be written otherwise")
    return found


def _how(was: SettlementManifest, again: SettlementManifest, name: str) -> str:
    return "comes out different" if name in was.files and name in again.files else "does not come out" if name in was.files else "comes out besides"
