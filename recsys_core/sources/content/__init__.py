"""The content model: profiles of what a user liked."""

from recsys_core.sources.content.model import ContentModel, fit_content, is_dense
from recsys_core.sources.content.parameters import ContentParameters
from recsys_core.sources.search_space import SearchParameter
from recsys_core.sources.source import SourceKind

__all__ = [
    "KIND",
    "ContentModel",
    "ContentParameters",
    "fit_content",
    "is_dense",
]


def _group(name: str, default: float) -> SearchParameter:
    return SearchParameter(stage="blend", name=f"weight_{name}", low=0.0, high=1.0, default=default)


KIND = SourceKind(
    name="content",
    label="content",
    side="content",
    defaults=None,
    fit=lambda training, parameters: fit_content(
        training.features, training.matrix.item_ids, parameters or ContentParameters(), feedback=training.feedback
    ),
    model=ContentModel,
    taste=0.6,
    search=(
        SearchParameter(stage="blend", name="content", low=0.0, high=1.5, default=0.6),
        _group("genre", 0.5),
        _group("decade", 0.2),
        _group("title", 0.3),
        _group("tags", 0.4),
        _group("genome", 0.5),
    ),
    needed=True,
    baseline=True,
    summary="Profiles of what people liked against the features of titles",
)
"""Its line in the table of sources."""
