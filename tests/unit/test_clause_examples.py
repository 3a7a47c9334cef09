"""Each kind of clause on published figures and worked examples. The figures' sources stand beside them."""

from __future__ import annotations

import doctest
from datetime import date
from decimal import Decimal
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar

import pytest

from accord import clauses
from accord.clauses import (
    activity_price,
    block,
    bundle,
    cap,
    capitation,
    fixed_and_variable,
    marginal_rate,
    pay_for_performance,
    pool,
    readmission_withhold,
    risk_corridor,
    shared_savings,
    stop_loss,
)
from accord.clauses.bridge import Bridge
from accord.clauses.kinds import KINDS
from accord.clauses.rules import rule_faults, rules_named, stated, with_rules_read
from accord.clauses.terms import Rule

D = Decimal


def terms(kind: str, **said: Any) -> Any:
    """Terms as a contract's file would give them."""
    return KINDS[kind].terms.model_validate({"kind": kind, "id": kind, **said})


def amounts(bridge: Bridge) -> list[Decimal]:
    return [line.amount for line in bridge]


@pytest.mark.parametrize("name", sorted(module.name for module in iter_modules(clauses.__path__)))
def test_what_the_docstrings_say_holds(name: str) -> None:
    assert doctest.testmod(import_module(f"accord.clauses.{name}")).failed == 0


def test_every_kernel_has_an_example() -> None:
    silent = [kind.name for kind in KINDS.values() if ">>>" not in (kind.settle.__doc__ or "")]
    assert silent == []


def marginal(rate: Any, **said: Any) -> Any:
    return terms("marginal_rate", **{"services": ["emergency_admission"], "prices": "england/tariff", "rate_above": rate, **said})


def emergency(value: str, **more: Any) -> marginal_rate.Facts:
    return marginal_rate.Facts(D(value), date(2011, 4, 1), **more)


class TestMarginalRate:
    def test_a_short_stay_above_the_baseline_is_paid_21_percent_of_tariff(self) -> None:
        """Published with the rule: HFMA, 3 March 2010."""
        price = terms(
            "activity_price", services=["emergency_admission"], prices="england/tariff", unpriced="not_paid",
            adjustments=[{"id": "short_stay", "rate": D("0.70")}],
        )  # fmt: skip
        adjusted = activity_price.settle(price, activity_price.Facts(D(1000), {"short_stay": D(1000)})).result
        paid = marginal_rate.settle(marginal(D("0.30"), baseline={"amount": 0}), emergency(str(adjusted)))
        assert paid.result == D("210.00")

    def test_one_payer_above_and_one_below_are_not_netted(self) -> None:
        said = marginal(D("0.30"), baseline={"amount": 5000000})
        above, below = emergency("6000000"), emergency("4000000")
        assert sum(marginal_rate.settle(said, facts).result for facts in (above, below)) == D("9300000.00")
        netted = marginal_rate.settle(marginal(D("0.30"), baseline={"amount": 10000000}), emergency("10000000")).result
        assert netted == D("10000000.00")

    def test_what_is_excluded_is_paid_in_full_and_not_held_against_the_baseline(self) -> None:
        said = marginal(D("0.30"), baseline={"amount": 5000000}, excludes=["best_practice", "emergency_department"])
        facts = emergency("6000000", excluded={"best_practice": D(400000), "emergency_department": D(100000), "unpriced": D(300000)})
        assert amounts(marginal_rate.settle(said, facts)) == [D("6000000.00"), D("-350000.00")]

    def test_north_norfolk_2015_16(self) -> None:
        """1,336 thousand kept back in the contract implies 4.453 million above the baseline; its schemes came to 1,344 thousand."""
        schemes = {"falls": 288, "iv": 103, "coordinators": 280, "care_at_home": 232, "matrons": 150, "therapy": 239, "tracheostomy": 52}
        said = marginal(
            {"rule": "england/marginal_rate", "option": "enhanced_tariff_option"}, baseline={"amount": 20000000},
            schemes=[{"id": name, "amount": 1000 * amount} for name, amount in schemes.items()],
        )  # fmt: skip
        said = with_rules_read(said, date(2015, 4, 1), date(2015, 4, 1))
        facts = emergency(str(20000000 + D(1336000) / D("0.30")))
        assert round(marginal_rate.value_above(said, facts)) == 4453333
        ring_fenced = marginal_rate.ring_fenced(said, facts)
        assert (ring_fenced.start.amount, ring_fenced.result) == (D("1336000.00"), D("-8000.00"))
        assert -sum(step.amount for step in ring_fenced.steps) == 1344000

    def test_east_riding_2015_16(self) -> None:
        said = marginal(D("0.70"), baseline={"amount": 0})
        assert marginal_rate.settle(said, emergency("611266.67")).steps[0].amount == D("-183380.00")

    def test_the_provider_gains_or_loses_at_the_margin(self) -> None:
        said = marginal(D("0.30"), baseline={"amount": 5000000})
        bridge = marginal_rate.at_the_margin(said, emergency("6000000", cost_above=D(650000)))
        assert amounts(bridge) == [D("1000000.00"), D("-700000.00"), D("-650000.00")]
        assert bridge.result == D("-350000.00")

    def test_the_cost_at_the_margin_is_the_average_by_the_share_above_unless_it_was_sent(self) -> None:
        """Of 6 million a sixth is above. 1,200 priced acts, of which 1,000 cost 3.25 million: 3,250 each, and so 3.9 million, of which a sixth."""
        said = marginal(D("0.30"), baseline={"amount": 5000000})
        costed = marginal_rate.Costed(1200, 1000, D(3250000))
        bridge = marginal_rate.at_the_margin(said, emergency("6000000", costed=costed))
        assert amounts(bridge) == [D("1000000.00"), D("-700000.00"), D("-650000.00")]
        assert bridge.steps[-1].because.startswith("3,250.00 an act on average, of 1000 of 1200 priced acts whose cost is known")
        assert bridge.steps[-1].because.endswith("16.67 % of the value is above")
        sent = marginal_rate.at_the_margin(said, emergency("6000000", costed=costed, cost_above=D(1)))
        assert amounts(sent)[-1] == D("-1.00")

    def test_what_is_excluded_has_no_share_in_the_value_at_the_margin(self) -> None:
        said = marginal(D("0.30"), baseline={"amount": 5000000}, excludes=["emergency_department"])
        facts = emergency("7000000", excluded={"emergency_department": D(1000000)}, costed=marginal_rate.Costed(10, 10, D(600), D(60)))
        assert amounts(marginal_rate.at_the_margin(said, facts))[-1] == D("-110.00")

    @pytest.mark.parametrize("costed", [None, marginal_rate.Costed(1200, 0, D(0)), marginal_rate.Costed(1200, 0, D(0), D(500))])
    def test_a_cost_that_nobody_knows_is_said_and_is_not_0(self, costed: marginal_rate.Costed | None) -> None:
        bridge = marginal_rate.at_the_margin(marginal(D("0.30"), baseline={"amount": 5000000}), emergency("6000000", costed=costed))
        assert amounts(bridge) == [D("1000000.00"), D("-700000.00")]
        assert "what it cost the provider is not known" in bridge.start.because

    def test_a_baseline_is_an_earlier_span_repriced_or_an_amount_with_dated_changes(self) -> None:
        span = {"value_of": {"from": date(2008, 4, 1), "to": date(2009, 4, 1)}, "priced_at": "current"}
        assert marginal_rate.baseline(marginal(D("0.30"), baseline=span), emergency("1", repriced=D(5200000))).result == D("5200000.00")
        changes = [{"from": date(2010, 10, 1), "amount": 300000, "reason": "a ward closed nearby"}]
        changes += [{"from": date(2011, 4, 1), "amount": -100000, "reason": "an urgent care centre opened"}]
        agreed = marginal(D("0.30"), baseline={"amount": 5000000, "changes": changes})
        assert marginal_rate.baseline(agreed, emergency("1")).result == D("5300000.00")

    def test_a_baseline_that_was_not_repriced_is_no_baseline_of_nothing(self) -> None:
        span = {"value_of": {"from": date(2008, 4, 1), "to": date(2009, 4, 1)}, "priced_at": "current"}
        with pytest.raises(AssertionError, match="was not repriced"):
            marginal_rate.settle(marginal(D("0.30"), baseline=span), emergency("6000000"))


@pytest.mark.parametrize(
    ("day", "option", "rate"),
    [
        ("2010-04-01", "", "0.30"), ("2015-03-31", "", "0.30"), ("2015-04-01", "enhanced_tariff_option", "0.70"),
        ("2016-03-31", "default_tariff_rollover", "0.30"), ("2017-04-01", "", "0.70"), ("2019-03-31", "", "0.70"),
    ],
)  # fmt: skip
def test_the_marginal_rate_by_year_and_option(day: str, option: str, rate: str) -> None:
    said = marginal({"rule": "england/marginal_rate", "option": option}, baseline={"amount": 0})
    assert list(rule_faults(said, date.fromisoformat(day))) == []
    assert stated(with_rules_read(said, date.fromisoformat(day), date(2026, 11, 25)).rate_above) == D(rate)


@pytest.mark.parametrize("day", ["2010-03-31", "2016-04-01", "2019-04-01"])
def test_the_marginal_rate_of_a_year_without_a_source_is_not_made_up(day: str) -> None:
    (fault,) = rule_faults(marginal({"rule": "england/marginal_rate"}, baseline={"amount": 0}), date.fromisoformat(day))
    assert fault.path == ("rate_above", "rule")
    assert "write the number that was agreed" in fault.what_to_do


def test_a_rule_gives_the_kind_of_number_that_is_wanted() -> None:
    (fault,) = rule_faults(marginal({"rule": "england/qof_average_list"}, baseline={"amount": 0}), date(2024, 4, 1))
    assert fault.what == "the rule 'england/qof_average_list' gives 9962, which cannot stand here"


def test_a_rule_that_was_not_read_is_not_settled_with() -> None:
    with pytest.raises(AssertionError, match="was not read"):
        marginal_rate.settle(marginal({"rule": "england/marginal_rate"}, baseline={"amount": 0}), emergency("1"))


class TestReadmissions:
    def test_2011_12_none_after_elective_care_and_three_quarters_of_the_year_before_after_other(self) -> None:
        """HFMA, 1 March 2011: no payment after an elective index; at least a 25 % reduction of the others."""
        said = terms(
            "readmission_withhold", of="emergency", exclusions=["maternity", "cancer", "young_child"],
            groups=[{"after": "elective", "avoidable": 1}, {"after": "other", "allowed": D("0.75")}],
        )  # fmt: skip
        facts = readmission_withhold.Facts(
            {"elective": D(200000), "other": D(900000)}, {"maternity": D(50000), "cancer": D(30000)}, {"elective": D(1), "other": D(1000000)}
        )
        assert amounts(readmission_withhold.settle(said, facts)) == [D("1180000.00"), D("-200000.00"), D("-150000.00")]
        assert readmission_withhold.eligible(said, facts).result == D("1100000.00")

    def test_2012_13_a_review_sets_the_part_that_could_have_been_avoided(self) -> None:
        """HFMA, 5 March 2012; 30.0 % were potentially preventable in Blunt et al 2015."""
        said = terms("readmission_withhold", of="emergency", exclusions=[], groups=[{"after": "any", "avoidable": D("0.30")}])
        assert readmission_withhold.settle(said, readmission_withhold.Facts({"any": D(1000000)})).result == D("700000.00")

    def test_fewer_than_allowed_are_paid_in_full(self) -> None:
        said = terms("readmission_withhold", of="emergency", exclusions=[], groups=[{"after": "any", "allowed": D("0.75")}])
        assert readmission_withhold.settle(said, readmission_withhold.Facts({"any": D(700)}, before={"any": D(1000)})).result == D("700.00")


class TestBlocks:
    def test_a_block_is_its_base_by_each_years_uplift_less_efficiency(self) -> None:
        uplifts = [{"from": date(year, 4, 1), "uplift": D("0.02"), "efficiency": D("0.01")} for year in (2021, 2022, 2023, 2024, 2026)]
        said = terms("block", services=["contact"], prices="england/tariff", value=10000000, uplifts=uplifts, round_at="total")
        facts = block.Facts(date(2025, 4, 1), actual=D(12500000))
        assert block.settle(said, facts).result == D("10406040.10")  # 10 million x 1.01^4: the uplift of 2026 has not begun
        assert block.shadow(said, facts).steps[0].amount == D("2093959.90")
        assert block.shadow(said, facts).result == D("12500000.00")

    def test_a_block_of_low_volume_is_the_mean_of_three_years(self) -> None:
        """NHS Payment Scheme: a three-year rolling average; 0.5 million in 2023/25, 1.5 million in 2025/26."""
        said = terms(
            "block", services=["contact"], prices="england/tariff",
            low_volume={"years": 3, "threshold": {"rule": "england/low_volume_threshold"}},
        )  # fmt: skip
        facts = block.Facts(date(2025, 4, 1), D(700000), earlier=(D(9000000), D(500000), D(600000), D(700000)))
        assert block.settle(said, facts).result == D("600000.00")
        read = [with_rules_read(said, date(year, 4, 1), date(2026, 1, 1)) for year in (2024, 2025)]
        assert [block.room_below_threshold(each, facts).result for each in read] == [D("-100000.00"), D("900000.00")]


class TestFixedAndVariable:
    def test_part_of_the_difference_from_plan_either_way(self) -> None:
        said = blended({"service": "emergency", "rate": D("0.20"), "of": "difference", "plan": 10000000})
        assert blended_result(said, emergency=D(12000000)) == D("10400000.00")
        assert blended_result(said, emergency=D(9000000)) == D("9800000.00")

    def test_elective_care_is_paid_at_its_whole_price(self) -> None:
        """2023/24: all elective care at 100 % of unit prices, over-delivery too (HFMA, 16 June 2023)."""
        said = blended({"service": "elective", "rate": 1, "of": "actual"})
        assert blended_result(said, elective=D(3000000)) - blended_result(said, elective=D(2000000)) == D("1000000.00")

    def test_the_limit_is_of_the_differences_alone(self) -> None:
        parts = [
            {"service": "emergency", "rate": D("0.50"), "of": "difference", "plan": 10000000},
            {"service": "elective", "rate": 1, "of": "actual"},
        ]
        said = blended(*parts, limit=D("0.05"))
        assert blended_result(said, emergency=D(14000000), elective=D(1000000)) == D("11500000.00")
        assert blended_result(said, emergency=D(6000000), elective=D(1000000)) == D("10500000.00")


def blended(*variable: dict[str, Any], **said: Any) -> Any:
    services = [part["service"] for part in variable]
    return terms("fixed_and_variable", services=services, prices="england/tariff", fixed=10000000, variable=list(variable), **said)


def blended_result(said: Any, **actual: Decimal) -> Decimal:
    return fixed_and_variable.settle(said, fixed_and_variable.Facts(actual)).result


class TestCapitation:
    def test_each_rate_is_of_what_the_lines_above_leave(self) -> None:
        """ACO REACH, Global, 2025: a discount of 3.5 % and a quality withhold of 2 %."""
        said = terms(
            "capitation", services=["all"], budget={"per_person": 1000, "need": "england_need"}, discount=D("0.035"),
            withhold={"rate": D("0.02"), "gate": "core_set"}, retention=D("0.02"), management={"per_person": 25},
        )  # fmt: skip
        facts = capitation.Facts(D(10000), need=D("1.10"), earned=D("0.75"), has_stayed=True)
        assert amounts(capitation.settle(said, facts)) == [
            D("10000000.00"), D("1000000.00"), D("-385000.00"), D("-212300.00"), D("159225.00"), D("-212300.00"), D("212300.00"), D("250000.00"),
        ]  # fmt: skip

    def test_a_budget_by_name_is_neither_weighted_again_nor_taken_for_nothing(self) -> None:
        said = terms("capitation", services=["all"], budget={"budget": "needs_weighted"}, management={"rate": D("0.02")})
        assert capitation.settle(said, capitation.Facts(D(10000), need=D("1.10"), budget=D(9000000))).result == D("9180000.00")
        with pytest.raises(AssertionError, match="'needs_weighted' was not read"):
            capitation.settle(said, capitation.Facts(D(10000)))


# ACO REACH, after Pearl Health and the CMS quick reference of 2026. Per row: edges of the bands, shares of the payee.
REACH = {
    "global to 2025": (("0.25", "0.35", "0.50"), ("1", "0.50", "0.25", "0.10")),
    "global 2026": (("0.10", "0.35", "0.50"), ("1", "0.50", "0.25", "0.10")),
    "professional": (("0.05", "0.10", "0.15"), ("0.50", "0.35", "0.15", "0.05")),
}


def corridor(option: str) -> Any:
    edges, shares = REACH[option]
    lower, upper = ["0", *edges], [*edges, None]
    bands = [
        {"from": D(a), "share": D(s)} | ({"to": D(b)} if b is not None else {}) for a, b, s in zip(lower, upper, shares, strict=True)
    ]
    return terms("risk_corridor", target={"amount": 1000000}, bands=bands)


@pytest.mark.parametrize(
    ("option", "saved", "kept"),
    [
        ("global 2026", "0.20", "150000.00"),  # 10 + 5 %, as Milliman's example has it
        ("global to 2025", "0.20", "200000.00"),
        ("global to 2025", "0.60", "347500.00"),
        ("professional", "0.20", "52500.00"),
        ("global 2026", "0.05", "50000.00"),
    ],
)
def test_corridors_of_reach_for_savings_and_for_losses(option: str, saved: str, kept: str) -> None:
    for sign in (1, -1):
        facts = risk_corridor.Facts(actual=1000000 * (1 - sign * D(saved)))
        assert risk_corridor.settle(corridor(option), facts).result == sign * D(kept)


def test_losses_have_bands_of_their_own_or_are_not_borne() -> None:
    half = [{"from": 0, "share": D("0.50")}]
    own = terms("risk_corridor", target={"budget": "b"}, bands=half, loss_bands=[{"from": 0, "share": D("0.30")}])
    none = terms("risk_corridor", target={"budget": "b"}, bands=half, no_loss=True)
    lost, saved = (risk_corridor.Facts(D(spent), target=D(1000)) for spent in (1100, 900))
    assert [risk_corridor.settle(t, f).result for t in (own, none) for f in (lost, saved)] == [D("-30.00"), D("50.00"), D("0.00"), D("50.00")]


@pytest.mark.parametrize(
    ("benchmark", "spent", "rate", "paid"),
    [
        ("119762995", "91531752", "0.4433", 11976300),  # A00755, 2016
        ("128423263", "90089518", "0.4573", 12842326),  # A00755, 2017
        ("121182225", "83501144", "0.4541", 12118223),  # A1409, 2018
    ],
)
def test_the_shared_savings_program_caps_the_payment_and_reach_the_gross(benchmark: str, spent: str, rate: str, paid: int) -> None:
    """Shared, less 2 % sequestration, then capped at 10 % of the benchmark: from the results files of CMS."""
    limit = {"of": "benchmark", "rate": D("0.10")}
    gross = D(benchmark) - D(spent)
    on_payment = cap.settle(terms("cap", of="g", on="payment", most=limit), cap.Facts(gross * D(rate) * D("0.98"), D(benchmark)))
    assert abs(on_payment.result - paid) <= 1
    on_gross = cap.settle(terms("cap", of="g", on="gross", most=limit), cap.Facts(gross, D(benchmark)))
    assert on_gross.result * D(rate) < on_payment.result


def test_a_cap_may_have_a_floor_and_leaves_what_is_between() -> None:
    said = terms("cap", of="g", on="payment", most=100, least=30)
    assert [cap.settle(said, cap.Facts(D(amount))).result for amount in (150, 100, -30, -31)] == [D(100), D(100), D(-30), D(-30)]


class TestStopLoss:
    def test_of_each_person_and_of_all_together(self) -> None:
        each = terms("stop_loss", of="budget", per="person", above=100000, share=D("0.80"), most=150000)
        assert stop_loss.settle(each, stop_loss.Facts((D(300000), D(50000)))).result == D("150000.00")
        all_of_them = terms("stop_loss", of="budget", per="aggregate", above={"of": "budget", "rate": D("1.10")}, share=1)
        assert stop_loss.settle(all_of_them, stop_loss.Facts((D(1200),), base=D(1000))).result == D("100.00")
        assert stop_loss.settle(all_of_them, stop_loss.Facts((D(1099),), base=D(1000))).result == D("0.00")


class TestProvenCare:
    """Geisinger: a flat fee and half of the historical cost of what follows within 90 days; 137 patients in the first year."""

    SAID: Any = terms("bundle", services=["elective_cabg"], fee=30000, warranty={"days": 90, "share": D("0.50"), "historical": 8000})

    def gain(self, followed: int) -> Decimal:
        return bundle.provider_gain(self.SAID, bundle.Facts(137, cost=D(137 * 30000), cost_after=D(137 * followed))).result

    def test_where_the_fee_is_the_cost_it_breaks_even_at_half_of_what_followed_before(self) -> None:
        assert [self.gain(followed) for followed in (3999, 4000, 4001)] == [D("137.00"), D("0.00"), D("-137.00")]

    def test_without_a_warranty_what_follows_is_paid_for_apart(self) -> None:
        said = terms("bundle", services=["elective_cabg"], fee=30000, discount=D("0.02"))  # 2 %: TEAM, for hip and knee
        assert bundle.provider_gain(said, bundle.Facts(10, cost=D(280000), cost_after=D(99999))).result == D("14000.00")


class TestPayForPerformance:
    def qof(self, day: str, **facts: Any) -> Bridge:
        said = terms(
            "pay_for_performance", measures=[{"id": "quality_improvement", "points": 74, "from": 0, "to": 1, "by_prevalence": True}],
            points={"per_point": {"rule": "england/qof_value_per_point"}, "average_list": {"rule": "england/qof_average_list"}},
        )  # fmt: skip
        said = with_rules_read(said, date.fromisoformat(day), date(2026, 11, 25))
        facts = {"prevalence": {"quality_improvement": D(1)}, **facts}
        return pay_for_performance.settle(said, pay_for_performance.Facts({"quality_improvement": D(1)}, **facts))

    def test_74_points_in_2021_22(self) -> None:
        """Published: 14,885.84 for a practice of average size; a practice half as large has about 7,443."""
        assert self.qof("2021-04-01", list_size=D(9085)).result == D("14885.84")
        assert self.qof("2021-04-01", list_size=D(9085) / 2).result == D("7442.92")

    def test_a_point_of_a_practice_of_15326_in_2024_25(self) -> None:
        assert round(self.qof("2024-04-01", list_size=D(15326)).result / 74, 2) == D("339.41")

    def test_prevalence_of_222_percent_raises_a_point_to_between_450_and_500(self) -> None:
        point = self.qof("2024-04-01", list_size=D(9962), prevalence={"quality_improvement": D("2.227")}).result / 74
        assert 450 < point < 500

    @pytest.mark.parametrize(
        ("lower", "upper", "achieved", "points"),
        [("0.38", "0.78", "0.38", "0"), ("0.38", "0.78", "0.58", "10"), ("0.40", "0.75", "0.75", "20"), ("0.35", "0.75", "0.90", "20")],
    )
    def test_diabetes_thresholds(self, lower: str, upper: str, achieved: str, points: str) -> None:
        measure = pay_for_performance.Measured.model_validate({"id": "m", "points": 20, "from": D(lower), "to": D(upper)})
        assert pay_for_performance.earned(measure, D(achieved)) == D(points)

    def test_a_withhold_is_earned_back_by_points(self) -> None:
        measures = [{"id": "a", "points": 30, "from": 0, "to": 1}, {"id": "b", "points": 10, "from": 0, "to": 1}]
        said = terms("pay_for_performance", measures=measures, withhold={"of": "budget", "rate": D("0.05")})
        facts = pay_for_performance.Facts({"a": D("0.5")}, base=D(1000000))  # b was not reported, and earns nothing
        assert amounts(pay_for_performance.settle(said, facts)) == [D("1000000.00"), D("-50000.00"), D("18750.00")]


class TestPool:
    """The keys of the north-west London toolkit, side by side, and Monitor's rule that who lost activity shares in the gain."""

    FACTS: ClassVar[dict[str, Any]] = {
        "results": {"core_set": D("0.40")},
        "weights": {
            "budget": {"QMW": D(700), "RMX": D(200), "COMM": D(100)}, "equity": {"QMW": D(1), "RMX": D(1)}, "performance": {"COMM": D(3)},
            "lost_activity": {"RMX": D(250000)},
        },
    }  # fmt: skip

    def shares(self, spent: int, by: str, **said: Any) -> list[Decimal]:
        sharing = {"by": by} | ({"shares": [{"id": "QMW", "share": D("0.6")}, {"id": "COMM", "share": D("0.4")}]} if by == "stated" else {})
        agreed = terms(
            "pool", members=["QMW", "RMX", "COMM"], contributions=[{"id": "QMW", "amount": 900}, {"id": "RMX", "amount": 100}],
            **{"gain": sharing, "loss": sharing, **said},
        )  # fmt: skip
        return list(pool.shares(agreed, pool.Facts(D(spent), **self.FACTS)).values())

    @pytest.mark.parametrize(
        ("by", "shares"),
        [
            ("equal", ("33.34", "33.33", "33.33")), ("budget", ("70", "20", "10")), ("equity", ("50", "50", "0")),
            ("performance", ("0", "0", "100")), ("lost_activity", ("0", "100", "0")), ("stated", ("60", "0", "40")),
        ],
    )  # fmt: skip
    def test_a_gain_and_a_loss_by_each_key(self, by: str, shares: tuple[str, ...]) -> None:
        assert self.shares(900, by) == [D(share) for share in shares]
        assert sum(self.shares(1100, by)) == -100

    def test_a_loss_has_a_key_of_its_own(self) -> None:
        assert self.shares(1100, "equal", loss={"by": "budget"}) == [D(-70), D(-20), D(-10)]
        assert self.shares(900, "budget", loss={"by": "equal"}) == [D(70), D(20), D(10)]

    def test_each_gets_the_same_where_the_key_finds_nothing(self) -> None:
        agreed = terms("pool", members=["A", "B"], contributions=[{"id": "A", "amount": 10}], gain={"by": "equity"}, loss={"by": "equity"})
        assert pool.shares(agreed, pool.Facts(D(0))) == {"A": D(5), "B": D(5)}

    def test_a_gain_waits_for_its_conditions_and_a_loss_does_not(self) -> None:
        reached, missed = ([{"measure": "core_set", "at_least": D(least)}] for least in ("0.40", "0.41"))
        assert sum(self.shares(900, "equal", release=reached, reserve=D("0.25"))) == 75
        assert sum(self.shares(900, "equal", release=missed)) == 0
        assert sum(self.shares(1100, "equal", release=missed, reserve=D("0.25"))) == -100

    def test_what_is_shared_out_leaves_nothing(self) -> None:
        agreed = terms("pool", members=["A", "B", "C"], contributions=[{"id": "A", "amount": 100}], gain={"by": "equal"}, loss={"by": "equal"})
        assert pool.shared_out(agreed, pool.Facts(D(0))).result == 0


def test_rules_that_a_clause_names_come_with_their_source() -> None:
    terms = marginal_rate.Terms(
        kind="marginal_rate", id="m", services=["emergency_admission"], prices="submitted", baseline=marginal_rate.Agreed(amount=Decimal(1)),
        rate_above=Rule(rule="england/marginal_rate"),
    )  # fmt: skip
    (found,) = rules_named(terms, date(2014, 4, 1), date.max)
    assert (found.name, found.amount) == ("england/marginal_rate", Decimal("0.30"))
    assert found.reference
    assert found.href.startswith("https://")
    assert not list(rules_named(terms, date(2014, 4, 1), date(2000, 1, 1)))
    by_size = shared_savings.BySize(table="us_mssp/minimum_savings_rate")
    assert [rule.name for rule in rules_named(by_size, date(2024, 1, 1), date.max)] == ["us_mssp/minimum_savings_rate"]
