"""Each key of each kind of clause deleted, emptied, retyped, misspelled, dangled and put out of range: the check of a contract names the
file, the line and the mend.

The walk is over two contracts which between them have every kind, every key and every alternative. What a change leaves valid is listed
in FINE, with the reason; every other change must be refused.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from accord.clauses.kinds import KINDS
from accord.clauses.terms import Written
from accord.errors import UserError
from accord.settlement.checking import check_contract, read_contract

Key = tuple[str | int, ...]
Spoil = Callable[[str, str], tuple[UserError, ...]]
D = Decimal

PLACE = """\
name     = "Marlow"
currency = "GBP"
period   = { from = 2015-04-01, to = 2025-04-01 }
calendar = "nhs_financial_year"
key      = "demo"
identity = { trust = ["nhs_number"] }
""" + "".join(
    f'\n[[partner]]\nid = "{i}"\nname = "{i}"\nkind = "other"\nvat = "{"standard" if i == "COMM" else "outside"}"\n'
    for i in ("QMW", "RMX", "GP_FED", "COMM")
) + "".join(
    f'\n[[source]]\nid = "{i}"\nglob = "{i}.csv"\nmap = "figures"\npartner = "QMW"\n'
    for i in ("needs_weighted", "england_need", "core_set")
)  # fmt: skip
PRICES = "england/national_tariff"
PRICE_LIST = "currency_code,setting,admission,price,trim_days,per_day\nAA35F,,,1000,,\n"
PRICE_ORIGIN = 'title = "Tariff"\nsource = "schedule 4"\nfrom = 2000-04-01\n'
RICH: dict[str, Any] = {
    "title": "Marlow 2015/16",
    "payer": "QMW",
    "payee": "RMX",
    "period": {"from": date(2015, 4, 1), "to": date(2016, 4, 1)},
    "population": {"registered_with": ["GP_FED", "COMM"]},
    "clause": [
        {
            "kind": "activity_price", "id": "elective", "services": ["elective", "day_case"], "prices": PRICES, "share": D("0.95"),
            "unpriced": "at_cost", "reference": "schedule 3", "round_at": "total", "shadow": False,
            "adjustments": [{"id": "short_stay", "rate": D("0.70")}, {"id": "top_up", "rate": D("1.15")}],
        },
        {
            "kind": "bundle", "id": "cabg", "services": ["elective_cabg"], "fee": D("20000.00"), "discount": D("0.02"),
            "warranty": {"days": 90, "share": D("0.50"), "historical": D("3000.00")}, "stop": {"gain": D("0.20"), "loss": D("0.15")},
        },
        {
            "kind": "readmission_withhold", "id": "readmission", "of": "elective", "exclusions": ["maternity", "cancer"], "review": "a clinician",
            "groups": [{"after": "elective", "avoidable": D("1.00")}, {"after": "other", "allowed": D("0.75")}],
        },
        {
            "kind": "marginal_rate", "id": "emergency", "services": ["emergency_admission"], "prices": PRICES,
            "baseline": {"value_of": {"from": date(2008, 4, 1), "to": date(2009, 4, 1)}, "priced_at": "current"},
            "rate_above": {"rule": "england/marginal_rate", "option": "enhanced_tariff_option"},
        },
        {
            "kind": "marginal_rate", "id": "more_day_cases", "services": ["day_case"], "of": "elective", "rate_above": D("0.30"),
            "excludes": ["best_practice", "unpriced"],
            "baseline": {
                "amount": D("5000000.00"), "changes": [{"from": date(2015, 10, 1), "amount": D("-250000.00"), "reason": "a ward closed"}],
            },
            "schemes": [{"id": "falls", "amount": D("288000.00")}, {"id": "iv", "amount": D("103000.00")}],
        },
        {
            "kind": "block", "id": "community", "services": ["community_contact"], "prices": PRICES, "value": D("5000000.00"),
            "based_on": {"value_of": {"from": date(2013, 4, 1), "to": date(2014, 4, 1)}, "priced_at": "current"},
            "uplifts": [
                {"from": date(2014, 4, 1), "uplift": D("0.028"), "efficiency": D("0.011")},
                {"from": date(2015, 4, 1), "uplift": D("0.030"), "efficiency": D("0.035")},
            ],
        },
        {
            "kind": "fixed_and_variable", "id": "urgent", "services": ["emergency_department", "ambulance"], "prices": PRICES,
            "fixed": D("9000000.00"), "limit": D("0.05"),
            "variable": [
                {"service": "emergency_department", "rate": D("0.20"), "of": "difference", "plan": D("9000000.00")},
                {"service": "ambulance", "rate": D("0.75"), "of": "actual"},
            ],
        },
        {
            "kind": "capitation", "id": "budget", "services": ["gp"], "budget": {"per_person": D("1250.00"), "need": "england_need"},
            "discount": D("0.035"), "withhold": {"rate": D("0.02"), "gate": "core_set"}, "retention": D("0.02"),
            "management": {"rate": D("0.02")},
        },
        {
            "kind": "capitation", "id": "second_budget", "services": ["mental_health_contact"], "budget": {"budget": "needs_weighted"},
            "management": {"per_person": D("25.00")},
        },
        {
            "kind": "stop_loss", "id": "dear_people", "of": "budget", "per": "person", "above": D("150000.00"), "share": D("0.80"),
            "most": D("2000000.00"),
        },
        {
            "kind": "stop_loss", "id": "all_people", "of": "budget", "per": "aggregate", "above": {"of": "needs_weighted", "rate": D("1.10")},
            "share": D("1.00"),
        },
        {
            "kind": "risk_corridor", "id": "corridor", "target": {"budget": "needs_weighted"},
            "bands": [
                {"from": D("0.00"), "to": D("0.10"), "share": D("1.00")}, {"from": D("0.10"), "to": D("0.35"), "share": D("0.50")},
                {"from": D("0.35"), "share": D("0.25")},
            ],
            "loss_bands": [{"from": D("0.00"), "share": D("0.40")}],
        },
    ],
}  # fmt: skip
SECOND: dict[str, Any] = {
    "title": "Marlow practices 2024/25",
    "payer": "QMW",
    "payee": "GP_FED",
    "period": {"from": date(2024, 4, 1), "to": date(2025, 4, 1)},
    "population": {"resident_in": ["E06000001"]},
    "clause": [
        {
            "kind": "block", "id": "small", "prices": PRICES, "based_on": D("90000.00"),
            "services": [{"service": "podiatry", "specialty": ["P1", "P2"], "codes": ["C1"]}, {"service": "podiatry", "specialty": ["P3"]}],
            "low_volume": {"years": 3, "threshold": {"rule": "england/low_volume_threshold"}},
        },
        {
            "kind": "pay_for_performance", "id": "qof",
            "measures": [
                {"id": "hba1c", "points": 17, "from": D("0.35"), "to": D("0.75"), "by_prevalence": True},
                {"id": "bp", "points": 10, "from": D("0.38"), "to": D("0.78")},
            ],
            "points": {"per_point": {"rule": "england/qof_value_per_point"}, "average_list": {"rule": "england/qof_average_list"}},
        },
        {
            "kind": "pay_for_performance", "id": "own_points", "measures": [{"id": "flu", "points": 5, "from": D("0.50"), "to": D("0.90")}],
            "points": {"per_point": D("150.00"), "average_list": 9000},
        },
        {
            "kind": "pay_for_performance", "id": "earned_back", "measures": [{"id": "falls", "points": 5, "from": D("0.50"), "to": D("0.90")}],
            "withhold": {"of": "small", "rate": D("0.02")},
        },
        {
            "kind": "risk_corridor", "id": "gains_only", "target": {"amount": D("800000.00")}, "no_loss": True,
            "bands": [{"from": D("0.00"), "to": D("0.05"), "share": D("0.50")}, {"from": D("0.05"), "share": D("0.30")}],
        },
        {
            "kind": "cap", "id": "most", "of": "gains_only", "on": "share", "most": {"of": "target", "rate": D("0.10")},
            "least": {"of": "target", "rate": D("0.02")},
        },
        {"kind": "cap", "id": "most_points", "of": "qof", "on": "payment", "most": D("90000.00"), "least": D("1000.00")},
        {
            "kind": "shared_savings", "id": "gain_share", "benchmark": {"budget": "needs_weighted"},
            "minimum": {"table": "us_mssp/minimum_savings_rate"}, "share": D("0.50"), "cap": {"of": "benchmark", "rate": D("0.10"), "on": "payment"},
            "sequestration": D("0.02"), "guardrail": True,
            "loss": {"rate": D("0.30"), "minimum": D("0.02"), "limit": {"of": "benchmark", "rate": D("0.02")}},
            "quality": {"gate": "core_set", "at_least": D("0.40"), "scaled": "alternative"},
            "low_revenue": {"part": D("0.50"), "people_at_least": 5000}, "proration": "losses_only", "extreme_circumstances": True,
            "recoupment": True, "partners": [{"id": "GP_FED", "share": D("0.75")}, {"id": "RMX", "share": D("0.25")}],
        },
        {
            "kind": "shared_savings", "id": "by_quality", "benchmark": {"budget": "needs_weighted"}, "minimum": D("0.02"), "share": D("0.75"),
            "loss": {"rate": {"at_least": D("0.40"), "at_most": D("0.75")}, "limit": {"of": "benchmark", "rate": D("0.15")}},
        },
        {
            "kind": "pool", "id": "network", "members": ["QMW", "GP_FED", "COMM"], "reserve": D("0.10"), "pays": ["own_points"],
            "contributions": [
                {"id": "QMW", "amount": D("1000000.00")}, {"id": "COMM", "amount": {"budget": "needs_weighted"}},
                {"id": "GP_FED", "amount": {"clause": "qof", "rate": D("0.05")}},
            ],
            "gain": {"by": "lost_activity"},
            "loss": {"by": "stated", "shares": [{"id": "QMW", "share": D("0.75")}, {"id": "GP_FED", "share": D("0.25")}]},
            "release": [{"measure": "core_set", "at_least": D("0.40")}],
        },
    ],
}  # fmt: skip
SUBCONTRACT: dict[str, Any] = {
    "title": "Marlow community teams of the hospital",
    "payer": "RMX",
    "payee": "COMM",
    "period": {"from": date(2015, 10, 1), "to": date(2016, 4, 1)},
    "population": {"registered_with": "partners"},
    "under": "rich",
    "vat": {"rate": D("0.20"), "recoverable": False},
    "clause": [
        {"kind": "activity_price", "id": "visits", "services": ["community_contact"], "prices": PRICES, "unpriced": "not_paid", "shadow": True}
    ],
}
TAXED: dict[str, Any] = {
    "title": "Marlow aids and beds",
    "payer": "QMW",
    "payee": "COMM",
    "period": {"from": date(2015, 10, 1), "to": date(2016, 4, 1)},
    "population": {"registered_with": "partners"},
    "clause": [
        {
            "kind": "activity_price", "id": "aids", "services": ["community_aids"], "prices": PRICES, "unpriced": "not_paid",
            "vat": {"rate": D("0.05"), "recoverable": False},
        },
        {"kind": "activity_price", "id": "beds", "services": ["community_bed"], "prices": PRICES, "unpriced": "not_paid", "vat": "exempt"},
    ],
}
CONTRACTS = {"rich": RICH, "second": SECOND, "sub": SUBCONTRACT, "taxed": TAXED}


def write(document: dict[str, Any]) -> tuple[str, dict[Key, int]]:
    """The document as TOML with every key on a line of its own, and the line of each key: written apart from what reads it."""
    lines: list[str] = []
    at: dict[Key, int] = {}
    _table(document, (), lines, at)
    return "\n".join(lines) + "\n", at


def _table(table: dict[str, Any], path: Key, lines: list[str], at: dict[Key, int]) -> None:
    def is_table(value: Any) -> bool:
        return isinstance(value, dict) or (isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value))

    for key, value in table.items():
        if not is_table(value):
            lines.append(f"{key} = {_value(value)}")
            at[*path, key] = len(lines)
    for key, value in table.items():
        dotted_path = ".".join(str(k) for k in (*path, key) if isinstance(k, str))
        for n, each in enumerate(value if isinstance(value, list) else [value]) if is_table(value) else ():
            lines.append(f"[[{dotted_path}]]" if isinstance(value, list) else f"[{dotted_path}]")
            at.setdefault((*path, key), len(lines))
            here: Key = (*path, key, n) if isinstance(value, list) else (*path, key)
            at[here] = len(lines)
            _table(each, here, lines, at)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(v) for v in value)}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + " }"
    return str(value).lower() if isinstance(value, date | Decimal) else json.dumps(value)


# What a change of the first kinds, to keys of the second, leaves as good a contract as before.
FINE = (
    ("dangled", "title *.reference *.review *.reason", "it is free text"),
    ("deleted", "*.reference *.review *.round_at *.shadow *.by_prevalence *.no_loss", "it may be left out"),
    ("deleted emptied", "*.adjustments *.excludes *.schemes *.changes *.uplifts *.release *.loss_bands *.exclusions", "the list may be empty"),
    ("deleted", "*.share *.discount *.retention *.management *.warranty *.historical *.limit *.most *.least *.reserve *.need", "optional"),
    ("deleted", "under vat clause.7.withhold *.adjustments.? *.changes.? *.uplifts.? *.schemes.? *.excludes.? *.measures.? *.release.?", "optional"),
    ("deleted", "*.groups.? *.variable.? *.contributions.? *.loss_bands.?", "what is left of the list is a list"),
    ("numbered", "*.above *.threshold *.per_point *.average_list *.most *.least *.contributions.?.amount", "an amount may stand there too"),
    ("deleted", "clause.1 clause.2 clause.3 clause.4 clause.5 clause.6 clause.8 clause.9 clause.10 clause.11 clause.7", "no clause changes it"),
    ("deleted", "*.cap *.cap.on *.loss *.loss.minimum *.quality *.quality.at_least *.quality.scaled *.low_revenue *.sequestration", "optional"),
    ("deleted", "*.guardrail *.proration *.extreme_circumstances *.recoupment clause.8.minimum", "optional"),
    ("deleted emptied", "*.partners", "the payee may share with nobody"),
    ("huge", "*.people_at_least", "a number of people may be as large as one likes"),
    ("dangled", "*.id", "a clause, scheme or measure may have any id; one that is referred to is in NOT_FINE"),
    ("dangled", "*.services", "a service may have any name; one that must be another clause's is in NOT_FINE"),
    ("dangled", "population.resident_in", "areas are not listed in a place"),
    ("dangled", "*.target.of", "it is the target of the clause that is changed"),
    ("deleted", "clause.0", "another clause is left"),
    ("deleted", "*.stop *.based_on *.services.0.codes *.services.?", "optional"),
    ("numbered", "*.based_on", "an amount may stand there too"),
    ("worded", "*.services.?", "a service may stand there whole"),
    ("deleted emptied", "*.pays", "the pool may pay for no clause"),
    ("dangled", "*.services.?.service *.specialty *.codes", "a service, specialty or code may have any name"),
)
# Though FINE has a pattern for them. By contract.
NOT_FINE = {
    "sub": (("deleted", "clause.0", "the only one"),),
    "rich": (
        ("dangled", "clause.0.id", "a clause changes it"), ("dangled", "clause.7.id", "two clauses change it"),
        ("deleted", "clause.0 clause.7", "a clause changes it"),
        ("dangled", "clause.4.services clause.6.services", "the services of another list"), ("deleted", "*.warranty.share", "required"),
        ("deleted", "*.stop.loss clause.9.share clause.10.share *.bands.?.share *.loss_bands.?.share", "required"),
        ("deleted", "clause.2.exclusions", "who agrees on none says so"),
    ),
    "second": (
        ("deleted", "clause.0 clause.1 clause.2 clause.4", "another clause names it"),
        ("dangled", "clause.0.id clause.1.id clause.2.id clause.4.id", "another clause names it"),
        ("deleted", "clause.5.most clause.6.most", "required"), ("dangled", "*.shares.?.id *.contributions.?.id", "members"),
        ("deleted", "clause.7.share clause.8.share *.partners.?.share *.loss.limit clause.9.loss", "required"),
        ("dangled", "*.partners.?.id", "partners of the place"),
        ("deleted", "*.shares.?.share *.bands.?.share", "required"), ("deleted", "clause.2.measures.? clause.3.measures.?", "the only one"),
    ),
}  # fmt: skip
# By contract, changes after which the fault lies with another clause, in the key by which it names the one that was changed.
ELSEWHERE = {
    "rich": (("deleted", "clause.0 clause.7"), ("dangled", "clause.0.id clause.7.id")),
    "second": (("deleted", "clause.0 clause.1 clause.2 clause.4"), ("dangled", "clause.0.id clause.1.id clause.2.id clause.4.id")),
}
OTHER_KINDS = (5, True, "text", {"strange": 5})


def keys_of(value: Any, path: Key = ()) -> Iterator[Key]:
    """Every key of the document, tables and lists of tables too."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield (*path, key)
            yield from keys_of(below, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for n, below in enumerate(value):
            yield (*path, n)
            yield from keys_of(below, (*path, n))


def changes(path: Key, value: Any) -> Iterator[tuple[str, Any]]:
    """Each way to spoil a key: what it is called, and the new name or value."""
    yield "deleted", None
    if isinstance(path[-1], str):
        yield "misspelled", f"{path[-1][:1]}x{path[-1][1:]}"
    for other in OTHER_KINDS:
        if type(other) is not type(value) and not (other == 5 and isinstance(value, Decimal)):
            yield {5: "numbered", "text": "worded"}.get(other, "retyped") if other not in (True, OTHER_KINDS[-1]) else "retyped", other
    if isinstance(value, str):
        yield "dangled", f"{value}_q"
    if isinstance(value, list):
        yield "emptied", []
        if isinstance(value[0], str):
            yield "dangled", [f"{value[0]}_q", *value[1:]]
            yield "repeated", [*value, value[-1]]
    if isinstance(value, Decimal):
        yield "out of range", D("NaN")
        yield "out of range", D("0.12345678")
        if path[-1] != "amount" or "changes" not in path:
            yield "out of range", D("-0.01")
        yield "out of range", D(10) ** 20
    if type(value) is int:
        yield "out of range", -1
        yield "huge", 10**20


def changed(document: dict[str, Any], path: Key, how: str, new: Any) -> dict[str, Any]:
    """The document with one change."""
    document = copy.deepcopy(document)
    above: Any = document
    for key in path[:-1]:
        above = above[key]
    if how == "deleted":
        del above[path[-1]]
    elif how == "misspelled":
        renamed = {new if key == path[-1] else key: value for key, value in above.items()}
        above.clear()
        above.update(renamed)
    else:
        above[path[-1]] = new
    return document


def dotted(path: Key) -> str:
    return ".".join(map(str, path))


def listed(rows: tuple[tuple[str, ...], ...], how: str, path: Key) -> bool:
    return any(how in row[0].split() and any(fnmatch(dotted(path), key) for key in row[1].split()) for row in rows)


def lines_wanted(path: Key, how: str, new: Any, at: dict[Key, int]) -> set[int]:
    """The key's line, or that of the nearest key above it that is there; and, of what does not fit together, those of its clause."""
    key = (*path[:-1], new) if how == "misspelled" else path
    wanted = {next((at[key[:n]] for n in range(len(key), 0, -1) if key[:n] in at), 1)}
    if how in ("deleted", "dangled", "emptied", "repeated"):
        wanted |= {line for other, line in at.items() if other[:2] == path[:2] and len(path) > 2}
    return wanted


def line_of(fault: UserError) -> int:
    return int(fault.where.rpartition(" ")[2])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with both contracts, and the list of prices that they name."""
    folder = tmp_path_factory.mktemp("contracts") / "marlow"
    (folder / "contracts").mkdir(parents=True)
    (folder / "prices" / "england").mkdir(parents=True)
    (folder / "prices" / f"{PRICES}.csv").write_text(PRICE_LIST, encoding="utf-8")
    (folder / "prices" / f"{PRICES}.toml").write_text(PRICE_ORIGIN, encoding="utf-8")
    (folder / "place.toml").write_text(PLACE, encoding="utf-8")
    for name, document in CONTRACTS.items():
        (folder / "contracts" / f"{name}.toml").write_text(write(document)[0], encoding="utf-8")
    return folder


@pytest.fixture
def spoil(place: Path) -> Iterator[Spoil]:
    """`spoil(name, text)`: the faults of a contract with this text in place of its own."""
    names: set[str] = set()

    def check(name: str, text: str) -> tuple[UserError, ...]:
        names.add(name)
        file = place / "contracts" / f"{name}.toml"
        file.write_text(text, encoding="utf-8")
        return check_contract(file).faults

    yield check
    for name in names:
        (place / "contracts" / f"{name}.toml").write_text(write(CONTRACTS[name])[0], encoding="utf-8")


@pytest.mark.parametrize("name", CONTRACTS)
def test_each_contract_is_good(name: str, place: Path) -> None:
    assert [str(fault) for fault in check_contract(place / "contracts" / f"{name}.toml").faults] == []


def test_the_contracts_have_every_kind_and_every_key(place: Path) -> None:
    """Of every part that a clause is made of, each key stands in one of the contracts at least."""
    written: dict[type, set[str]] = {}
    for name in CONTRACTS:
        contract = check_contract(place / "contracts" / f"{name}.toml").contract
        for part in parts_of(contract):
            written.setdefault(type(part), set()).update(part.model_fields_set)
    kinds = {kind.name for kind in KINDS.values() if kind.terms in written}
    assert kinds == set(KINDS)
    assert {(part, key) for part in written for key in part.model_fields if key not in written[part] and key not in SHARED} == set()


SHARED = {"id", "reference", "round_at", "shadow", "vat"}
"""Keys of every clause; the first clause has them all but vat, which those of the last contract have."""


def parts_of(value: Any) -> Iterator[Written]:
    """Every model within a contract."""
    if isinstance(value, Written):
        yield value
        for name in type(value).model_fields:
            yield from parts_of(getattr(value, name))
    elif isinstance(value, tuple):
        for each in value:
            yield from parts_of(each)


EVERY_KEY = [(name, path) for name, contract in CONTRACTS.items() for path in keys_of(contract)]


@pytest.mark.parametrize(("name", "path"), EVERY_KEY, ids=lambda v: dotted(v) if isinstance(v, tuple) else v)
def test_each_key_of_a_contract_spoiled(name: str, path: Key, place: Path, spoil: Spoil) -> None:
    document = CONTRACTS[name]
    value: Any = document
    for key in path:
        value = value[key]
    for how, new in changes(path, value):
        text, at = write(changed(document, path, how, new))
        faults = spoil(name, text)
        if listed(FINE, how, path) and not listed(NOT_FINE.get(name, ()), how, path):
            assert not faults, (how, new, faults)
            continue
        assert faults, (how, new)
        for fault in faults:
            assert len(fault.what_to_do) > 3 and "so that this holds" not in fault.what_to_do, (how, new, faults)
            assert "\n" not in fault.what + fault.what_to_do
        if listed(ELSEWHERE.get(name, ()), how, path):
            assert any(text.splitlines()[line_of(fault) - 1].startswith(("of = ", "clause = ", "pays = ")) for fault in faults), (how, new, faults)
            continue
        told = {line_of(fault) for fault in faults}
        assert all(fault.where.startswith(f"{place / 'contracts' / name}.toml, line ") for fault in faults)
        assert told & lines_wanted(path, how, new, at), (how, new, faults)
        if how == "misspelled":
            assert any(f"did you mean '{path[-1]}'?" in fault.what_to_do for fault in faults), (new, faults)


# What is well formed and makes no sense: the contract, the key, its new value, the key whose line is told if another, words of the message.
MISTAKES: tuple[tuple[str, Key, Any, Key | None, str], ...] = (
    ("rich", ("period", "to"), date(2015, 4, 1), None, "'to' must be later"),
    ("rich", ("payee",), "QMW", None, "'QMW' would pay itself"),
    ("rich", ("payee",), "RMXX", None, "did you mean 'RMX'?"),
    ("rich", ("population", "registered_with"), "GP_FEDD", None, "did you mean 'GP_FED'?"),
    ("rich", ("clause", 1, "id"), "elective", None, "'elective' stands in clause twice"),
    ("rich", ("clause", 0, "adjustments", 1, "id"), "short_stay", None, "stands in adjustments twice"),
    ("rich", ("clause", 5, "services"), ["gp"], ("clause", 7, "services"), "'community' and 'budget' both pay for gp"),
    ("rich", ("clause", 2, "of"), "readmission", None, "changes itself"),
    ("rich", ("clause", 2, "of"), "corridor", None, "needs a clause that pays for care"),
    ("rich", ("clause", 2, "groups", 1, "after"), "elective", None, "stands in groups twice"),
    ("rich", ("clause", 2, "groups", 1, "after"), "any", None, 'keep "any" alone'),
    ("rich", ("clause", 2, "groups", 0, "allowed"), D("0.5"), ("clause", 2, "groups", 0), "write one of avoidable"),
    ("rich", ("clause", 3, "of"), "elective", ("clause", 3, "prices"), "both a list and a clause"),
    ("rich", ("clause", 3, "baseline", "value_of", "to"), date(2008, 4, 1), None, "ends before"),
    ("rich", ("clause", 3, "baseline", "value_of", "to"), date(2015, 4, 2), None, "against itself"),
    ("rich", ("clause", 3, "rate_above", "rule"), "england/marginal_rates", None, "did you mean 'england/marginal_rate'?"),
    ("rich", ("clause", 3, "rate_above", "option"), "enhanced", None, "enhanced_tariff_option, default_tariff_rollover"),
    ("rich", ("clause", 3, "rate_above"), {"rule": "england/marginal_rate"}, None, "option does not say which"),
    ("rich", ("clause", 4, "services"), ["elective_cabg"], None, "which 'elective' does not pay for"),
    ("rich", ("clause", 4, "baseline", "changes", 0, "from"), date(2016, 4, 1), None, "after the contract ends"),
    ("rich", ("clause", 4, "schemes", 1, "id"), "falls", None, "stands in schemes twice"),
    ("rich", ("clause", 5, "uplifts", 1, "from"), date(2014, 4, 1), None, "in the order of their days"),
    ("rich", ("clause", 5, "low_volume"), {"years": 3, "threshold": 5}, ("clause", 5, "value"), "of low volume too"),
    ("rich", ("clause", 6, "variable", 1, "of"), "difference", ("clause", 6, "variable", 1), "needs the plan"),
    ("rich", ("clause", 6, "variable", 0, "of"), "actual", ("clause", 6, "variable", 0, "plan"), "needs no plan"),
    ("rich", ("clause", 6, "variable", 1, "service"), "gp", None, "not among the services"),
    ("rich", ("clause", 7, "management", "per_person"), D("25"), ("clause", 7, "management"), "write one of rate"),
    ("rich", ("clause", 7, "withhold", "gate"), "core_sets", None, "did you mean 'core_set'?"),
    ("rich", ("clause", 7, "shadow"), True, ("clause", 9, "of"), "which is a shadow and is not"),
    ("rich", ("clause", 9, "above"), {"of": "budget", "rate": 1}, None, "for all together"),
    ("rich", ("clause", 11, "bands", 1, "from"), D("0.05"), None, "overlap"),
    ("rich", ("clause", 11, "bands", 1, "from"), D("0.15"), None, "leave a gap"),
    ("rich", ("clause", 11, "bands", 0, "from"), D("0.01"), None, "let the first band begin at 0"),
    ("rich", ("clause", 11, "bands", 2, "to"), D("0.50"), None, "above 50 % is in no band"),
    ("rich", ("clause", 11, "bands", 1, "to"), D("0.10"), None, "'to' must be larger"),
    ("rich", ("clause", 11, "no_loss"), True, ("clause", 11, "loss_bands"), "the payee bears no loss"),
    ("second", ("clause", 0, "low_volume", "threshold", "rule"), "england/qof", None, "no rule"),
    ("second", ("clause", 1, "points", "average_list", "option"), "x", None, "take option out"),
    ("second", ("clause", 1, "measures", 1, "id"), "hba1c", None, "stands in measures twice"),
    ("second", ("clause", 1, "measures", 0, "to"), D("0.35"), None, "'to' must be larger"),
    ("second", ("clause", 3, "withhold", "of"), "earned_back", None, "changes itself"),
    ("second", ("clause", 3, "points"), {"per_point": 1, "average_list": 1}, None, "earn back a withhold too"),
    ("second", ("clause", 0, "id"), "earned_back", ("clause", 3, "id"), "'earned_back' stands in clause twice"),
    ("second", ("clause", 6, "on"), "gross", None, "has no share and no gross"),
    ("second", ("clause", 5, "of"), "most", None, "changes itself"),
    ("second", ("clause", 7, "minimum", "table"), "england/marginal_rate", None, "no table of rates by size"),
    ("second", ("clause", 7, "partners", 0, "share"), D("0.80"), ("clause", 7, "partners"), "add up to 1.05, which is 0.05 too much"),
    ("second", ("clause", 7, "partners", 1, "id"), "GP_FED", None, "stands in partners twice"),
    ("second", ("clause", 8, "loss"), {"rate": D("0.30")}, None, "the loss has no limit"),
    ("second", ("clause", 8, "loss", "rate", "at_least"), D("0.80"), None, "above the greatest"),
    ("second", ("clause", 9, "loss", "shares", 0, "share"), D("0.7"), ("clause", 9, "loss", "shares"), "add up to 0.95, which is 0.05 too little"),
    ("second", ("clause", 9, "loss", "by"), "equal", ("clause", 9, "loss", "shares"), "the key is 'equal'"),
    ("second", ("clause", 9, "gain", "by"), "stated", ("clause", 9, "gain"), "there are none"),
    ("second", ("clause", 9, "contributions", 1, "id"), "RMX", None, "not a member of the pool"),
    ("second", ("clause", 9, "members"), ["QMW", "GP_FED", "COMM", "ALL"], None, "'ALL' is not a partner"),
    ("second", ("clause", 9, "pays"), ["most"], None, "'most' only changes 'gains_only'"),
    ("second", ("clause", 9, "pays"), ["network"], None, "'network' is a pool"),
    ("second", ("clause", 9, "pays"), ["own_pints"], None, "did you mean 'own_points'?"),
    ("second", ("clause", 2, "shadow"), True, ("clause", 9, "pays"), "'own_points' is a shadow"),
    ("second", ("clause", 9, "contributions", 2, "amount", "clause"), "most_points", None, "'most_points' only changes 'qof'"),
    ("second", ("clause", 5, "of"), "network", None, "'network' is a pool"),
    ("second", ("clause", 9, "vat"), "exempt", ("clause", 9, "vat"), "is no supply"),
    ("second", ("clause", 5, "vat"), "exempt", ("clause", 5, "vat"), "'most' changes 'gains_only', and has the VAT of that clause"),
    ("second", ("clause", 8, "vat"), {"rate": D("0.2"), "recoverable": False}, ("clause", 8, "vat"), "GP_FED charges no VAT"),
    ("second", ("clause", 0, "services", 1, "specialty"), ["P2"], ("clause", 0, "services", 1), "have acts in common"),
    ("second", ("clause", 0, "services", 1), {"service": "podiatry"}, None, "is narrowed to nothing"),
    ("second", ("clause", 0, "services", 0, "codes"), ["C 1"], None, "codes"),
    ("rich", ("clause", 5, "based_on", "value_of", "to"), date(2013, 4, 1), None, "ends before"),
    ("rich", ("clause", 5, "based_on", "value_of", "to"), date(2015, 4, 2), None, "against itself"),
    ("taxed", ("clause", 0, "vat", "recoverable"), True, ("clause", 0, "vat"), "QMW gets no VAT back"),
    ("taxed", ("payee",), "RMX", ("clause", 0, "vat"), "RMX charges no VAT"),
    ("taxed", ("clause", 1, "vat"), None, ("clause", 1), "neither 'beds' nor the contract says at which rate"),
    ("sub", ("payer",), "QMW", None, 'write payer = "RMX"'),
    ("sub", ("under",), "sub", None, "under itself"),
    ("sub", ("under",), "rch", None, "did you mean 'rich'?"),
    ("sub", ("period", "to"), date(2016, 5, 1), ("period",), "goes beyond that of 'rich'"),
)


@pytest.mark.parametrize(("name", "path", "new", "told", "words"), MISTAKES, ids=lambda v: dotted(v) if isinstance(v, tuple) else None)
def test_a_contract_that_is_well_formed_and_makes_no_sense(
    name: str, path: Key, new: Any, told: Key | None, words: str, spoil: Spoil
) -> None:
    text, at = write(changed(CONTRACTS[name], path, "deleted" if new is None else "retyped", new))
    faults, told = spoil(name, text), told or path
    line = next(at[told[:n]] for n in range(len(told), 0, -1) if told[:n] in at)
    assert [fault for fault in faults if line_of(fault) == line and words in str(fault)], [str(fault) for fault in faults]


def test_two_contracts_between_the_same_sides_do_not_pay_for_one_thing_twice(place: Path, spoil: Spoil) -> None:
    twice = changed(changed(SUBCONTRACT, ("payer",), "retyped", "QMW"), ("payee",), "retyped", "RMX")
    del twice["under"], twice["vat"]
    twice["clause"][0]["shadow"] = False
    (fault,) = spoil("sub", write(twice)[0])
    assert "'visits' pays for community_contact, and so does 'community' of contract 'rich'" in fault.what
    twice["clause"][0]["shadow"] = True
    assert spoil("sub", write(twice)[0]) == ()
    twice["clause"][0]["shadow"] = False
    twice["period"] = {"from": date(2016, 4, 1), "to": date(2017, 4, 1)}
    assert spoil("sub", write(twice)[0]) == ()


@pytest.mark.parametrize(
    ("path", "new"),
    [
        (("clause", 3, "baseline", "value_of", "to"), date(2015, 4, 1)),  # the day on which the contract begins is not in the span
        (("clause", 4, "baseline", "changes", 0, "from"), date(2016, 3, 31)),
        (("clause", 5, "uplifts", 1, "from"), date(2015, 10, 1)),
    ],
    ids=lambda v: dotted(v) if isinstance(v, tuple) else None,
)
def test_a_day_at_the_edge_is_good(path: Key, new: Any, spoil: Spoil) -> None:
    assert spoil("rich", write(changed(RICH, path, "retyped", new))[0]) == ()


def test_a_subcontract_is_not_written_twice_either(place: Path, spoil: Spoil) -> None:
    again = changed(SUBCONTRACT, ("clause", 0, "shadow"), "retyped", False)
    assert spoil("sub", write(again)[0]) == ()
    (place / "contracts" / "again.toml").write_text(write(again)[0], encoding="utf-8")
    try:
        (fault,) = spoil("sub", write(again)[0])
    finally:
        (place / "contracts" / "again.toml").unlink()
    assert "so does 'visits' of contract 'again'" in fault.what


def test_what_else_lies_in_the_folder_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "marlow.toml"
    file.write_text(MARLOW, encoding="utf-8")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe clause")
    (tmp_path / "other.toml").write_text("clause = 1\n", encoding="utf-8")
    assert check_contract(file).faults == ()


def test_every_fault_is_told_by_the_command_and_a_good_contract_in_words(place: Path, spoil: Spoil, accord: Callable[..., Any]) -> None:
    file = place / "contracts" / "sub.toml"
    good = accord("contract", "check", file)
    assert (good.code, good.err) == (0, "")
    assert good.out.splitlines() == [
        "Marlow community teams of the hospital",
        "RMX pays COMM from 2015-10-01 to 2016-03-31, for people registered with partners.",
        "It is under the contract 'rich'.",
        "1. visits (activity_price): price of each act, shown and not paid",
        "   For community_contact.",
        "   Pays each act by england/national_tariff; acts without a price are not paid.",
    ]
    text = write(changed(changed(SUBCONTRACT, ("payer",), "retyped", "QMX"), ("under",), "retyped", "rch"))[0]
    spoil("sub", text)
    bad = accord("contract", "check", file)
    assert (bad.code, bad.out) == (2, "")
    assert bad.err.count("accord: ") == bad.err.count(f"where: {file}, line ") == bad.err.count("mend:  ") == 2


def test_a_contract_outside_a_place_is_held_against_itself_alone(tmp_path: Path, place: Path, accord: Callable[..., Any]) -> None:
    file = tmp_path / "alone.toml"
    file.write_text(write(SECOND)[0].replace("RMX", "ELSEWHERE"), encoding="utf-8")
    alone = accord("contract", "check", file)
    assert alone.code == 0
    assert "in no place's contracts/" in alone.out
    file.write_text(write(SECOND)[0].replace("GP_FED", "ELSEWHERE"), encoding="utf-8")
    assert accord("contract", "check", file, "--place", place).code == 2
    assert "there is no file" in accord("contract", "check", tmp_path / "none.toml").err


def test_an_empty_file_is_told_every_key_that_it_needs(tmp_path: Path) -> None:
    file = tmp_path / "empty.toml"
    file.write_text("", encoding="utf-8")
    faults = check_contract(file).faults
    assert [f.what for f in faults] == [f"key '{key}' is missing" for key in ("title", "payer", "payee", "period", "population", "clause")]
    assert faults[-1].what_to_do == "add it, for example: [[clause]], a heading with its keys below it"


def test_what_is_settled_is_read_with_the_same_eyes(place: Path, spoil: Spoil) -> None:
    file = place / "contracts" / "rich.toml"
    assert read_contract(file).title == RICH["title"]
    spoil("rich", write(changed(RICH, ("payee",), "retyped", "QMW"))[0])
    with pytest.raises(UserError, match="would pay itself"):
        read_contract(file)


def told_of_prices(place: Path) -> list[str]:
    return [f"{fault}" for fault in check_contract(place / "contracts" / "rich.toml").faults]


@pytest.mark.parametrize(
    ("ending", "text", "what", "mend"),
    [
        ("toml", PRICE_ORIGIN.replace("2000-04", "2015-05"), "apply from 2015-05-01, and the contract begins on 2015-04-01", "begins"),
        ("toml", f"{PRICE_ORIGIN}to = 2016-03-31\n", "end on 2016-03-31, and the contract on 2016-04-01", "add the prices of the later days"),
        ("csv", PRICE_LIST.replace("1000", "£1000"), "cannot be read: 'price' is '£1000'", "write a number"),
        ("_mff.csv", "provider_id,factor\nRQQ,1.05\n", "'RMX', who is paid by the prices of", "add the provider's row"),
        ("_mff.csv", "provider_id,factor,from\nRMX,1.05,2015-06-01\n", "no market-forces factor on 2015-04-01", "add the provider's row"),
    ],
)
def test_a_list_of_prices_that_cannot_price_the_contract_is_told_before_it_is_settled(
    ending: str, text: str, what: str, mend: str, place: Path
) -> None:
    folder = place / "prices" / "england"
    before = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    (folder / "national_tariff_mff.toml").write_text(PRICE_ORIGIN, encoding="utf-8")
    (folder / f"national_tariff{ending if ending.startswith('_') else f'.{ending}'}").write_text(text, encoding="utf-8")
    try:
        faults = told_of_prices(place)
    finally:
        for path in folder.iterdir():
            path.unlink()
        for name, kept in before.items():
            (folder / name).write_text(kept, encoding="utf-8")
    assert len(faults) == sum(each.get("prices") == PRICES for each in RICH["clause"])
    assert all(what in fault and mend in fault and "contracts/rich.toml, line" in fault for fault in faults), faults
    assert told_of_prices(place) == []


MARLOW = """\
title      = "Marlow emergency and community care 2025/26"
payer      = "QMW"
payee      = "RMX"
period     = { from = 2025-04-01, to = 2026-04-01 }
population = { registered_with = "partners" }

[[clause]]
kind       = "marginal_rate"
id         = "emergency"
services   = ["emergency_admission"]
prices     = "england/national_tariff"
baseline   = { value_of = { from = 2008-04-01, to = 2009-04-01 }, priced_at = "current" }
rate_above = 0.30
reference  = "PbR guidance 2013-14"

[[clause]]
kind       = "shared_savings"
id         = "gain_share"
benchmark  = { budget = "needs_weighted" }
minimum    = { table = "us_mssp/minimum_savings_rate" }
share      = 0.50
cap        = { of = "benchmark", rate = 0.10 }
loss       = { rate = 0.30, limit = { of = "benchmark", rate = 0.02 } }
quality    = { gate = "core_set", at_least = 0.40 }
partners   = [ { id = "GP_FED", share = 0.4 }, { id = "RMX", share = 0.3 }, { id = "COMM", share = 0.2 }, { id = "LA", share = 0.1 } ]
"""


def test_a_contract_written_by_hand_is_good(tmp_path: Path) -> None:
    """A marginal rate that names a list of prices needs no other base; shares of one digit are the whole."""
    file = tmp_path / "marlow.toml"
    file.write_text(MARLOW, encoding="utf-8")
    assert check_contract(file).faults == ()
