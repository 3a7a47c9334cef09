"""Exposure to risk: the distribution of a year's cost against its budget, in four layers of which the first is never shown alone.

In:    acts of care and whose people they are, as a settlement has them (the tables act and contract_member, made by who is passed in), or a
       published spread; a file of the folder `risk`; clauses.
Out:   `assess`: chances of a miss by size and layer, the share, cap and size that the board can accept, and which services carry the variance.
Reads: the rules that the file names.
Never: draws a random number without a generator that is passed in, or calls what no value is set on nothing.
"""

from accord.budgets.exposure.asking import Asked, Terms, open_items, question_of
from accord.budgets.exposure.assess import Bearable, Exposure, Question, SizeRow, assess
from accord.budgets.exposure.bearing import Bargain
from accord.budgets.exposure.exposing import Exposed, Request, expose
from accord.budgets.exposure.histories import Histories, histories_of
from accord.budgets.exposure.layers import Items, Layer, Population, layered
from accord.budgets.exposure.riskfile import OpenItem, RiskFile, risk_faults

__all__ = [
    "Asked", "Bargain", "Bearable", "Exposed", "Exposure", "Histories", "Items", "Layer", "OpenItem", "Population", "Question", "Request", "RiskFile",
    "SizeRow", "Terms", "assess", "expose", "histories_of", "layered", "open_items", "question_of", "risk_faults",
]  # fmt: skip
