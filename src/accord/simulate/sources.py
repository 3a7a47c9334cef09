"""What each partner sends: which events, in which folder, by which map, and how later files correct earlier ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from accord.simulate.model import MODEL


@dataclass(frozen=True)
class Source:
    """One source of place.toml. kind: of events. hospital: position of the hospital whose events alone they are, or -1.

    amount: the column that holds money, '' where none does. number: the column of the NHS number, '' where there is none.
    day: the column of the day that intake cannot do without, '' where there is none.
    """

    id: str
    kind: str
    partner: str
    map: str
    stem: str
    corrects: str = "never"
    amount: str = ""
    number: str = "nhs_number"
    day: str = ""
    hospital: int = -1


def _sources() -> Iterator[Source]:
    for said in MODEL["source"]:
        keys = {key: value for key, value in said.items() if key != "of_each_hospital"}
        if not said.get("of_each_hospital"):
            yield Source(**keys)
            continue
        for i, (name, hospital) in enumerate(MODEL["hospital"].items()):
            own = {"id": f"{said['id']}_{name}", "partner": hospital["partner"], "stem": f"{name}_hospital/{said['stem']}", "hospital": i}
            yield Source(**(keys | own))


SOURCES = tuple(_sources())
"""Every source that comes monthly, and the list of organisations, which comes once."""

BY_ID = {source.id: source for source in SOURCES}


def file_name(source: Source, month: str, part: int) -> str:
    """The file of a month, below sources/. part: of a month that is sent twice, 1 for flex and 2 for the frozen one; 0 of any other."""
    return f"{source.stem}_{month}{('', '_1_flex', '_2_freeze')[part]}.csv"
