"""Movies like a movie."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_core.hybrid import HybridModel
from recsys_core.hybrid.moments import dense_moments

__all__ = ["similarities"]


def similarities(model: HybridModel, item_num: int) -> NDArray[np.float32]:
    """How like each item of the catalogue is to ``item_num`` (warm items first): float32 of shape (n_catalogue,).

    z(cosine of ALS factors) + z(weighted cosines of the feature groups), each standardised over the catalogue; cold
    items have the factors that their features predict.
    """
    factors = np.concatenate([model.als.item_factors, model.cold_factors])
    lengths = np.linalg.norm(factors, axis=1)
    inverse = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    total = _standardised((factors @ factors[item_num]) * inverse * inverse[item_num])
    content = np.zeros(len(factors), dtype=np.float32)
    for name, items in model.content.features.groups.items():
        content += np.float32(model.content_term.weight(name)) * (items @ items[item_num].T).toarray()[:, 0]
    return total + _standardised(content)


def _standardised(scores: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    row = scores.astype(np.float32)[None, :]
    standardised: NDArray[np.float32] = dense_moments(row).standardise(row)[0]
    return standardised
