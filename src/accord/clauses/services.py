"""The services that a clause is about: each by its name, or narrowed to some specialties and codes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Annotated

from pydantic import Field

from accord.clauses.terms import Listed, Service, Written

Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S+$", examples=["320"])]


class Narrowed(Written):
    """Of one service, the acts of these specialties (the record's service_code), of these codes (its currency_code), or of both together."""

    service: Service = Field(examples=["outpatient_attendance"])
    specialty: Listed[Code] = Field(default=(), min_length=1, examples=[["320"]])
    codes: Listed[Code] = Field(default=(), min_length=1, examples=[["WF01A"]])


Served = Service | Narrowed


def name_of(served: str | Narrowed) -> str:
    """The service, narrowed or not."""
    return served.service if isinstance(served, Narrowed) else served


def names(services: Iterable[str | Narrowed]) -> list[str]:
    """Each service once, in order."""
    return list(dict.fromkeys(map(name_of, services)))


def said(served: str | Narrowed) -> str:
    """A service in words.

    >>> said(Narrowed(service="outpatient_attendance", specialty=["320", "330"], codes=["WF01A"]))
    'outpatient_attendance (specialty 320, 330; code WF01A)'
    """
    if isinstance(served, str):
        return served
    parts = [f"{what} {', '.join(codes)}" for what, codes in (("specialty", served.specialty), ("code", served.codes)) if codes]
    return f"{served.service} ({'; '.join(parts)})" if parts else served.service


def overlap(one: str | Narrowed, other: str | Narrowed) -> bool:
    """Whether there can be an act that both are about.

    >>> heart = Narrowed(service="outpatient_attendance", specialty=["320"])
    >>> [overlap(heart, other) for other in ("outpatient_attendance", "gp_contact", Narrowed(service="outpatient_attendance", specialty=["330"]))]
    [True, False, False]
    """
    pairs = zip(_sets(one), _sets(other), strict=True)
    return name_of(one) == name_of(other) and all(not a or not b or a & b for a, b in pairs)


def takes(served: str | Narrowed, service: str, specialty: str, code: str) -> bool:
    """Whether an act is of a service as a clause has it; "" is a specialty or a code that nobody states."""
    specialties, codes = _sets(served)
    return name_of(served) == service and (not specialties or specialty in specialties) and (not codes or code in codes)


def rows(served: str | Narrowed) -> Iterator[tuple[str, str | None, str | None]]:
    """Service, specialty and code, one row for each pair of the two lists; None is any."""
    specialties, codes = (served.specialty, served.codes) if isinstance(served, Narrowed) else ((), ())
    yield from ((name_of(served), *pair) for pair in product(specialties or (None,), codes or (None,)))


def _sets(served: str | Narrowed) -> tuple[frozenset[str], frozenset[str]]:
    return (frozenset(served.specialty), frozenset(served.codes)) if isinstance(served, Narrowed) else (frozenset(), frozenset())
