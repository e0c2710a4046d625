"""Movies like a movie."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recsys_core.hybrid import HybridModel
from recsys_core.sources.moments import dense_moments

__all__ = ["ItemSimilarity"]


@dataclass(frozen=True, slots=True, eq=False)
class ItemSimilarity:
    """How like the items of the catalogue are to each other, by ALS factors and content.

    directions  float32 of shape (n_catalogue, factors): ALS factors of length 1 (or 0); those of cold items are the
                ones that their features predict
    """

    model: HybridModel
    directions: NDArray[np.float32]

    @classmethod
    def of(cls, model: HybridModel) -> Self:
        factors = np.concatenate([model.als.item_factors, model.cold.predicted(model.als.item_factors)])
        lengths = np.linalg.norm(factors, axis=1, keepdims=True)
        return cls(model, np.divide(factors, lengths, out=np.zeros_like(factors), where=lengths > 0))

    def to(self, item_num: int) -> NDArray[np.float32]:
        """How like each item (warm items first) is to ``item_num``: float32 of shape (n_catalogue,).

        z(cosine of ALS factors) + z(weighted cosines of the feature groups), each standardised over the catalogue.
        """
        content = np.zeros(len(self.directions), dtype=np.float32)
        for name, items in self.model.content.features.groups.items():
            weight = np.float32(self.model.content.weight(name))
            if weight > 0:
                content += weight * (items @ items[item_num].toarray()[0])
        return _standardised(self.directions @ self.directions[item_num]) + _standardised(content)


def _standardised(scores: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    row = scores.astype(np.float32)[None, :]
    standardised: NDArray[np.float32] = dense_moments(row).standardise(row)[0]
    return standardised
