"""Costing: what each act of care took, on which basis, and what capacity stood unused.

In:    activity_in_force, organisation; of a place, costs/unit_costs.csv with its .toml, and costs/*.toml with pools of capacity.
Out:   activity_cost, cost_by_basis, capacity; working tables: unit_cost, cost_pool, standard_time.
Reads: no rules.
Never: changes what a record reports, gives an act a cost without its basis, or prices an act: what a contract pays is told by the lists of prices
       that its clauses name, which the settlement room reads, as only a contract says which list counts.
"""

from accord.pricing.build import build
from accord.pricing.files import FOLDER, NO_COSTS, Costs, Pool, UnitCost, cost_files, read_costs

__all__ = ["FOLDER", "NO_COSTS", "Costs", "Pool", "UnitCost", "build", "cost_files", "read_costs"]
