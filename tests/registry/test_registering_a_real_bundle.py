import gc
import json
import re
import subprocess
import sys
import tomllib
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from packaging.requirements import Requirement

from recsys_core.bundle import ListOptions, ModelBundle, Titles
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.hybrid import HybridWeights, fit_hybrid
from recsys_core.sources.als import ALSParameters
from recsys_core.sources.table import SOURCES
from recsys_core.testing import planted_features, planted_interactions
from registry.interface import input_example
from registry.models import ModelRegistry


@pytest.fixture(scope="module")
def bundle() -> ModelBundle:
    ratings = planted_interactions(40, 30, 600)
    model = fit_hybrid(
        ratings,
        planted_features(ratings.item_ids),
        parameters={kind.name: kind.defaults for kind in SOURCES} | {"als": ALSParameters(factors=4, iterations=3)},
        weights=HybridWeights(),
        feedback=MOVIELENS.feedback,
    )
    movies = pa.table(
        {
            "item_id": ratings.item_ids,
            "title": [f"Film {item_id} (1999)" for item_id in ratings.item_ids],
            "genres": ["Drama"] * ratings.n_items,
        }
    )
    return ModelBundle(model, ratings, Titles.of_movies(movies), {"data_fingerprint": "data-1"})


def test_the_champion_recommends_what_its_bundle_recommends(bundle, tracking, tmp_path):
    directory = tmp_path / "bundle"
    directory.mkdir()
    bundle.save(directory)
    user_id = int(bundle.known.user_ids[0])
    liked = [int(item_id) for item_id in bundle.known.item_ids[:2]]
    registry = ModelRegistry(tracking)
    registry.register_bundle(
        directory,
        tracking.parent_run("d1"),
        data_fingerprint="data-1",
        metrics={},
        example=input_example(user_id, liked),
    )
    registry.versions.set_alias("champion", "1")

    again = ModelBundle.load(registry.bundle_path())
    expected = bundle.recommend_for_user(user_id, ListOptions(k=5))
    assert again.recommend_for_user(user_id, ListOptions(k=5)).as_dict() == expected.as_dict()

    with tracking.as_global() as mlflow:
        model = mlflow.pyfunc.load_model("models:/hybrid-recommender@champion")
    served = model.predict(pd.DataFrame({"user_id": [user_id]}), params={"k": 5})
    assert served["movie_id"].tolist() == [item.movie_id for item in expected.items]
    assert np.allclose(served["score"], [item.score for item in expected.items])
    from_liked = model.predict(pd.DataFrame({"liked": [",".join(map(str, liked))]}), params={"k": 3, "model": "als"})
    wanted = bundle.recommend_for_liked(liked, ListOptions(k=3, model="als"))
    assert from_liked["movie_id"].tolist() == [item.movie_id for item in wanted.items]
    assert not set(liked) & set(from_liked["movie_id"])


def test_nothing_of_the_model_that_answered_its_example_stays(bundle, tracking, tmp_path):
    directory = tmp_path / "bundle"
    directory.mkdir()
    bundle.save(directory)

    def n_bundles() -> int:
        gc.collect()
        return sum(isinstance(one, ModelBundle) for one in gc.get_objects())

    before = n_bundles()
    ModelRegistry(tracking).register_bundle(
        directory,
        tracking.parent_run("d1"),
        data_fingerprint="data-1",
        metrics={},
        example=input_example(int(bundle.known.user_ids[0]), []),
    )
    assert n_bundles() <= before


ELSEWHERE = """
import json, sys
sys.path[:] = [entry for entry in sys.path if not entry.endswith("site-packages")] + [sys.argv[2]]
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1], suppress_warnings=True)
answer = model.predict(pd.DataFrame({"user_id": [int(sys.argv[3])]}), params={"k": 5})
import recsys_core, registry
modules = {name.partition(".")[0] for name in sys.modules}
print(json.dumps([answer["movie_id"].tolist(), recsys_core.__file__, registry.__file__, sorted(modules)]))
"""


def test_a_version_answers_where_this_project_is_not_installed(bundle, tracking, tmp_path):
    (tmp_path / "bundle").mkdir()
    bundle.save(tmp_path / "bundle")
    user_id = int(bundle.known.user_ids[0])
    registry = ModelRegistry(tracking)
    registry.register_bundle(
        tmp_path / "bundle",
        tracking.parent_run("d1"),
        data_fingerprint="data-1",
        metrics={},
        example=input_example(user_id, []),
    )
    stored = registry.bundle_path("1").parents[1]
    # -S: no .pth file is read, so an editable installation leads nowhere; -I: neither does PYTHONPATH
    command = [sys.executable, "-I", "-S", "-W", "ignore", "-c", ELSEWHERE, str(stored), site_packages(), str(user_id)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    items, *files, modules = json.loads(done.stdout.splitlines()[-1])
    assert items == [item.movie_id for item in bundle.recommend_for_user(user_id, ListOptions(k=5)).items]
    assert all(file.startswith(f"{stored}/code/") for file in files)
    known = packages_distributions()
    used = {canonical(name) for module in modules for name in known.get(module, ())}
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    declared = {canonical(Requirement(line).name) for line in project["dependencies"]}
    asked_for = (stored / "requirements.txt").read_text().splitlines()
    assert used & declared <= required(asked_for)
    assert {Requirement(line).name for line in asked_for} <= used


def site_packages() -> str:
    return str(Path(str(distribution("mlflow").locate_file(""))).resolve())


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(lines) -> set[str]:
    """Names of what the requirements install, with all that these require in turn."""
    found: set[str] = set()
    todo = [Requirement(line) for line in lines]
    while todo:
        one = todo.pop()
        if (one.marker and not one.marker.evaluate({"extra": ""})) or canonical(one.name) in found:
            continue
        found.add(canonical(one.name))
        with suppress(PackageNotFoundError):
            todo += [Requirement(text) for text in distribution(one.name).requires or ()]
    return found
