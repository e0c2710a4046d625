"""Who takes part in an evaluation: the hybrid, its sources alone, and the baselines."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from recsys_core.dataset.interactions import HeldOut, UserItemMatrix
from recsys_core.evaluation import Evaluation, EvaluationParameters, Score, evaluate
from recsys_core.hybrid import HybridModel
from recsys_core.item_knn import ItemKNNParameters, fit_item_knn
from recsys_core.sources.entries import Entries
from recsys_core.sources.source import Source
from recsys_core.sources.table import SOURCES

__all__ = ["LineUp", "judge", "line_up", "without_each_term"]


@dataclass(frozen=True, slots=True)
class LineUp:
    """Scoring functions by model name, in the order of the tables; ``cold`` are those that can score cold items.

    ``entries`` are what ``warm`` share, for others that score with the same sources.
    """

    warm: dict[str, Score]
    cold: dict[str, Score]
    entries: Entries


def line_up(
    hybrid: HybridModel,
    sources: Mapping[str, Source],
    train: UserItemMatrix,
    *,
    item_knn: ItemKNNParameters | None = None,
) -> LineUp:
    """Popularity, item-kNN, the sources that are baselines, the hybrid; all fitted on ``train``.

    ``sources`` are given apart, because a hybrid in which one has no weight does not hold it. Where it does, its own is
    meant, content with its tuned weights of the feature groups: what it says of people is then asked once.
    """
    item_knn = item_knn or ItemKNNParameters()
    neighbours = fit_item_knn(train.ratings, train.item_ids, item_knn, feedback=hybrid.feedback)
    known, entries = {**sources, **hybrid.sources}, Entries()
    first: dict[str, Score] = {"popularity": hybrid.popularity.score, "item_knn": neighbours.score}
    alone = {
        kind.name: partial(entries.scores, known[kind.name]) for kind in SOURCES if kind.baseline and kind.name in known
    }
    return LineUp(
        {**first, **alone, "hybrid": partial(hybrid.score, entries=entries)},
        cold={"content": hybrid.content.cold_score, "hybrid": hybrid.score_cold},
        entries=entries,
    )


def judge(
    hybrid: HybridModel,
    sources: Mapping[str, Source],
    test: HeldOut,
    train: UserItemMatrix,
    *,
    protocol: str,
    parameters: EvaluationParameters,
    ablation: bool = False,
) -> Evaluation:
    """Everybody in the line-up on ``test``; ``ablation`` judges the hybrid without each of its terms, too."""
    models = line_up(hybrid, sources, train)
    return evaluate(
        models.warm | (without_each_term(hybrid, models.entries) if ablation else {}),
        test,
        train,
        features=hybrid.content.features,
        cold_scorers=models.cold,
        protocol=protocol,
        parameters=parameters,
    )


def without_each_term(hybrid: HybridModel, entries: Entries) -> dict[str, Score]:
    """The hybrid without one source, or without the prior, the other weights as they are: what each is worth."""
    weights = hybrid.weights
    variants = {f"hybrid_no_{kind.name}": weights.without(kind.name) for kind in SOURCES}
    variants["hybrid_no_prior"] = weights.replace(prior={})
    return {name: partial(hybrid.with_weights(changed).score, entries=entries) for name, changed in variants.items()}
