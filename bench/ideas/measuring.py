"""NDCG@10 of every recipe of every idea, by user, fold after fold."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bench.accuracy.data import Bundle
from bench.accuracy.settings import N_FOLDS, Settings, digest_of_files
from bench.ideas.folds import COLD, Fold, Scores, Source, cold_fold, warm_fold
from bench.ideas.idea import Idea, Part
from recsys_core.evaluation import hits_of, ndcg_at, top_k
from recsys_core.splitting import hash_uniform
from recsys_core.storage import atomic_directory, load_arrays, read_manifest, save_arrays, write_manifest

__all__ = ["Figures", "alone", "figures_of_fold", "measured", "pooled"]

K = 10
_WRITING = ("__main__.py", "cold_table.py", "document.py", "idea.py", "table.py", "verdicts.py", "wording.py")
_ROOMS = ("als", "content", "dataset", "ease", "features", "hybrid", "popularity", "splitting", "user_knn")


def alone(part: Part, recipe_name: str) -> str:
    """The column of one part of a recipe by itself."""
    return f"{recipe_name} | {part}"


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """For each view the users, int64 of shape (n_users,), and the NDCG@10 of each column, float64 (n_users,).

    A column is a recipe, or one part of it: :func:`alone`.
    """

    user_ids: dict[str, NDArray[np.int64]]
    ndcg: dict[str, dict[str, NDArray[np.float64]]]

    def save(self, directory: Path) -> None:
        for view, columns in self.ndcg.items():
            save_arrays(directory / f"{view}.npz", user_ids=self.user_ids[view], ndcg=np.stack(list(columns.values())))
        write_manifest(directory, "IdeaFigures", columns={view: list(by) for view, by in self.ndcg.items()})

    @classmethod
    def load(cls, directory: Path) -> Self:
        columns: dict[str, list[str]] = read_manifest(directory, "IdeaFigures")["columns"]
        arrays = {view: load_arrays(directory / f"{view}.npz") for view in columns}
        return cls(
            {view: arrays[view]["user_ids"] for view in columns},
            {view: dict(zip(names, arrays[view]["ndcg"], strict=True)) for view, names in columns.items()},
        )


def pooled(parts: Sequence[Figures]) -> Figures:
    """The users of all folds, one fold after another."""
    first = parts[0]
    return Figures(
        {view: np.concatenate([part.user_ids[view] for part in parts]) for view in first.user_ids},
        {
            view: {name: np.concatenate([part.ndcg[view][name] for part in parts]) for name in columns}
            for view, columns in first.ndcg.items()
        },
    )


def measured(
    bundle: Bundle,
    settings: Settings,
    ideas: Sequence[Idea],
    workspace: Path,
    *,
    folds: Sequence[int] = range(N_FOLDS),
    say: Callable[[str], None] = print,
) -> Figures:
    """All folds together; a fold that is in ``workspace`` with the same program text and data is not made again."""
    key = _key(bundle, settings, ideas)
    parts = []
    for fold in folds:
        folder = workspace / f"fold-{fold}-{key}"
        if not folder.exists():
            workspace.mkdir(parents=True, exist_ok=True)
            with atomic_directory(folder) as directory:
                figures_of_fold(bundle, settings, ideas, fold).save(directory)
        say(f"fold {fold} measured")
        parts.append(Figures.load(folder))
    return pooled(parts)


def _key(bundle: Bundle, settings: Settings, ideas: Sequence[Idea]) -> str:
    """Hex digest of everything that decides the figures: data, configurations, and the program text they run."""
    here = Path(__file__).resolve().parent
    used = [here.parents[1] / "recsys_core" / room for room in _ROOMS]
    text = [path for room in used for path in sorted(room.rglob("*.py"))]
    own = [path for path in sorted(here.glob("*.py")) if path.name not in _WRITING]
    tried = [repr((c.recipe, c.against, c.part)) for idea in ideas for c in idea.configurations]
    parts = [bundle.fingerprint, str(settings.splitting(0)), digest_of_files([*text, *own]), *tried]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def figures_of_fold(bundle: Bundle, settings: Settings, ideas: Iterable[Idea], fold: int) -> Figures:
    """Everything on the validation users of one fold; its test users are not looked at."""
    splitting = settings.splitting(fold)
    figures = Figures({}, {})
    listed = list(ideas)
    for make, cold in ((warm_fold, False), (cold_fold, True)):
        chosen = [idea for idea in listed if idea.cold == cold]
        if chosen:
            _judge_all(make(bundle, splitting), chosen, figures)
    return figures


def _judge_all(fold: Fold, ideas: Sequence[Idea], figures: Figures) -> None:
    for name, view in fold.views.items():
        figures.user_ids[name] = view.user_ids
        figures.ndcg[name] = {}
    for configuration in (configuration for idea in ideas for configuration in idea.configurations):
        for recipe in (configuration.against, configuration.recipe):
            _judge(recipe.name, lambda recipe=recipe: recipe.scores(fold), fold, figures)  # type: ignore[misc]
            if configuration.part is not None:
                source: Source = getattr(recipe, configuration.part)
                column = alone(configuration.part, recipe.name)
                _judge(column, lambda source=source: fold.standardised(source), fold, figures)  # type: ignore[misc]


def _judge(column: str, scores: Callable[[], dict[str, Scores]], fold: Fold, figures: Figures) -> None:
    """Fill ``column`` unless an earlier configuration has."""
    if all(column in columns for columns in (figures.ndcg[name] for name in fold.views)):
        return
    for name, found in scores().items():
        view = fold.views[name]
        if name == COLD:
            ndcg = _ndcg(found, view.cold_targets, None, fold.held_back_ids)
        else:
            ndcg = _ndcg(found, view.targets, view.history.ratings, fold.train.item_ids)
        figures.ndcg[name][column] = ndcg


def _ndcg(
    scores: Scores, targets: csr_matrix, seen: csr_matrix | None, item_ids: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Equal scores go by a hash of the title's id."""
    tie_rank = np.argsort(np.argsort(hash_uniform(0, "ties", item_ids), kind="stable"))
    hits = hits_of(top_k(scores, K, seen=seen, tie_rank=tie_rank), targets)
    return ndcg_at(hits, np.diff(targets.indptr).astype(np.int64), K)
