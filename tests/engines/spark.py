"""Where Spark is there, and its objective."""

import importlib.util
import os
import shutil

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from tests.engines.contract import Shares

__all__ = ["SPARK_ONLY", "shares_of_mllib"]

_MISSING = [
    *([] if importlib.util.find_spec("pyspark") else ["PySpark is not installed (make spark)"]),
    *([] if os.environ.get("JAVA_HOME") or shutil.which("java") else ["there is no Java"]),
]
SPARK_ONLY = [
    pytest.mark.xdist_group("spark"),
    pytest.mark.skipif(bool(_MISSING), reason=", ".join(_MISSING)),
]


def shares_of_mllib(confidence: csr_matrix) -> Shares:
    """MLlib weighs the regularisation of a row by its liked entries: here against those of the row of a usual entry.

    A row without any has zeros in whatever solution; 1 keeps its equations solvable.
    """
    is_liked = confidence > 0
    by_user = np.asarray(is_liked.sum(axis=1), dtype=np.float64).ravel()
    by_item = np.asarray(is_liked.sum(axis=0), dtype=np.float64).ravel()
    shares = (n / (n @ n / n.sum()) for n in (by_user, by_item))
    users, items = (np.where(share > 0, share, 1.0) for share in shares)
    return users, items
