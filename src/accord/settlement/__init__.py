"""Contracts: read, held against themselves and their place, and settled.

In:    contract files; the place's partners and sources; a run's care in force; prices and figures that payers send; registers of what is open
       beside a contract; disputes of its lines; statements and totals of finance teams. Lists of prices are read here, as only a contract says
       which list counts; what care costs is the pricing room's, and met only in its tables.
Out:   a contract whose terms hold, or each of its faults with its line and the mend; the chain of its clauses in words; settlements: bridge
       lines, postings and a statement, below settlements/; whether it may be signed; two parties' balances side by side; a change of cost by
       its causes.
Reads: the rulebook, by the rules that terms name; services, interval_confidence, person_cost_variation, agreement_of_balances.
Never: settles a contract that has a fault, loses or pays twice for an act of care, or changes a settlement that is published.
"""
