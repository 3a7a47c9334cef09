"""What care should cost, and how far it may stray from that.

In:    a published run; the files of the folder `risk` of a place; clauses of a contract.
Out:   what `exposure` finds: how likely a budget is to be missed, and what an organisation of this size can bear.
Reads: the rules that a file of the folder `risk` names: a published spread of cost, a published year effect.
Never: settles a contract, prices an act, or has a rate of its own.
"""
