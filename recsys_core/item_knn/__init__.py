"""Item-kNN: the classic neighbourhood baseline."""

from recsys_core.item_knn.fit import fit_item_knn
from recsys_core.item_knn.model import ItemKNNModel
from recsys_core.item_knn.parameters import ItemKNNParameters

__all__ = ["ItemKNNModel", "ItemKNNParameters", "fit_item_knn"]
