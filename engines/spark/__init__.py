"""A Spark cluster: workers read with this project's own reader, MLlib solves ALS, workers make lists."""

from engines.spark.engine import SparkEngine

__all__ = ["SparkEngine"]
