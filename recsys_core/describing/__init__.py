"""Values in brief: counts, columns, first rows, tables and plots, for whichever page shows them. Decides nothing."""

from recsys_core.describing.description import Description, Rows
from recsys_core.describing.features import describe_features, describe_matrix, describe_split
from recsys_core.describing.models import (
    describe_als,
    describe_content,
    describe_evaluation,
    describe_hybrid,
    describe_source,
    describe_weights,
)
from recsys_core.describing.quality import (
    beside_popularity,
    change_since,
    empty_groups,
    headline,
    lead_over,
    not_finite,
)
from recsys_core.describing.release import describe_bundle, describe_recommendations, release_in_words

__all__ = [
    "Description",
    "Rows",
    "beside_popularity",
    "change_since",
    "describe_als",
    "describe_bundle",
    "describe_content",
    "describe_evaluation",
    "describe_features",
    "describe_hybrid",
    "describe_matrix",
    "describe_recommendations",
    "describe_source",
    "describe_split",
    "describe_weights",
    "empty_groups",
    "headline",
    "lead_over",
    "not_finite",
    "release_in_words",
]
