"""Numbers as a file prints them: what they say, and how exactly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

NOTHING_SAID = {"", "-", "--", "*", ".", "/", "^", "~", "–", "—", "na", "n/a", "#n/a", "nan", "null", "none"}
YES, NO = {"1", "1.0", "y", "yes", "t", "true"}, {"0", "0.0", "n", "no", "f", "false"}
IN_FULL = "p4r"
"""A quality score in a first year, when reporting alone was paid for."""

MOST_DIGITS = 12
"""More digits than this are what binary fractions leave behind."""

FINEST_RATE = Decimal("0.0001")
"""CMS prints rates to a hundredth of a percent, or finer. A column of rates in coarser steps has been rounded again."""

_NOISE = re.compile(r"[\s$£€,'\"\u00a0]")
_DAYS = ("%m/%d/%Y", "%m/%d/%y", "%Y-%m-%d", "%Y/%m/%d", "%d-%b-%Y", "%d-%b-%y")
_SPREADSHEET_EPOCH = date(1899, 12, 30)


@dataclass(frozen=True)
class Figure:
    """A number as printed. half: how far off it may be: half of the last place that its column is printed to, and what was rounded before."""

    value: Decimal
    half: Decimal

    def __sub__(self, other: Figure) -> Figure:
        return Figure(self.value - other.value, self.half + other.half)

    def __add__(self, other: Figure) -> Figure:
        return Figure(self.value + other.value, self.half + other.half)

    def is_near(self, value: Decimal, more: Decimal = Decimal(0)) -> bool:
        """Whether a value could be printed as this figure, give or take what its own inputs leave open."""
        return abs(self.value - value) <= self.half + more


@dataclass(frozen=True)
class Column:
    """A column of figures. step: its last printed place. in_percent: whether it was printed in percent; figures are parts of one."""

    figures: tuple[Figure | None, ...]
    step: Decimal
    in_percent: bool = False


def number(text: str) -> tuple[Decimal, bool] | None:
    """A number and whether a percent sign stood behind it; None where nothing is said.

    >>> number(" $1,234.50"), number("(7.0)"), number("3.20%"), number("*")
    ((Decimal('1234.50'), False), (Decimal('-7'), False), (Decimal('3.20'), True), None)
    """
    bare = _NOISE.sub("", text).replace("\u2212", "-")
    if bare.lower() in NOTHING_SAID:
        return None
    if bare.lower() == IN_FULL:
        return Decimal(100), True
    is_percent, bare = bare.endswith("%"), bare.rstrip("%")
    if bare.startswith("(") and bare.endswith(")"):
        bare = "-" + bare[1:-1]
    bare = bare[:-2] if re.fullmatch(r"-?\d+\.0", bare) else bare  # a whole number that went through binary fractions
    try:
        read = Decimal(bare)
    except InvalidOperation:
        return None
    return (_without_noise(read), is_percent) if read.is_finite() else None


def _without_noise(value: Decimal) -> Decimal:
    digits = len(value.as_tuple().digits)
    return value if digits <= MOST_DIGITS else value.quantize(Decimal(1).scaleb(value.adjusted() + 1 - MOST_DIGITS)).normalize()


def column(texts: Sequence[str], most_as_part: Decimal | None = None) -> Column:
    """A column of numbers. most_as_part: of a column of rates, above what its largest tells that it is printed in percent.

    >>> shares = column(["0.4721", "0.5", "-"], Decimal(1))
    >>> shares.figures[1], shares.in_percent
    (Figure(value=Decimal('0.5'), half=Decimal('0.00005')), False)
    >>> column(["47.21", "50"], Decimal(1)).figures[1] == column(["47.21%", "50%"], Decimal(1)).figures[1] == shares.figures[1]
    True
    """
    read = [number(text) for text in texts]
    unsigned = [abs(value) for value, is_percent in filter(None, read) if not is_percent]
    in_percent = most_as_part is not None and max(unsigned, default=Decimal(0)) > most_as_part
    values = [_as_part(each, most_as_part is not None, in_percent) for each in read]
    step = _step(value for value in values if value is not None)
    before = FINEST_RATE / 2 if most_as_part is not None and step > FINEST_RATE else Decimal(0)
    figures = tuple(None if value is None else Figure(value, max(step, _own_step(value)) / 2 + before) for value in values)
    return Column(figures, step, in_percent or any(is_percent for _, is_percent in filter(None, read)))


def _as_part(read: tuple[Decimal, bool] | None, is_rate: bool, in_percent: bool) -> Decimal | None:
    if read is None:
        return None
    value, has_sign = read
    return value.scaleb(-2) if is_rate and (has_sign or in_percent) else value


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


def _step(values: Iterable[Decimal]) -> Decimal:
    """The finest place of a column: a nought at the end may have been left out of any one figure, but not of all."""
    return Decimal(1).scaleb(min((_exponent(value) for value in values), default=0))


def _own_step(value: Decimal) -> Decimal:
    """1.07E+9 is printed to the ten millions, whatever its column is."""
    return Decimal(1).scaleb(max(_exponent(value), -MOST_DIGITS)) if _exponent(value) > 0 else Decimal(0)


def flag(text: str) -> bool | None:
    """Yes, no, or nothing said."""
    word = text.strip().lower()
    return True if word in YES else False if word in NO else None


def day(text: str) -> date | None:
    """A day, in any of the ways in which results files have had it; a bare number counts days as spreadsheets do.

    >>> day("7/1/12 00:00"), day("01/01/2016 12:00:00 AM"), day("2024-01-01"), day("43647")
    (datetime.date(2012, 7, 1), datetime.date(2016, 1, 1), datetime.date(2024, 1, 1), datetime.date(2019, 7, 1))
    """
    word = text.strip().replace("T", " ").partition(" ")[0]
    if re.fullmatch(r"\d{5}", word):
        return _SPREADSHEET_EPOCH + timedelta(days=int(word))
    for form in _DAYS:
        try:
            return datetime.strptime(word, form).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
    return None
