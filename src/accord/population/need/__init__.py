"""What each person's care is expected to cost next year, and why: person-based allocation.

In:    the tables of a run, a model that people write (needs/<name>.toml), and figures of supply by organisation.
Out:   for each fit a folder beside the run: coefficients, each person's need, how well it does on people it was not fitted on, need by organisation.
Reads: the rulebook: age bands, the part of costs that is counted, and what published models reached.
Never: holds a matrix of people, fits on those it is judged on, or lets supply or an organisation's habits count as need.
"""
