"""From inputs to stored values: what goes in is fixed before the work, travels with it, and labels what comes out.

recipe    how an asset is declared          inputs    what goes into one value, frozen
world     what is, right now                versions  digests, and differences in words
code      what the deciding code says       store     values, records, checksums, pins
planning  what is out of date, and why      step      one step of a run, and what Dagster is told
"""

from assets.materialising.inputs import Files, InputChangedError, Inputs
from assets.materialising.recipe import RECIPES, Made, Recipe, recsys_asset
from assets.materialising.step import Shown, Step

__all__ = ["RECIPES", "Files", "InputChangedError", "Inputs", "Made", "Recipe", "Shown", "Step", "recsys_asset"]
