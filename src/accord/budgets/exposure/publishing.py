"""What was found, kept in `risk/<id>/`: the table as CSV, the picture, and the hash of all that it was worked out from."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from accord import rulebook
from accord.budgets.exposure.assess import Exposure
from accord.budgets.exposure.drawing import draw
from accord.budgets.exposure.histories import READ, YOUNGER
from accord.budgets.exposure.riskfile import FOLDER
from accord.place import Place, Run
from accord.place.keeping import keep
from accord.place.runs import file_sha256


def id_of(name: str, inputs: Mapping[str, str]) -> str:
    """The name of what is kept: the file's, and the hash of all that it was made from."""
    return f"{name}-{hashlib.sha256(json.dumps(dict(sorted(inputs.items()))).encode()).hexdigest()[:12]}"


def inputs_of(files: Mapping[str, Path], run: Run | None, options: str) -> dict[str, str]:
    """All that an exposure is a function of, each by its hash or its value. files: by what each is."""
    found = run.manifest.tables if run else {}
    tables = {f"table {name}": found[name].content_hash for name in (*READ, *YOUNGER) if name in found}
    hashes = {what: file_sha256(file) for what, file in files.items()}
    return {**hashes, **tables, "options": options, "rulebook": rulebook.edition(), "accord": version("accord")}


def publish(place: Place, name: str, inputs: Mapping[str, str], exposure: Exposure, has_picture: bool) -> Path:
    """Keep an exposure, if the same is not kept already. Out: its folder. Raises UserError if the disk fails or nothing can draw."""
    id = id_of(name, inputs)
    folder = place.root / FOLDER / id
    if folder.is_dir():
        return folder

    def fill(staging: Path) -> None:
        _write_table(staging / "risk.csv", exposure)
        if has_picture:
            (staging / "risk.svg").write_text(draw(exposure), encoding="utf-8")

    def manifest(files: Mapping[str, str]) -> str:
        said = {"edition": 1, "risk_id": id, "created_at": datetime.now(UTC).isoformat(), "inputs": dict(inputs), "files": dict(files)}
        return json.dumps(said, indent=1)

    return keep(place.root / FOLDER, id, fill, manifest)


def _write_table(file: Path, exposure: Exposure) -> None:
    miss = exposure.question.miss
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["people", "layers_up_to", "sd", *(f"missed_by_over_{part:g}" for part in miss), "loss_over_reserve"])
        for row in exposure.rows:
            rows.writerow([row.n_people, row.layer, *(f"{each:.6g}" for each in (row.sd, *row.missing, row.over_reserve))])
