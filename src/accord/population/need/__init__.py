"""What each person's care is expected to cost next year, and why; and who may need help, for direct care alone.

In:    the tables of a run, a model that people write (needs/<name>.toml), and figures of supply by organisation.
Out:   for each fit a folder beside the run: coefficients, each person's need, how well it does on people it was not fitted on, need by organisation.
Reads: the rulebook: age bands, the part of costs that is counted, and what published models and trials reached.
Never: holds a matrix of people, fits on those it is judged on, or lets supply or an organisation's habits count as need.
"""

from accord.population.need.admission_risk import SMALLEST_COUNT, Capacity, RiskReport, admission_risk, capacity_of
from accord.population.need.explaining import CAUSES, Explanation, ScoreChange, ScoreLine, explain, explain_change
from accord.population.need.fit import NeedReport, fit_need, published_r2, report_of
from accord.population.need.judging import APART, Judged, figure
from accord.population.need.keeping import KeptFit, KeptModel, named_model, open_fit
from accord.population.need.list_changes import ListChange, list_changes
from accord.population.need.model_file import new_need_model
from accord.population.need.organisations import Coding, OrganisationNeed
from accord.population.need.preparing import LeftOut
from accord.stats.discrimination import Flagged

__all__ = [
    "APART", "CAUSES", "SMALLEST_COUNT", "Capacity", "Coding", "Explanation", "Flagged", "Judged", "KeptFit", "KeptModel", "LeftOut", "ListChange",
    "NeedReport", "OrganisationNeed", "RiskReport", "ScoreChange", "ScoreLine", "admission_risk", "capacity_of", "explain", "explain_change",
    "figure", "fit_need", "list_changes", "named_model", "new_need_model", "open_fit", "published_r2", "report_of",
]  # fmt: skip
