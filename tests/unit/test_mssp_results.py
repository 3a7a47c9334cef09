# ruff: noqa: E501 (rows as they stand in their files)
"""Results files of the Shared Savings Program as CMS has printed them from 2014 on, and as people hand them on; what is no such file.

The rows are those of CMS's own files of their years, as anybody may download them from data.cms.gov.
"""

from __future__ import annotations

import doctest
from decimal import Decimal
from importlib import import_module
from pkgutil import iter_modules

import pytest

from accord.errors import UserError
from accord.settlement import mssp
from accord.settlement.mssp import Cause, prove

D = Decimal

PY2014 = """ACO_Num,year,ACO_State,Start_Date,Track1,Track2,Adv_Pay,N_AB,Sav_rate,MinSavPerc,BnchmkMinExp,GenSaveLoss,EarnSaveLoss,QualScore,ABtotBnchmk,ABtotExp,QualPerfShare,FinalShareRate,ACO_NAME
A67373,2014,Florida,7/1/12,1,0,0,34601,0.0714,0.0235,32173449,32173449,14455933,0.92,450902466,418729017,0.5,0.46,"Palm Beach Accountable Care Organization, LLC"
A38665,2014,"New York,  New Jersey",4/1/12,1,0,0,11219,0.0141,0.0293,1495426,0,0,0.87,106387253,104891827,0.5,0.43,"Chinese Community Accountable Care Organization, Inc."
A84830,2014,Florida,1/1/13,1,0,0,6850,0.0492,0.0343,6277693,6277693,2684351,0.87,127483618,121205925,0.5,0.44,"South Florida Accountable Care Organization,LLC"
A85439,2014,Texas,4/1/12,0,1,1,7863,0.1269,0.02,13767494,13767494,7528797,0.93,108469972,94702479,0.6,0.56,"RGV ACO Health Providers, LLC"
"""
PY2015 = """ACO_Num,year,ACO_Name,N_AB,Sav_rate,MinSavPerc,BnchmkMinExp,GenSaveLoss,EarnSaveLoss,QualScore,ABtotBnchmk,ABtotExp,QualPerfShare,FinalShareRate,Start_Date,Track1,Track2
A67373,2015,Palm Beach,60845,0.0948,0.02,76642477,76642477,36834657,98.08,808769966,732127489,50,49.04,7/1/12,1,0
A85439,2015,RGV,9959,0.1747,0.02,21613110,21613110,12619152,99.3,123683230,102070120,60,59.58,4/1/12,0,1
A67604,2015,AppleCare,7767,0.0252,0.0325,3340407,0,0,74.11,132430353,129089947,50,37.06,4/1/12,1,0
"""
PY2017 = """ACO_Name,year,Current_Start_Date,Current_Track_1,Current_Track_2,Current_Track_3,N_AB,Sav_rate,MinSavPerc,BnchmkMinExp,GenSaveLoss,DisAdj,EarnSaveLoss,Met_QPS,QualScore,ABtotBnchmk,ABtotExp,QualPerfShare,FinalShareRate,ACO_Num
Palm Beach,2017,1/1/16 00:00,1,0,0,67521,0.0702,0.0200,63152570,63152570,,28529398,1,0.9219,899870234,836717663,0.5,0.461,A67373
Essentia Health,2017,1/1/16 00:00,0,0,1,26500,0.0147,0.0100,4159292,4159292,,2837135,1,0.9281,283258700,279099408,0.75,0.696,A01714
"""
PY2019 = """ACO_ID,ACO_Name,Participation_Six_Months,Current_Start_Date,Current_Track_1,Current_Track_2,Current_Track_3,Current_Track_1_Plus,Current_BASIC_E,Current_ENHANCED,Risk_Model,N_AB,Sav_rate,MinSavPerc,BnchmkMinExp,GenSaveLoss,DisAdj,EarnSaveLoss,DisAffQual,Met_QPS,QualScore,ABtotBnchmk,ABtotExp,QualPerfShare,FinalShareRate,RevLossLimit,Rev_Exp_Cat
A1001,Palm Beach,1,01/01/2016,1,0,0,0,0,0,One-Sided,74707,0.109,0.02,57047752,57047752,0,27971226,1,1,98.06,523183929,466136177,0.5,0.49,0,Low Revenue
A1033,Advocate,1,01/01/2016,0,0,0,1,0,0,Two-Sided,128289,0.0387,0,30325778,30325778,0,14689997,1,1,96.88,784565065,754239287,0.5,0.48,0,High Revenue
A1041,West Florida,1,01/01/2016,0,0,1,0,0,0,Two-Sided,17684,0.0819,0.02,9708607,9708607,0,7026604,1,1,96.5,118582707,108874100,0.75,0.72,0,Low Revenue
"""
PY2019A = """ACO_ID,ACO_Name,Participation_Six_Months,Current_Start_Date,Current_Track_1,Current_BASIC_B,Current_BASIC_E,Current_ENHANCED,Risk_Model,N_AB,Sav_rate,MinSavPerc,BnchmkMinExp,GenSaveLoss,DisAdj,EarnSaveLoss,Met_QPS,QualScore,ABtotBnchmk,ABtotExp,QualPerfShare,FinalShareRate,Rev_Exp_Cat
A1001,Palm Beach,1,07/01/2019,0,0,0,1,Two-Sided,"77,947",5.50%,2.00%,"28,130,670","28,130,670",,"20,689,229",1,98.06,"511,073,870","482,943,201",75%,74%,Low Revenue
A1006,Hackensack,1,07/01/2019,0,1,0,0,One-Sided,"34,828",-0.90%,2.35%,"-2,002,678",0,,0,1,92.17,"222,610,994","224,613,672",40%,37%,Low Revenue
A1026,Atlantic,1,07/01/2019,0,0,1,0,Two-Sided,"35,518",2.71%,2.34%,"5,791,813","5,791,813",,"2,669,103",1,92.17,"214,050,217","208,258,404",50%,46%,High Revenue
"""
PY2022 = """ACO_ID,ACO_Name,Current_Start_Date,Current_Track,Risk_Model,N_AB,Sav_rate,MinSavPerc,BnchmkMinExp,GenSaveLoss,DisAdj,Impact_Mid_Year_Termination,EarnSaveLoss,Met_QPS,Met_FirstYear,QualScore,ABtotBnchmk,ABtotExp,FinalShareRate,Rev_Exp_Cat
A1001,Palm Beach,07/01/2019,EN,Two-Sided,74992,6.46%,2.00%,62404688,62404688,,0,45867446,1,0,89.41%,966116777,903712089,75.00%,Low Revenue
A1006,Hackensack,07/01/2019,B,One-Sided,30324,0.58%,2.40%,2482362,0,,0,0,1,0,83.28%,427696841,425214479,40.00%,Low Revenue
A1023,P3 Health,07/01/2019,B,One-Sided,5194,6.87%,3.84%,3582129,3582129,,0,1404194,1,0,70.63%,52165596,48583467,40.00%,Low Revenue
A1026,Atlantic,07/01/2019,E,Two-Sided,40219,1.75%,2.30%,8446253,0,,0,0,1,0,83.32%,483895147,475448894,50.00%,High Revenue
A1070,Allcare,07/01/2019,D,Two-Sided,22904,-5.15%,2.47%,-28610637,-28610637,-2320475,0,0,1,0,70.63%,555253455,583864092,50.00%,Low Revenue
A1080,Central Maine,07/01/2019,C,Two-Sided,5795,3.45%,1.00%,2180440,2180440,,1,0,1,0,79.15%,63162418,60981978,50.00%,High Revenue
"""
YEARS = {
    "2014.csv": PY2014, "2015.csv": PY2015, "2017.csv": PY2017, "2019.csv": PY2019, "2019A.csv": PY2019A, "Results 2022 (1).csv": PY2022
}  # fmt: skip


@pytest.fixture
def proof_of(tmp_path):
    def make(text, name="py2022.csv", year=None):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        (proof,) = prove([file], year)
        return proof

    return make


@pytest.mark.parametrize("name", sorted(module.name for module in iter_modules(mssp.__path__)))
def test_what_the_docstrings_say_holds(name):
    assert doctest.testmod(import_module(f"accord.settlement.mssp.{name}")).failed == 0


@pytest.mark.parametrize("name", YEARS)
def test_rows_of_every_layout_settle_as_published(name, proof_of):
    proof = proof_of(YEARS[name], name)
    assert proof.misses == ()
    assert proof.reproduced.n_same == proof.reproduced.n == YEARS[name].count("\n") - 1
    assert proof.year == int(name.removeprefix("Results ")[:4])
    assert all(tally.n_same == tally.n > 0 for tally in proof.rates.values())


def test_amounts_are_settled_to_the_dollar_where_no_score_counts(proof_of):
    usual, most = proof_of(PY2022).tolerance
    assert most < D("1.50")
    assert usual > 0


def test_the_first_pound_is_shared_once_the_minimum_is_passed(proof_of):
    """The saving of 6.87 % is shared whole, not what of it is above 3.84 %."""
    assert D("0.98") * D("0.40") * 3582129 == pytest.approx(1404194, abs=1)


def test_sequestration_of_2019_was_suspended_when_it_was_paid(proof_of):
    """Published amounts of 2019 are two percent more than those of any other year would be."""
    proof = proof_of(PY2019, "py2018.csv")
    assert {miss.cause for miss in proof.misses} == {Cause.sequestration}
    assert len(proof.misses) == 3
    assert proof.misses[0].because == "0 % was withheld"


@pytest.mark.parametrize(
    ("was", "becomes", "cause", "words"),
    [
        (",1404194,", ",,", Cause.lacking, "the row says nothing of what was earned or owed"),
        (",52165596,48583467,", ",52265596,48583467,", Cause.unlike_itself, "3,682,129.00, and the file has 3,582,129.00"),
        (",1404194,", ",0,", Cause.withheld, "3,582,129.00 were saved past the minimum"),
        ("2482362,0,,0,0,", "2482362,0,,0,973086,", Cause.minimum, "0.5804 % of the benchmark was saved, and the minimum is 2.3968 %"),
        (",1404194,", ",1043312,", Cause.payment_limit, "exactly 2 % of the benchmark was paid"),
        (",1404194,", ",1432852,", Cause.sequestration, "0 % was withheld"),
        (",1404194,1,0,70.63%,52165596,48583467,40.00%", ",1053146,1,0,70.63%,52165596,48583467,30.00%", Cause.rate, "prints 30 %"),
        (",1404194,", ",1404190,", Cause.unexplained, "published 1,404,190.00, settled 1,404,194.57"),
    ],
)  # fmt: skip
def test_each_cause_of_a_miss_is_told_by_arithmetic(was, becomes, cause, words, proof_of):
    assert was in PY2022
    (miss,) = proof_of(PY2022.replace(was, becomes)).misses
    assert (miss.cause, miss.aco_id) == (cause, "A1006" if cause is Cause.minimum else "A1023")
    assert words in miss.because


LOST = """ACO_ID,Current_Track,N_AB,MinSavPerc,DisAdj,EarnSaveLoss,Met_QPS,Met_AltQPS,QualScore,ABtotBnchmk,ABtotExp,FinalShareRate,FinalLossRate
A1241,E,9000,0.5,-823342,-1149065,1,-,82.68,119995393,128286290,50,30
A2308,E,9000,0.5,-295350,-412864,1,-,80.67,164086970,166447682,50,30
"""


def test_a_loss_limit_that_binds_is_told_from_what_was_owed_and_excused(proof_of):
    (miss,) = proof_of(LOST, "py2023.csv").misses
    assert (miss.aco_id, miss.cause) == ("A1241", Cause.loss_limit)
    assert "owed and excused are 1,972,407.00" in miss.because
    assert "8 % of a revenue of 24,655,087.50" in miss.because


def test_without_its_column_a_relief_is_not_taken_for_a_limit(proof_of):
    text = LOST.replace("DisAdj", "Other")
    proof = proof_of(text, "py2023.csv")
    assert {miss.cause for miss in proof.misses} == {Cause.relief}
    assert proof.instead == ("no column for losses excused by a disaster: losses are excused by months of a national emergency alone",
                             "no column for left before the end of the year: nobody is taken to have left before the end of the year")  # fmt: skip


# --- how files are handed on --------------------------------------------------------------------------------------------------


def plain_lines(text, change=lambda cell: cell, delimiter=","):
    return "\n".join(delimiter.join(map(change, line.split(","))) for line in text.splitlines())


HANDED_ON = {
    "a mark of the order of bytes": lambda t: b"\xef\xbb\xbf" + t.encode(),
    "semicolons": lambda t: plain_lines(t, delimiter=";"),
    "tabs and lines of Windows": lambda t: plain_lines(t, delimiter="\t").replace("\n", "\r\n"),
    "capitals and spaces": lambda t: plain_lines(t.replace(t.splitlines()[0], t.splitlines()[0].upper().replace("_", " ").replace(",", " , "))),
    "percent without its sign": lambda t: t.replace("%", ""),
    "parts of one": lambda t: plain_lines(t, lambda c: f"{float(c[:-1]) / 100}" if c.endswith("%") else c),
    "binary fractions": lambda t: plain_lines(t, lambda c: f"{c}.0" if c.lstrip("-").isdigit() else c),
    "dollars in brackets": lambda t: plain_lines(t, lambda c: f"(${c[1:]})" if c.startswith("-") and c[1:].isdigit() else c),
    "a title above and a note below": lambda t: f"Shared Savings Program,,\n\n{t}Note: amounts in dollars,,\n",
    "rows of nothing": lambda t: t + ",,,,\n\n",
    "columns of others": lambda t: plain_lines(t).replace("\n", ",x\n") + ",x",
    "an old encoding": lambda t: t.replace("Central Maine", "Cent\u00e9ral Maine").encode("latin-1"),
}


@pytest.mark.parametrize("way", HANDED_ON)
def test_a_copy_settles_as_its_original(way, proof_of):
    proof = proof_of(HANDED_ON[way](PY2022))
    assert proof.misses == ()
    assert proof.reproduced.n == 6
    assert all(tally.n_same == tally.n for tally in proof.rates.values())
    assert proof.n_blank == {"a title above and a note below": 1}.get(way, 0)


def test_the_year_is_known_by_column_name_or_columns_or_is_asked_for(proof_of):
    assert proof_of(PY2017, "py2018.csv").year_from == "by its column"
    assert (proof_of(PY2022, "Performance_Year_Results_2022_revised 2026_07_17.csv").year_from) == "by its file's name"
    whole = PY2022.replace("Rev_Exp_Cat\n", "Rev_Exp_Cat,Met_Incentive\n")
    with pytest.raises(UserError, match="neither in a column nor in its name"):
        proof_of(PY2022, "copy.csv")
    assert (proof_of(whole, "copy.csv").year, proof_of(whole, "copy.csv").year_from) == (2022, "by the columns it has")
    assert proof_of(PY2022, "copy.csv", year=2022).year_from == "as it was asked for"
    with pytest.raises(UserError, match="neither in a column nor in its name"):
        proof_of(PY2015.replace("year", "other"), "copy.csv")


def test_a_file_of_several_years_is_proved_year_by_year(tmp_path):
    file = tmp_path / "all.csv"
    file.write_text(PY2015 + PY2015.partition("\n")[2].replace(",2015,", ",2014,"))
    assert [(proof.year, proof.reproduced.n_same) for proof in prove([file])] == [(2014, 3), (2015, 3)]


def test_a_note_below_leaves_the_year_column_as_it_is(proof_of):
    proof = proof_of(PY2015 + "Note: in dollars\n", "copy.csv")
    assert (proof.year, proof.year_from, proof.n_blank, proof.misses) == (2015, "by its column", 1, ())


def test_the_layout_of_2013_marks_track_2_alone(proof_of):
    """Made up: no row of that year is at hand. Reporting was quality enough, and what was earned had another name."""
    text = """ACO_Num,Track2,N_AB,MinSavPerc,BnchmkMinExp,EarnShrSavings,QualScore,ABtotBnchmk,ABtotExp,QualPerfShare,FinalShareRate
A1,0,60000,0.02,4000000,1960000,1,100000000,96000000,0.5,0.5
A2,1,9000,0.02,-4000000,-1600000,1,100000000,104000000,0.6,0.6
A3,0,60000,0.02,4000000,1960000,P4R,100000000,96000000,0.5,0.5
"""
    proof = proof_of(text, "py2013.csv")
    assert proof.misses == ()
    assert proof.reproduced.n == 3


def test_long_names_with_notes_are_known(proof_of):
    names = {
        "ABtotBnchmk": "Total Benchmark Expenditures", "ABtotExp": "Total Expenditures", "N_AB": "Total Assigned Beneficiaries",
        "GenSaveLoss": '"Generated Total Savings/Losses1,2"', "EarnSaveLoss": "Earned Shared Savings Payments/Owe Losses3",
        "MinSavPerc": "Minimum Savings Rate (%)", "FinalShareRate": "Final Sharing Rate", "QualScore": "Quality Score",
    }  # fmt: skip
    text = PY2014
    for short, long in names.items():
        text = text.replace(short, long)
    proof = proof_of(text, "2014.csv")
    assert proof.misses == ()
    assert [use.header for use in proof.uses if use.meaning == "earned or owed, as published"] == ["Earned Shared Savings Payments/Owe Losses3"]


@pytest.mark.parametrize(
    ("without", "n_same", "says"),
    [
        ("ABtotExp", 6, ""), ("ABtotBnchmk", 6, ""), ("N_AB", 6, "minimum rates are taken from the file"), ("QualScore", 6, "are taken from the file"),
        ("Current_Track", 6, "told by the printed sharing rate"), ("MinSavPerc", 5, "comes to the same"), ("Met_QPS", 6, "whoever shares"),
        ("FinalShareRate", 6, ""), ("Impact_Mid_Year_Termination", 5, "nobody is taken to have left"),
    ],
)  # fmt: skip
def test_without_a_column_what_can_be_checked_is_checked_and_said(without, n_same, says, proof_of):
    proof = proof_of(PY2022.replace(without + ",", "Other,"))
    assert proof.reproduced.n_same == n_same
    assert says in " ".join(proof.instead)


def test_without_what_was_published_rates_are_still_rebuilt(proof_of):
    proof = proof_of(PY2022.replace("EarnSaveLoss,", "Other,"))
    assert (proof.reproduced.n, proof.n_settled, proof.misses) == (0, 6, ())
    assert proof.rates["sharing rate"].n_same == proof.rates["sharing rate"].n == 6


def test_a_minimum_printed_too_coarsely_is_said_to_be(proof_of):
    """A1026 saved 1.75 %, and 2 % may stand for 1.5 % as for the 2.30 % of its size. To a tenth of a percent there is no doubt."""
    to_places = [plain_lines(PY2022, lambda c, n=n: f"{float(c[:-1]):.{n}f}%" if c.endswith("%") else c) for n in (0, 1)]
    coarse, fine = map(proof_of, to_places)
    assert (coarse.n_coarse, fine.n_coarse) == (1, 0)
    assert coarse.misses == fine.misses == ()


def test_a_number_says_how_exactly_it_is_printed(proof_of):
    steps = {use.meaning: use.step for use in proof_of(PY2019A, "2019A.csv").uses}
    assert (steps["quality score"], steps["sharing rate, as published"], steps["benchmark"]) == (D("0.0001"), D("0.01"), D(1))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 a workbook", "is not a CSV file"), (b"\x00\x01\x02", "is not a CSV file"), (b"", "is empty"), (b"\n \n", "is empty"),
        (b"a,b\n1,2\n", r"no column for benchmark \(ABtotBnchmk\) and expenditure \(ABtotExp\)"),
        (PY2022.splitlines()[0].encode(), "no row that states an amount"), (PY2022.splitlines()[0].encode() + b"\na,b\n", "no row that states"),
        (b"ABtotBnchmk,b\n1,2\n", r"no column for expenditure \(ABtotExp\)"),
        (b"ABtotBnchmk,ABtotExp\n1,2\n", r"no column for earned or owed, as published \(EarnSaveLoss\)"),
    ],
)  # fmt: skip
def test_what_is_no_results_file_is_told_with_the_mend(content, said, proof_of):
    with pytest.raises(UserError, match=said) as error:
        proof_of(content)
    assert "results file of the Shared Savings Program" in error.value.what_to_do
    assert error.value.where.endswith("py2022.csv")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UserError, match="there is no such file"):
        prove([tmp_path / "none.csv"])
