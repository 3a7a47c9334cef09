"""What organisations have to spend: capitated budgets, benchmarks of programmes, pools of partners; and how far a year may stray from its budget.

In:    files of budgets and their figures, need by a fitted model, and files of the folder `risk`; a run's people and costs; clauses of a contract.
Out:   budget and budget_line: bridges by organisation and service that add up to the total, kept below budgets/<name>/; what `exposure` finds:
       how likely a budget is to be missed, and what an organisation of this size can bear.
Reads: the rules that a budget or a file of the folder `risk` names.
Never: settles a contract, or lets a share of a total be lost or paid twice.
"""
