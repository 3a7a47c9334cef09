"""The second engine: Apache Spark, on this machine, on a cluster, or behind a Spark Connect address.

In:    a master (`local[2]`, `spark://host:7077`, `sc://host:15002`), the folders of a place, checked steps.
Out:   a maker for `accord.engine.Session`, which runs each step on Spark and leaves Parquet files for the session to put together.
Reads: no rules. Spark's own settings come from its spark-defaults.conf; those that bear on meaning are set here.
Never: is imported unless it is asked for; lands a file, audits or hashes: that is DuckDB's, over what is written.
"""

from accord.engine.spark.maker import SparkMaker
from accord.engine.spark.probe import probe
from accord.engine.spark.start import Started, start

__all__ = ["SparkMaker", "Started", "probe", "start"]
