"""What every engine must do: one suite, inherited by a class of tests for each engine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from engines import STEPS, Engine
from recsys_core.bundle import ModelBundle, recommend_all
from recsys_core.bundle.titles import Titles
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.errors import MalformedFileError
from recsys_core.hybrid import NewTitles
from recsys_core.reading import read_table
from recsys_core.sources.als import ALSParameters, fit_als, rating_confidence
from recsys_core.sources.ease import EASEParameters, fit_ease
from recsys_core.testing.builders import planted_interactions
from recsys_core.testing.hybrids import planted_hybrid

__all__ = ["EngineContract", "Shares"]

RATINGS, MOVIES = MOVIELENS.table("ratings"), MOVIELENS.table("movies")
FEEDBACK = MOVIELENS.feedback
ALS = ALSParameters(factors=4, regularization=6.0, iterations=10, dislike_confidence=2.0)
Floats = NDArray[np.float64]
Shares = tuple[Floats, Floats]
"""By what the regularisation of every user, and of every item, is multiplied in the objective of an engine."""


class EngineContract:
    """Give a fixture ``engine``, and say what its ALS minimises where that is not what this machine's does."""

    def shares(self, confidence: csr_matrix) -> Shares:
        return np.ones(confidence.shape[0]), np.ones(confidence.shape[1])

    def test_it_names_itself_and_why_it_leaves_steps_to_this_machine(self, engine: Engine) -> None:
        assert engine.name
        assert set(engine.declined) <= set(STEPS)
        assert all(reason and "\n" not in reason for reason in engine.declined.values())

    @pytest.mark.parametrize("write", ["one_file", "parts", "parquet", "rows_over_lines"])
    def test_tables_and_rejects_are_those_of_this_machine(self, engine: Engine, tmp_path: Path, write: str) -> None:
        table = MOVIES if write == "rows_over_lines" else RATINGS
        path = WRITERS[write](tmp_path)
        here, there = tmp_path / "here", tmp_path / "there"
        here.mkdir()
        there.mkdir()

        expected, found = read_table(path, table, here), engine.read(path, table, there)

        assert found == expected
        assert found.n_rejected > 0
        for name in ("rows.parquet", "rejected.parquet"):
            assert pq.read_table(there / name).equals(pq.read_table(here / name))

    def test_what_cannot_be_read_is_said_as_ever(self, engine: Engine, tmp_path: Path) -> None:
        path = WRITERS["parts"](tmp_path)
        (path / "part-00002.csv").write_text("userId,movieId,rating\n1,2,3\n")
        with pytest.raises(MalformedFileError) as error:
            read_table(path, RATINGS, tmp_path)
        with pytest.raises(MalformedFileError) as same:
            engine.read(path, RATINGS, tmp_path)
        assert str(same.value) == str(error.value)

    def test_als_solves_the_objective_that_the_engine_declares(self, engine: Engine) -> None:
        known, wanted = _split(planted_interactions(300, 120, 6_000, seed=5))
        confidence = rating_confidence(known.ratings, ALS, FEEDBACK)
        shares = self.shares(confidence)
        regularizations = (ALS.regularization * shares[0], ALS.regularization * shares[1])

        model = fit_als(known.ratings, known.item_ids, ALS, feedback=FEEDBACK, solve=engine.solvers.als)

        items = model.item_factors.astype(np.float64)
        users = _solved(items, confidence, regularizations[0])
        oracle_users, oracle_items = _als_in_numpy(confidence, regularizations)
        loss = _loss(confidence, users, items, regularizations)
        assert loss == pytest.approx(_loss(confidence, oracle_users, oracle_items, regularizations), rel=0.01)
        scores, expected = users @ items.T, oracle_users @ oracle_items.T
        assert np.corrcoef(scores.ravel(), expected.ravel())[0, 1] > 0.97
        difference = _ndcg(scores, known.ratings, wanted) - _ndcg(expected, known.ratings, wanted)
        assert abs(difference.mean()) < 2 * difference.std() / np.sqrt(len(difference)) + 1e-12

    def test_als_is_nearly_as_good_as_here_where_few_titles_have_most_ratings(self, engine: Engine) -> None:
        """With the regularisation that is good here: the tuner, which tries models here, hands over no other."""
        known, wanted = _split(planted_interactions(800, 4_000, 40_000, seed=5))
        parameters = ALSParameters(factors=8, regularization=40.0, iterations=10)
        here, there = (
            fit_als(known.ratings, known.item_ids, parameters, feedback=FEEDBACK, solve=solve)
            for solve in (None, engine.solvers.als)
        )
        found, expected = (
            _ndcg(model.score(known.ratings).astype(np.float64), known.ratings, wanted) for model in (there, here)
        )
        assert found.mean() > 0.9 * expected.mean()

    def test_als_is_the_same_twice(self, engine: Engine) -> None:
        known = planted_interactions(60, 40, 900, seed=2)
        parameters = ALSParameters(factors=4, regularization=2.0, iterations=3, seed=7)
        one, other = (
            fit_als(known.ratings, known.item_ids, parameters, feedback=FEEDBACK, solve=engine.solvers.als)
            for _ in range(2)
        )
        np.testing.assert_array_equal(one.item_factors, other.item_factors)

    def test_ease_has_the_weights_of_this_machine(self, engine: Engine) -> None:
        known = planted_interactions(25_000, 60, 200_000, seed=6)
        parameters = EASEParameters(regularization=50.0, max_items=50)
        here, there = (
            fit_ease(known.ratings, known.item_ids, parameters, feedback=FEEDBACK, solve=solve)
            for solve in (None, engine.solvers.ease)
        )

        np.testing.assert_allclose(there.weights, here.weights, rtol=1e-3, atol=1e-5)

    def test_lists_are_those_of_this_machine(self, engine: Engine) -> None:
        bundle = _bundle()
        wanted = NewTitles(places=1)

        expected, found = (do(bundle, 6, new_titles=wanted).table for do in (recommend_all, engine.recommend_all))

        assert found.drop_columns("score").equals(expected.drop_columns("score"))
        np.testing.assert_allclose(found["score"].to_numpy(), expected["score"].to_numpy(), rtol=1e-5, atol=1e-6)


def _bundle() -> ModelBundle:
    model, train = planted_hybrid()
    ids = model.catalogue_ids
    movies = pa.table({"item_id": ids, "title": [f"Film {n}" for n in ids], "genres": ["Drama"] * len(ids)})
    return ModelBundle(model, train, Titles.of_movies(movies), {})


HEADER = "userId,movieId,rating,timestamp\n"
FAULTS = ["1,2,3\n", "x,2,3,4\n", "\n", '5,"6",3.5,7\n', '1,"2,3.0,4\n', "1,2,0x10,4\n", "9,9,9,9,9\n", "\x00,1,2,3\n"]


def _rows(seed: int) -> str:
    rng = np.random.default_rng(seed)
    rows = [f"{u},{i},{r / 2},{t}\n" for u, i, r, t in rng.integers(1, 10, (60, 4)).tolist()]
    for place, fault in zip(rng.integers(0, 60, len(FAULTS)).tolist(), FAULTS, strict=True):
        rows.insert(place, fault)
    return "".join(rows)


def _one_file(folder: Path) -> Path:
    path = folder / "ratings.csv"
    path.write_text(HEADER + "".join(map(_rows, range(6))))
    return path


def _parts(folder: Path) -> Path:
    path = folder / "ratings.csv"
    path.mkdir()
    for number in range(5):
        (path / f"part-{number:05}.csv").write_text((HEADER if number % 2 == 0 else "") + _rows(number))
    (path / "_SUCCESS").touch()
    return path


def _parquet(folder: Path) -> Path:
    path = folder / "ratings.parquet"
    path.mkdir()
    for number in range(4):
        columns = {"userId": [1, 2, None], "movieId": [3, 4, number], "rating": ["5", "x", "3"], "timestamp": [1, 2, 3]}
        pq.write_table(pa.table(columns), path / f"part-{number:05}.snappy.parquet")
    return path


def _rows_over_lines(folder: Path) -> Path:
    path = folder / "movies.csv"
    rows = ['1,"Jules\net\n""Jim""",Drama\n', "2,Heat,Crime\n", '3,"open,Drama\n', '4,"La\r\nStrada",\r\n']
    path.write_text("movieId,title,genres\n" + "".join(rows * 40))
    return path


WRITERS: dict[str, Callable[[Path], Path]] = {
    "one_file": _one_file,
    "parts": _parts,
    "parquet": _parquet,
    "rows_over_lines": _rows_over_lines,
}


def _split(interactions: UserItemMatrix) -> tuple[UserItemMatrix, csr_matrix]:
    """Four fifths of the ratings, and of the other fifth those of at least 4 stars."""
    hidden = np.random.default_rng(1).random(interactions.n_ratings) < 0.2
    return interactions.select(~hidden), interactions.select(hidden & (interactions.ratings.data >= 4)).ratings


def _solved(factors: Floats, confidence: csr_matrix, regularizations: Floats) -> Floats:
    """The exact factors of every row, each with a regularisation of its own."""
    gram, solved = factors.T @ factors, np.zeros((confidence.shape[0], factors.shape[1]))
    for row, regularization in enumerate(regularizations):
        places = slice(confidence.indptr[row], confidence.indptr[row + 1])
        vectors, c = factors[confidence.indices[places]], confidence.data[places].astype(np.float64)
        system = gram + regularization * np.eye(len(gram)) + (vectors.T * (np.abs(c) - 1)) @ vectors
        solved[row] = np.linalg.solve(system, vectors.T @ np.maximum(c, 0))
    return solved


def _als_in_numpy(confidence: csr_matrix, regularizations: Shares) -> tuple[Floats, Floats]:
    by_item = csr_matrix(confidence.T)
    items = np.random.default_rng(3).random((confidence.shape[1], ALS.factors)) * 0.01
    for _ in range(30):
        users = _solved(items, confidence, regularizations[0])
        items = _solved(users, by_item, regularizations[1])
    return _solved(items, confidence, regularizations[0]), items


def _loss(confidence: csr_matrix, users: Floats, items: Floats, regularizations: Shares) -> float:
    dense = confidence.toarray()
    weights = np.where(dense == 0, 1.0, np.abs(dense))
    fit: Any = (weights * ((dense > 0) - users @ items.T) ** 2).sum()
    return float(fit + sum(r @ (side**2).sum(axis=1) for r, side in zip(regularizations, (users, items), strict=True)))


def _ndcg(scores: Floats, known: csr_matrix, wanted: csr_matrix, k: int = 10) -> Floats:
    """NDCG at ``k`` of each user who wants something."""
    unseen = np.where(known.toarray() != 0, -np.inf, scores)
    hits = np.take_along_axis(wanted.toarray() > 0, np.argsort(-unseen, axis=1)[:, :k], axis=1)
    discounts = 1 / np.log2(np.arange(2, k + 2))
    n_wanted = np.minimum(np.diff(wanted.indptr), k)
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])[n_wanted]
    return np.asarray((hits @ discounts)[n_wanted > 0] / ideal[n_wanted > 0], dtype=np.float64)
