"""Made data in ml-25m's shape at any size, with planted tastes: for time, memory and tests without a download."""

from recsys_core.synthesis.folder import write_folder
from recsys_core.synthesis.shape import Shape

__all__ = ["Shape", "write_folder"]
