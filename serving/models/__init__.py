"""Models in memory: loaded from the registry, swapped when an alias moves."""

from serving.models.served import Served, load_served
from serving.models.shelf import ModelShelf

__all__ = ["ModelShelf", "Served", "load_served"]
