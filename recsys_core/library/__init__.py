"""The library: data, a recommender and its evaluation in a few calls, for notebooks and scripts.

A thin layer: reading, validating, splitting, fitting and judging are the functions that the pipeline calls. The one
room of the core that reads the clock.
"""

from recsys_core.library.data import Dataset, DatasetSplit, SplitPart
from recsys_core.library.evaluated import EvaluationResult, Picture
from recsys_core.library.recommender import Recommender
from recsys_core.library.why import Why

__all__ = ["Dataset", "DatasetSplit", "EvaluationResult", "Picture", "Recommender", "SplitPart", "Why"]
