"""Models in memory: loaded from the registry, swapped when an alias moves."""

from serving.models.served import Found, Served, load_served
from serving.models.shelf import ModelShelf

__all__ = ["Found", "ModelShelf", "Served", "load_served"]
