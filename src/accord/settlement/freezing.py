"""A settlement with its disputes: what is contested is taken out of what is due, and never more of a line than there is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal

from accord.clauses.walking import money
from accord.errors import UserError
from accord.place import line_of
from accord.settlement.chain import PAID, Settled, SettledClause
from accord.settlement.disputes import Dispute, Held, Raised
from accord.settlement.totals import NOTHING


def with_disputes(settled: Settled, raised: Raised, known_on: date) -> Settled:
    """The same settlement with what is in dispute on a day frozen, and what was conceded taken off. raised: those that are known by then.

    A line below zero, such as a deduction, is frozen as it is: it is not made until the dispute is decided.
    Raises UserError for a dispute of a line that is not there, or of more than the line.
    """
    known = raised.by(known_on)
    whole = {each.clause_id for _, each in known.disputes if each.number is None}
    taken: dict[str, Decimal] = defaultdict(lambda: NOTHING)
    held = []
    for n, each in known.disputes:
        clause = next(c for c in settled.clauses if c.terms.id == each.clause_id)
        amount = _line_amount(clause, known, n, each)
        sign, frozen, conceded = -1 if amount < 0 else 1, each.frozen(known_on), each.conceded(known_on)
        for target, most in {each.line: amount, **({each.clause_id: clause.due} if each.clause_id in whole else {})}.items():
            taken[target] += sign * (frozen + conceded)
            if frozen + conceded and abs(taken[target]) > abs(most):
                raise _too_much(known, n, each, abs(taken[target]), most)
        held.append(Held(each, sign * frozen, sign * conceded, each.stands(known_on)))
    return replace(settled, disputes=tuple(held))


def _line_amount(clause: SettledClause, raised: Raised, n: int, each: Dispute) -> Decimal:
    if each.number is None:
        return clause.due
    lines = list(clause.bridges[PAID])
    if each.number >= len(lines):
        what = f"the settlement has no line '{each.line}': the bridge of '{each.clause_id}' ends with number {len(lines) - 1}"
        raise _fault(raised, n, "line", what, "name a line that the statement has, or the clause")
    if each.number == 0 and _begins_with_another(clause):
        what = f"'{each.line}' is what another clause pays, before '{each.clause_id}' changes it"
        raise _fault(raised, n, "line", what, "name the line of the clause that pays it, or a later line of this one")
    return lines[each.number].amount


def _begins_with_another(clause: SettledClause) -> bool:
    return clause.due != clause.bridges[PAID].result


def _too_much(raised: Raised, n: int, each: Dispute, taken: Decimal, most: Decimal) -> UserError:
    others = "" if taken == each.amount else f" ({money(taken)} with the disputes before it)"
    what = f"{money(each.amount)} of '{each.line}' is in dispute{others}, and the line comes to {money(most)}"
    mend = "write no more than the line; if the care was put right since, say how it was resolved: outcome = { agreed = … } with what stands"
    return _fault(raised, n, "amount", what, mend)


def _fault(raised: Raised, n: int, key: str, what: str, mend: str) -> UserError:
    return UserError(what, where=f"{raised.file}, line {line_of(raised.file, ('dispute', n, key))}", what_to_do=mend)
