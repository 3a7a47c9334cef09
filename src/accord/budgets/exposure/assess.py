"""How much risk a budget bears, and how much of it an organisation of this size can: chances by size and layer, and what would be acceptable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from accord.budgets.exposure.bearing import Bargain
from accord.budgets.exposure.budgeting import NOBODY, Held
from accord.budgets.exposure.histories import LeftOut
from accord.budgets.exposure.layers import Items, Layer, Population, all_together, by_layer, by_service, layered
from accord.stats.compound import Law

Progress = Callable[[str], None]
FEWEST, MOST = 1_000, 10_000_000
"""Between how many people the size is searched that makes a risk acceptable."""
FURTHEST = 20.0
"""To how many times its expectation a year's cost is followed through the clauses."""
N_LEVEL, NEGLIGIBLE = 400, 1e-9
"""In how many steps the result under a contract is added up, and what chance is cut off at either end of it."""


@dataclass(frozen=True)
class Question:
    """All that an exposure is worked out from. expected: the cost of the organisation's own people in a year, after any stop-loss of one person.

    miss: parts of the budget. accepted: how often the reserve may be too small. pooled_with: people of others, with whom gains and losses are shared
    by budget. unvalued: what is open and has no value. holder: who bears the risk by a contract. held: the budget, and who says so; without an
    amount, nobody does, and it is what is expected. told: of each clause its id, its kind and what becomes of it. year_said_by: where the common
    shock is from. is_expected_stated: whether the file says what is expected, and not what care cost in the run.
    """

    title: str
    population: Population
    items: Items
    bargain: Bargain
    n_people: int
    sizes: tuple[int, ...]
    miss: tuple[float, ...]
    reserve: Decimal
    accepted: float
    pooled_with: tuple[int, ...] = ()
    unvalued: tuple[str, ...] = ()
    holder: str = ""
    held: Held = NOBODY
    told: tuple[tuple[str, str, str], ...] = ()
    year_said_by: str = ""
    is_expected_stated: bool = False

    @property
    def expected(self) -> float:
        """Of the own people in a year."""
        return self.items.expected

    @property
    def budget(self) -> float:
        """As the contract has it."""
        return float(self.bargain.budget)

    @property
    def n_shared(self) -> int:
        """The people over whom luck is shared out: the own, and those of the pool."""
        return self.n_people + sum(self.pooled_with)


@dataclass(frozen=True)
class SizeRow:
    """One size and one layer with those below it. sd: of the cost, as part of what is expected. missing: the chance for each part of the budget.

    over_reserve: the chance of losing more than a reserve that is the same part of the budget. is_own: the organisation's own size, with its pool.
    """

    n_people: int
    layer: Layer
    sd: float
    missing: tuple[float, ...]
    over_reserve: float
    is_own: bool


@dataclass(frozen=True)
class Bearable:
    """What the board can accept. chance: of losing more than the reserve as things are.

    share: of gains and losses, the most that keeps to the accepted chance with no cap. cap: at a whole share, the most that may be lost, as part
    of the budget; None: none is needed. reserve: what would do instead. people: the fewest at which it is acceptable; None: no number is.
    """

    chance: float
    share: float
    cap: float | None
    reserve: float
    people: int | None


@dataclass(frozen=True)
class Exposure:
    """The answer. laws: of the own cost, by layer, as part of what is expected, less 1. result: what the holder keeps, its mean and spread."""

    question: Question
    rows: tuple[SizeRow, ...]
    bearable: Bearable
    laws: dict[Layer, Law]
    result_mean: float
    result_sd: float
    by_layer: dict[Layer, float]
    by_service: dict[str, float]
    left_out: tuple[LeftOut, ...]

    @property
    def spread(self) -> float:
        """Of one person's cost in a year, or in the mean of those that are averaged, as part of its mean."""
        population = self.question.population
        if population.histories is None:
            assert population.spread is not None
            return population.spread
        return float(population.totals(population.weights).std())

    @property
    def rounding(self) -> float:
        """By what part the lattice makes the spread too large, at most."""
        return max(law.rounding for law in self.laws.values())


def assess(question: Question, progress: Progress) -> Exposure:
    """Work out every size and layer, then what is bearable. progress: is told each size."""
    rows = []
    for n in sorted({*question.sizes, question.n_people, question.n_shared}):
        progress(f"{n:,} people")
        rows += list(_rows(question, n))
    progress("what can be borne")
    laws = layered(question.population, question.items, question.n_shared)
    mean, sd = _result(question, laws[Layer.scope])
    return Exposure(
        question, tuple(rows), bearable(question, laws[Layer.scope]), laws, mean, sd,
        by_layer(question.population, question.items, question.n_shared), by_service(question.population, question.items, question.n_shared),
        question.population.histories.left_out if question.population.histories else (),
    )  # fmt: skip


def _rows(question: Question, n: int) -> Iterator[SizeRow]:
    laws = layered(question.population, question.items, n)
    points = [cost_beyond(question, part * question.budget, n) for part in question.miss]
    reserve = cost_beyond(question, float(question.reserve), n)
    for layer, law in laws.items():
        missing = tuple(law.beyond(point) for point in points)
        yield SizeRow(n, layer, law.sd, missing, law.beyond(reserve), n == question.n_shared)


def cost_beyond(question: Question, loss: float, n: int) -> float:
    """The cost, as part of what is expected, less 1, from which on an organisation of n people loses more than this.

    Amounts are the own size's: another size has the same contract with every amount in proportion to its people.
    """
    cost = question.bargain.first_cost_beyond(loss, n, (0.0, FURTHEST * question.expected))
    return float("inf") if cost >= FURTHEST * question.expected else cost / question.expected - 1


def bearable(question: Question, law: Law) -> Bearable:
    """What keeps the chance of losing more than the reserve to what is accepted.

    The loss never falls as the cost rises, so the loss of a quantile of the cost is that quantile of the loss.
    """
    chance = law.beyond(cost_beyond(question, float(question.reserve), question.n_shared))
    dear = question.expected * (1 + law.quantile(1 - question.accepted))
    tail, reserve = question.bargain.loss(max(0.0, dear), question.n_shared), float(question.reserve)
    is_borne = chance <= question.accepted
    share = 1.0 if is_borne else min(1.0, reserve / tail)
    return Bearable(chance, share, None if is_borne else reserve / question.budget, max(0.0, tail), _people_needed(question))


def _people_needed(question: Question) -> int | None:
    """The fewest people at which the chance is accepted, by halving: more people never make it larger where it is small."""

    def is_accepted(n: int) -> bool:
        law = all_together(question.population, question.items, n)
        return law.beyond(cost_beyond(question, float(question.reserve), n)) <= question.accepted

    if not is_accepted(MOST):
        return None
    low, high = FEWEST, MOST
    if is_accepted(low):
        return low
    while high - low > max(1, low // 1000):
        middle = (low + high) // 2
        low, high = (low, middle) if is_accepted(middle) else (middle, high)
    return high


def _result(question: Question, law: Law) -> tuple[float, float]:
    """The mean and the spread of what the holder keeps."""
    ratios, chances = law.levels(N_LEVEL, NEGLIGIBLE)
    kept = [question.bargain.result(max(0.0, question.expected * (1 + ratio)), question.n_shared) for ratio in ratios]
    mean = sum(chance * each for chance, each in zip(chances, kept, strict=True))
    return float(mean), float(sum(chance * (each - mean) ** 2 for chance, each in zip(chances, kept, strict=True)) ** 0.5)
