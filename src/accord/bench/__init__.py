"""How fast, and in how much memory: ratios measured in one go, each beside a baseline of the same run.

In:    nothing but a size; of a real layout, the folder of its files.
Out:   `bench`: for each benchmark what took how long, as a multiple of its baseline, and the most memory that was held.
Reads: no rules.
Never: keeps what it makes, judges a machine by seconds, or runs as a test.
"""

from accord.bench.benches import Asked, Limits, asked, bench
from accord.bench.figures import Figures, Line, print_figures

__all__ = ["Asked", "Figures", "Limits", "Line", "asked", "bench", "print_figures"]
