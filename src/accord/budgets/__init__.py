"""What organisations have to spend: capitated budgets, benchmarks of programmes, pools of partners.

In:    files of budgets and their figures; a run's people and costs, to count figures from.
Out:   budget and budget_line: bridges by organisation and service that add up to the total, kept below budgets/<name>/.
Reads: the rules that a budget names.
Never: settles a contract, or lets a share of a total be lost or paid twice.
"""
