"""A whole place on disk, written as its people are made, and its truth beside it: all of it, or nothing."""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from accord.errors import UserError
from accord.place import Place, new_place, open_place
from accord.simulate.block import Asked, Block, block, blocks
from accord.simulate.geography import geography_of
from accord.simulate.layouts import has_tokens
from accord.simulate.model import MODEL
from accord.simulate.need import calendar_of, reference_mean
from accord.simulate.options import Options
from accord.simulate.people import BLOCK
from accord.simulate.sources import BY_ID, SOURCES, file_name
from accord.simulate.statements import staff_and_organisations
from accord.simulate.truth import TruthWriter
from accord.simulate.whole_files import break_files

Progress = Callable[[str], None]
TRUTH_SUFFIX = "-truth"
_BY_NUMBER_ALONE = ("gp_registration", "gp_consultation", "social_care_package")
"""Maps that Accord ships and that know people by the NHS number, or a number of the partner's own, alone."""

_FEW = 3
"""Blocks that are made faster by one process than by starting several."""


@dataclass(frozen=True)
class Simulated:
    """What was written. n_record: of every file, before faults of whole files."""

    place: Place
    truth: Path
    n_person: int
    n_record: int
    n_file: int


def simulate(to: Path, options: Options, progress: Progress) -> Simulated:
    """Write an invented place in a new or empty folder, and its truth in the folder of that name with `-truth` at the end.

    The same options give the same bytes, whatever the threads. Raises UserError if either folder holds something.
    """
    to = Path(to).absolute()
    truth = truth_folder(to)
    for folder in (to, truth):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError("the folder is not empty", where=str(folder), what_to_do="name a new folder, or take that one away")
    with _aside(to) as work:
        place = _bare_place(work / "place", options)
        (work / "truth").mkdir()
        with TruthWriter(work / "truth", options) as kept:
            _write(place, kept, options, progress)
        _put((work / "place", to), (work / "truth", truth))
    return Simulated(open_place(to), truth, kept.n_person, kept.n_record, kept.n_file)


def truth_folder(place: Path | str) -> Path:
    """Where the truth of an invented place is: beside the place, never in it."""
    root = Path(place).absolute()
    return root.with_name(root.name + TRUTH_SUFFIX)


def _write(place: Place, kept: TruthWriter, options: Options, progress: Progress) -> None:
    geography, n_block = geography_of(options), -(-options.people // BLOCK)
    asked = blocks(options, geography, reference_mean(options))
    for n, one in enumerate(_made(asked, min(options.threads, n_block) if n_block > _FEW else 1), 1):
        _append(place, kept, one, options)
        progress(f"{min(n * BLOCK, options.people):,} of {options.people:,} people, {kept.n_record:,} records")
    for part in staff_and_organisations(options, geography):
        kept.add(part, _file(place, part.source, part.month, part.part, options, part.heading), part.text)
    kept.levels(geography)
    break_files(place.sources, kept, options)


def _append(place: Place, kept: TruthWriter, one: Block, options: Options) -> None:
    for part in one.parts:
        kept.add(part, _file(place, part.source, part.month, part.part, options, part.heading), part.text)
    kept.people(one.truth)


def _file(place: Place, source_id: str, month: int, part: int, options: Options, heading: tuple[str, ...]) -> Path:
    """The file that records go into, with its heading if it is new."""
    months = calendar_of(options).first.astype("datetime64[M]").astype(str)
    path = place.sources / file_name(BY_ID[source_id], months[month], part)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(",".join(heading) + "\n", encoding="utf-8")
    return path


def _made(asked: Iterator[Asked], processes: int) -> Iterator[Block]:
    """Each block in order. With several processes no more are made ahead than there are processes, so that memory stays small."""
    if processes == 1:
        yield from map(block, asked)
        return
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        ahead: deque[Future[Block]] = deque()
        for one in asked:
            ahead.append(pool.submit(block, one))
            if len(ahead) > processes:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


@contextmanager
def _aside(to: Path) -> Iterator[Path]:
    to.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{to.name}-", dir=to.parent))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _put(*moves: tuple[Path, Path]) -> None:
    for made, to in reversed(moves):
        if to.exists():
            to.rmdir()
        made.rename(to)


def _bare_place(to: Path, options: Options) -> Place:
    place = new_place(to)
    folder = files("accord.simulate") / "place"
    head = (folder / "place.toml").read_text(encoding="utf-8")
    said = {"people": options.people, "start": options.start, "end": options.end, "seed": options.seed, "name": MODEL["place"]["name"]}
    partners = [_table("partner", one) for one in MODEL["partner"]]
    sources = [
        _table("source", {"id": s.id, "glob": f"{s.stem}*.csv", "map": s.map, "partner": s.partner, "corrects": s.corrects}) for s in SOURCES
    ]
    place.settings_file.write_text("\n".join([head.format(**said), *partners, *sources]), encoding="utf-8")
    for name in ("community_patients.toml", "mental_health_patients.toml"):
        (place.maps / name).write_text((folder / name).read_text(encoding="utf-8"), encoding="utf-8")
    if has_tokens(options.people):
        for name in _BY_NUMBER_ALONE:
            (place.maps / f"{name}.toml").write_text(_with_pseudonym(name), encoding="utf-8")
    _contracts(place, options)
    (place.root / "README.md").write_text((folder / "README.md").read_text(encoding="utf-8"), encoding="utf-8")
    return open_place(to)


def _contracts(place: Place, options: Options) -> None:
    """Three contracts for the last year of the period, or all of a shorter one, and what was paid on account under the first."""
    start = max(options.start, options.end.replace(year=options.end.year - 1))
    said = {name: round(each * options.people) for name, each in MODEL["contract"].items()}
    for text in (files("accord.simulate") / "place" / "contracts").iterdir():
        written = text.read_text(encoding="utf-8").format(start=start, end=options.end, **said)
        (place.contracts / text.name).write_text(written, encoding="utf-8")
    months = [month for month in calendar_of(options).first[:-1].tolist() if month >= start]
    paid = [f"{month.replace(day=15)},first_hospital,{said['on_account']}.00" for month in months]
    (place.root / "figures").mkdir()
    (place.root / "figures" / "payments.csv").write_text("\n".join(["date,contract,amount", *paid]) + "\n", encoding="utf-8")


def _with_pseudonym(name: str) -> str:
    """A map that Accord ships, as a place's own that knows people by a pseudonym too."""
    text = (files("accord") / "intake" / "maps" / f"{name}.toml").read_text(encoding="utf-8")
    found = 'column = "nhs_number"\nsystem = "nhs_number"\nscope  = "any"\n'
    assert found in text and "may_lack = [" in text
    text = text.replace(found, found + '\n[[identifier]]\ncolumn = "token_person_id"\nsystem = "token_person_id"\nscope  = "any"\n')
    return text.replace('key = ["nhs_number", ', 'key = ["nhs_number", "token_person_id", ')


def _table(name: str, keys: dict[str, str]) -> str:
    return f"[[{name}]]\n" + "".join(f'{key} = "{value}"\n' for key, value in keys.items())
