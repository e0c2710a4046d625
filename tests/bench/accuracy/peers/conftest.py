"""A small job of two tastes that a peer finishes in a moment."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix, save_npz

N_ITEMS = 60
LAST_OF_FIRST_TASTE = 29
KNOWS_NEARLY_ALL, LIKES_NOTHING, NEW = 0, 1, 2
"""Rows of the view "odd": users that a peer must answer too."""


def _tastes(rng: np.random.Generator, n_users: int, n_rated: int) -> np.ndarray:
    """Users with even numbers rate items of the first half high, the others items of the second half."""
    ratings = np.zeros((n_users, N_ITEMS), dtype=np.float32)
    for user in range(n_users):
        mine = np.arange(N_ITEMS // 2) + (user % 2) * N_ITEMS // 2
        ratings[user, rng.choice(mine, n_rated, replace=False)] = rng.choice([4.0, 4.5, 5.0], n_rated)
        others = np.setdiff1d(np.arange(N_ITEMS), mine)
        ratings[user, rng.choice(others, 2, replace=False)] = rng.choice([1.0, 2.0], 2)
    return ratings


def _save(folder: Path, name: str, dense: np.ndarray) -> None:
    save_npz(folder / f"{name}.npz", csr_matrix(dense.astype(np.float32)))


@pytest.fixture
def job(tmp_path: Path) -> Path:
    rng = np.random.default_rng(7)
    folder = tmp_path / "job"
    folder.mkdir()
    odd = np.zeros((3, N_ITEMS), dtype=np.float32)
    odd[KNOWS_NEARLY_ALL, : N_ITEMS - 3] = 4.0
    odd[LIKES_NOTHING, [1, 2, 3]] = 1.0
    for number in range(2):
        validation = _tastes(rng, 12, 14)
        hidden = (validation >= 4) & (rng.random(validation.shape) < 0.4)
        _save(folder, f"round{number}_train", _tastes(rng, 40, 14))
        _save(folder, f"round{number}_known", np.where(hidden, 0, validation))
        _save(folder, f"round{number}_targets", np.where(hidden, validation, 0))
    _save(folder, "train", _tastes(rng, 52, 14))
    _save(folder, "known_warm", _tastes(rng, 10, 10))
    _save(folder, "known_odd", odd)
    np.save(folder / "item_ids.npy", np.arange(N_ITEMS, dtype=np.int64))
    asked = {"k": 8, "views": ["warm", "odd"], "seed": 0, "n_rounds": 2, "features": False}
    (folder / "job.json").write_text(json.dumps(asked), encoding="utf-8")
    return folder
