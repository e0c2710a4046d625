"""Drafts a folder's ``dataset.yaml`` from headers and a sample of rows, and says how sure each guess is."""

from recsys_core.drafting.draft import Draft, draft_dataset
from recsys_core.drafting.guesses import Confidence, Guess

__all__ = ["Confidence", "Draft", "Guess", "draft_dataset"]
