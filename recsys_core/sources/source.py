"""What a source is: one opinion on what somebody would like, and how it enters the hybrid's product."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.features import ItemFeatures
from recsys_core.histories import Histories, Known
from recsys_core.parameters import Parameters
from recsys_core.sources.moments import Moments
from recsys_core.sources.search_space import SearchParameter
from recsys_core.sources.solvers import HERE, Solvers

__all__ = ["AverseSource", "Entry", "Side", "Source", "SourceKind", "Training", "parameters_of", "raw_scores"]

Side = Literal["collaborative", "content", "popularity"]
"""Under which heading people are told what a source gave."""
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """What sources are fitted on.

    matrix    ratings of the training part
    features  of the catalogue: the items of ``matrix`` first, in its order, then those without a rating in it
    solvers   by whom the sources that are solved on other machines are solved
    start     sources fitted before on other ratings, by name, from which training may start
    """

    matrix: UserItemMatrix
    features: ItemFeatures
    feedback: Feedback
    solvers: Solvers = HERE
    start: Mapping[str, "Source"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """The scores of some people, in the form that is cheapest to add up.

    moments  mean and spread of each user's scores over the warm items
    left     float of shape (n_users, rank): times the source's ``item_side`` it gives the scores; or None, and then
    sparse   CSR float32 of shape (n_users, n_items), no column twice in a row: all others score 0; or None, and then
    raw      float32 of shape (n_users, n_columns): scores of the source's ``columns``; the caller may overwrite, unless
             others are given the same (:class:`recsys_core.sources.entries.Entries`)
    aversion CSR float32 of the shape of ``raw``, nowhere above 0: how like items are to what the user dislikes; None
             where nobody dislikes anything, or the source cannot tell
    """

    moments: Moments
    left: NDArray[np.floating[Any]] | None = None
    sparse: csr_matrix | None = None
    raw: Scores | None = None
    aversion: csr_matrix | None = None


class Source(Protocol):
    """A trained source. It never changes its inputs, and the same rows give the same scores in any batch."""

    @property
    def item_ids(self) -> NDArray[np.int64]:
        """The training vocabulary, of shape (n_items,), sorted."""

    @property
    def item_side(self) -> NDArray[np.float32] | None:
        """Of a low-rank source the factor (rank, n_items) that all people share; of others None."""

    @property
    def columns(self) -> NDArray[np.int64] | None:
        """int64 of shape (n_columns,), sorted: the items that anybody's scores are of, all others score 0; None: every
        item."""

    def score(self, known: Known) -> Scores:
        """Raw scores, float32 of shape (n_users, n_items)."""

    def enter(self, histories: Histories) -> Entry:
        """The same scores and their moments, not yet spread out."""

    def parts(self, history: Histories, mixture: csr_matrix) -> NDArray[np.float64]:
        """What each of one user's own titles gave to the raw scores of the warm items, mixed: (n_mixed, n_rated).

        ``mixture`` (n_mixed, n_items) times the parts of all items, which are never made; of some items it is
        :func:`recsys_core.sparse_rows.selected`.

        Columns follow the user's warm titles, then, where the source knows them, the cold ones. A row adds up to the
        item's score. A title that was disliked gives nothing above 0.
        """

    def save(self, directory: Path) -> None:
        """Write into an existing empty folder."""

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what :meth:`save` wrote."""


class AverseSource(Source, Protocol):
    """A source that tells what is like disliked titles."""

    def aversion_parts(self, history: Histories, mixture: csr_matrix) -> NDArray[np.float64]:
        """What each of one user's own titles gave to the aversion of :meth:`enter`: like :meth:`parts`."""


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One line of the table of sources, and all that the rest of the project knows of a source.

    name      in weights, parameters, documents; its asset is NAME_model
    label     for people
    side      the heading under which people are told of it
    defaults  its parameters where nobody gives others; None where it has none
    fit       from training data and parameters to the trained source
    model     the class of the trained source
    taste     default weight in what the user's own ratings say, α(n)
    prior     default weight in what is assumed of newcomers, 1 − α(n)
    steady    t: a user's spread is never taken for less than about t times what is usual, so that scores that hardly
              differ are not blown up to full evidence
    search    its own parameters (stage of its name) and its weights (stages "blend" and "gate") that tuning searches
    n_trials  of its own stage by default; 0: it has none
    n_rounds  rounds of validation on which its own stage is judged
    budget    share of a search's time that its own stage may take
    fitter    from training data and parameters to a function from other parameters to the trained source, where that
              is cheaper than to fit anew for each trial
    on_sample from parameters and the share of the users in a sample to what the parameters come to there; None where
              trials are fitted on everybody
    summary   in one line, for its asset's page
    needed    kept in a hybrid in which it has no weight
    baseline  stands in evaluations by itself
    """

    name: str
    label: str
    side: Side
    defaults: Parameters | None
    fit: Callable[[Training, Any], Source]
    model: type[Source]
    taste: float = 0.0
    prior: float = 0.0
    steady: float = 0.0
    search: tuple[SearchParameter, ...] = ()
    n_trials: int = 0
    n_rounds: int = 1
    budget: float = 0.0
    fitter: Callable[[Training, Any], Callable[[Any], Source]] | None = None
    on_sample: Callable[[Any, float], Any] | None = None
    summary: str = ""
    needed: bool = False
    baseline: bool = False

    @property
    def module(self) -> str:
        """The folder whose code decides what the source is."""
        return self.model.__module__.rpartition(".")[0]

    @property
    def averse(self) -> bool:
        """Whether it tells what is like disliked titles."""
        return hasattr(self.model, "aversion_parts")

    @property
    def is_tuned(self) -> bool:
        """Whether it has a stage of its own."""
        return self.n_trials > 0


def parameters_of(source: Source) -> dict[str, Any]:
    """A trained source's parameters as values that JSON can hold; none where it has none."""
    found = getattr(source, "parameters", None)
    return found.as_dict() if isinstance(found, Parameters) else {}


def raw_scores(source: Source, entry: Entry) -> Scores:
    """The scores that ``entry`` stands for, float32 of shape (n_users, n_items)."""
    if entry.left is not None:
        assert source.item_side is not None
        scores: Scores = entry.left.astype(np.float32) @ source.item_side
        return scores
    if entry.sparse is not None:
        return np.asarray(entry.sparse.toarray())
    assert entry.raw is not None
    if source.columns is None:
        return entry.raw
    scores = np.zeros((len(entry.raw), len(source.item_ids)), dtype=np.float32)
    scores[:, source.columns] = entry.raw
    return scores
