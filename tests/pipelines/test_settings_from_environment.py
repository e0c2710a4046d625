"""Where things are: arguments win over the environment, the environment over the defaults."""

from pathlib import Path

import pytest

from pipelines.settings import SAMPLE_DATA, Settings
from recsys_core.errors import ParameterError, RegistryError


def test_without_arguments_and_environment_the_sample_and_a_folder_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    found = Settings.from_environment()

    assert found == Settings(home=tmp_path.resolve() / ".recsys", data_dir=SAMPLE_DATA)
    assert (found.config_file, found.tracking_uri, found.executor) == (None, "", "in_process")
    assert found.retrain_cron == "0 3 * * 1"


def test_the_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "RECSYS_HOME": "h",
        "RECSYS_DATA": "d",
        "RECSYS_DATASET": "d.yaml",
        "RECSYS_CONFIG": "c.yaml",
        "RECSYS_EXECUTOR": "multiprocess",
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:5000",
        "RECSYS_RETRAIN_CRON": "7 * * * *",
    }.items():
        monkeypatch.setenv(name, value)

    here = tmp_path.resolve()
    assert Settings.from_environment() == Settings(
        here / "h",
        here / "d",
        here / "c.yaml",
        "http://127.0.0.1:5000",
        "multiprocess",
        "7 * * * *",
        dataset_file=here / "d.yaml",
    )


def test_arguments_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RECSYS_HOME", "RECSYS_DATA", "RECSYS_CONFIG"):
        monkeypatch.setenv(name, "/nowhere")

    found = Settings.from_environment(home=tmp_path / "h", data_dir=tmp_path / "d", config_file=tmp_path / "c")

    here = tmp_path.resolve()
    assert (found.home, found.data_dir, found.config_file) == (here / "h", here / "d", here / "c")


def test_another_process_finds_the_same_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Settings(
        tmp_path / "h",
        tmp_path / "d",
        tmp_path / "c.yaml",
        "http://127.0.0.1:1",
        "multiprocess",
        "1 2 * * 3",
        dataset_file=tmp_path / "d.yaml",
    )
    for name, value in before.as_environment().items():
        monkeypatch.setenv(name, value)

    assert Settings.from_environment() == before
    assert before.as_environment()["DAGSTER_HOME"] == str(before.dagster_home)


def test_an_unknown_executor_is_named_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_EXECUTOR", "celery")
    with pytest.raises(ParameterError, match="RECSYS_EXECUTOR is 'celery', expected one of in_process, multiprocess"):
        Settings.from_environment()


def test_a_home_without_runs_has_no_models(settings: Settings) -> None:
    with pytest.raises(RegistryError, match=r"no model is registered in .*home; run `recsys run` first"):
        settings.existing_tracking()
    assert not settings.home.exists()
