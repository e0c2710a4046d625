"""The commands of bench, and the page of docs/ that each writes."""

from typing import Final

__all__ = ["ELSEWHERE", "PAGES", "PRINTED"]

MEASURED: Final = ("--data", "{made}/data", "--workspace", "{workspace}")
PAGES: Final = {
    "bench.explanations": ("explanations.md", (*MEASURED, "-k", "3")),
    "bench.onboarding": ("onboarding.md", (*MEASURED, "--folds-to-run", "1")),
    "bench.ideas": ("ideas.md", (*MEASURED, "--folds-to-run", "1", "--seed", "1")),
    "bench.accuracy": ("accuracy.md", (*MEASURED, "--folds-to-run", "1", "--quick", "--no-peers")),
    "bench.published": ("published.md", ("--users", "100", "--items", "120", "--trials", "4")),
    "bench.gate": ("promotion.md", (*MEASURED, "--times", "2", "--folds-to-run", "1")),
    "bench.synthetic": ("synthetic-data.md", ("--ratings", "20000", "--fitted", "30000")),
    "bench.side_by_side": ("side-by-side.md", ("--ratings", "20000", "--no-peers")),
    "bench.serving": ("serving.md", (*MEASURED, "--small", "--questions", "20")),
}
"""What writes a page: the page, and arguments that make it small."""
PRINTED: Final = "bench.experiments"  # its figures stand in a page of words
ELSEWHERE: Final = ("bench.gpu", "bench.pipeline", "bench.spark", "bench.text_ids")  # tried in tests of their own
