import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from recsys_core.errors import RegistryError, StorageError
from registry.content_hash import folder_fingerprint
from registry.data_sets import DataSet
from registry.gate import Decision
from registry.interface import input_example, pip_requirements
from registry.promotion import Promotions

EXAMPLE = input_example(1, [1, 2])
METRICS = {"hybrid": {"ndcg@10": 0.35, "coverage@10": 0.05}}
AT = datetime(2026, 1, 2, tzinfo=UTC)


def test_a_registered_bundle_is_found_with_what_is_known_of_it(registry, register, make_bundle, tracking):
    made = register("A")
    assert made == registry.versions.get("1") == registry.versions.get(1)
    assert (made.data_fingerprint, made.dagster_run_id, made.metrics) == ("data-1", "d1", METRICS)
    assert made.bundle_fingerprint == folder_fingerprint(make_bundle("A"))
    assert made.run_id == tracking.parent_run("d1")
    assert folder_fingerprint(registry.bundle_path("1")) == made.bundle_fingerprint
    logged = tracking.client.get_run(made.run_id)
    assert [output.model_id for output in logged.outputs.model_outputs] == [made.model_id]


def test_a_description_links_the_run_ends_with_the_verdict_and_ties_metrics_to_model_and_data(
    registry, register, tracking
):
    made = register("A")
    log = tracking.log(made.run_id)
    measured_on = DataSet(name="test part", fingerprint="t" * 64, source="data", context="test")
    for _ in range(2):  # said again, it is said once
        registry.describe(made.version, log, "What it is.", metrics={"ndcg@10": 0.35}, measured_on=measured_on)
        registry.versions.tell_verdict(made.version, "KEPT", ["ndcg@10 changed by -0.0100", "too few users"])
    described = tracking.client.get_model_version(registry.name, made.version).description
    assert described == (
        f"What it is. Made and measured in [this run](#/experiments/{tracking.experiment_id}/runs/{made.run_id}). "
        "The gate: **KEPT**: ndcg@10 changed by -0.0100; too few users."
    )
    assert tracking.client.get_run(made.run_id).data.metrics == {"ndcg_at_10": 0.35}
    tied = {(m.key, m.value, m.dataset_name) for m in tracking.client.get_logged_model(made.model_id).metrics}
    assert tied == {("ndcg_at_10", 0.35, "test part")}


def test_the_same_bundle_is_registered_once_whatever_run_and_folder_it_comes_from(registry, register):
    first = register("A")
    assert register("A", dagster_run_id="d2", folder="elsewhere/and/deeper") == first
    assert register("B").version == "2"
    assert len(registry.versions.all()) == 2


def test_the_models_document_has_the_agreed_shape(registry, register):
    assert registry.versions.list_models() == {"models": []}
    register("A")
    register("B")
    Promotions(registry.tracking).apply(
        Decision("FIRST", ("none before",), {}), "1", against=None, decision_id="x", at=AT
    )
    newest, first = registry.versions.list_models()["models"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first.pop("created_at"))
    assert first == {"version": "1", "aliases": ["champion"], "verdict": "FIRST", "metrics": METRICS}
    assert (newest["version"], newest["aliases"], newest["verdict"]) == ("2", [], None)
    json.dumps(newest, allow_nan=False)


def test_the_champion_loads_as_a_pyfunc_and_answers(registry, register, tracking):
    register("A")
    registry.versions.set_alias("champion", "1")
    with tracking.as_global() as mlflow:
        model = mlflow.pyfunc.load_model("models:/hybrid-recommender@champion")
    known = model.predict(pd.DataFrame({"user_id": [7]}), params={"k": 2})
    assert known[["user_id", "rank", "movie_id", "title"]].values.tolist() == [
        [7, 1, 1, "A hybrid 1"],
        [7, 2, 2, "A hybrid 2"],
    ]
    liked = model.predict(pd.DataFrame({"liked": ["1, 2"]}), params={"k": 1, "model": "als"})
    assert liked[["movie_id", "title", "path"]].values.tolist() == [[3, "A als 3", "folded_in"]]
    both = model.predict(EXAMPLE.people)
    assert both["row"].value_counts().to_dict() == {0: 10, 1: 10}


def test_a_version_carries_its_code_and_requires_what_is_published(registry, register, tracking):
    before = list(sys.path)
    made = register("A")
    assert sys.path == before
    stored = registry.bundle_path(made.version).parents[1]
    code = {path.relative_to(stored / "code").as_posix() for path in (stored / "code").rglob("*") if path.is_file()}
    assert {name.split("/")[0] for name in code} == {"recsys_core", "registry"}
    assert {Path(name).suffix for name in code} == {".py"}
    requirements = (stored / "requirements.txt").read_text()
    assert "mlflow==" in requirements
    for file in ("requirements.txt", "conda.yaml", "python_env.yaml"):
        assert "://" not in (stored / file).read_text()
        assert "index" not in (stored / file).read_text()
        assert "hybrid-movie-recommender" not in (stored / file).read_text()


def test_requirements_are_pinned():
    assert all(re.fullmatch(r"[a-z-]+==[\w.+]+", line) for line in pip_requirements())


def test_a_model_that_fails_its_own_example_is_not_registered(registry, tracking, tmp_path, fake_pyfunc):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "bundle.json").write_text("{}")
    with pytest.raises(RegistryError, match="does not answer its own example"):
        registry.register_bundle(
            broken,
            tracking.parent_run("d1"),
            data_fingerprint="x",
            metrics={},
            example=EXAMPLE,
            python_model=fake_pyfunc,
        )
    assert registry.versions.all() == []
    assert list(tracking.folder.glob(".registering-*")) == []


def test_what_a_killed_registration_left_behind_is_removed(register, tracking):
    left = tracking.folder / ".registering-killed"
    left.mkdir()
    (left / "half").write_text("x")
    register("A")
    assert not left.exists()


def test_registering_does_not_touch_the_bundle_folder(register, make_bundle):
    register("A")
    file = make_bundle("A") / "bundle.json"
    assert file.stat().st_nlink == 1  # no second name through which the registry's copy could change it
    assert json.loads(file.read_text()) == {"name": "A"}


def test_a_damaged_bundle_is_never_used(registry, register):
    register("A")
    file = registry.bundle_path("1") / "bundle.json"
    file.write_text(file.read_text() + " ")
    with pytest.raises(RegistryError, match=r"version 1 .* is damaged"):
        registry.bundle_path("1")


def test_unknown_versions_and_aliases_are_named(registry, register):
    with pytest.raises(RegistryError, match="run the pipeline first"):
        registry.bundle_path()
    register("A")
    with pytest.raises(RegistryError, match=r"'9'; it has the versions 1 and the aliases none"):
        registry.versions.get("9")
    with pytest.raises(RegistryError, match="no version or alias 'champion'"):
        registry.bundle_path("champion")
    assert registry.versions.find("champion") is None


def test_the_evaluation_twin_of_a_version_comes_back(registry, register, make_bundle, tracking):
    made = register("A")
    with pytest.raises(RegistryError, match="never stored whole"):
        registry.evaluation_model_path(made.version)
    twin = make_bundle("twin")
    registry.log_evaluation_model(made.run_id, twin)
    registry.log_evaluation_model(made.run_id, twin)
    assert folder_fingerprint(registry.evaluation_model_path("1")) == folder_fingerprint(twin)


def test_a_half_copied_evaluation_twin_is_never_used(registry, register, make_bundle):
    made = register("A")
    twin = make_bundle("twin")
    registry.log_evaluation_model(made.run_id, twin)
    (registry.evaluation_model_path("1") / "bundle.json").write_text("{")
    with pytest.raises(RegistryError, match="damaged"):
        registry.evaluation_model_path("1")


def test_promotion_and_rollback_move_the_real_aliases(registry, register, tracking):
    promotions = Promotions(tracking)
    for name, decision, against in (
        ("A", Decision("FIRST", ("none before",), {}), None),
        ("B", Decision("PROMOTED", ("better",), {"gain": 0.1}), "1"),
    ):
        version = register(name).version
        promotions.announce(version)
        assert registry.versions.find("challenger").version == version
        promotions.apply(decision, version, against=against, decision_id=f"d1:{version}", at=AT)
    assert registry.versions.aliases() == {"champion": "2", "previous_champion": "1"}
    promotions.rollback(at=AT, actor="ada")
    assert registry.versions.find("champion").version == "1"
    assert [entry.verdict for entry in registry.versions.all()] == ["PROMOTED", "FIRST"]


def test_a_fingerprint_depends_on_names_and_contents_only(tmp_path, make_bundle):
    one, two = make_bundle("A"), make_bundle("A", folder="copy")
    assert folder_fingerprint(one) == folder_fingerprint(two)
    (two / "bundle.json").rename(two / "other.json")
    assert folder_fingerprint(one) != folder_fingerprint(two)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(StorageError, match="with files in it"):
        folder_fingerprint(empty)


def test_the_model_file_that_is_shipped_only_names_the_installed_class():
    from registry.models import PYFUNC_FILE

    assert Path(PYFUNC_FILE).name == "pyfunc_model.py"
    assert len(Path(PYFUNC_FILE).read_text().splitlines()) < 15
