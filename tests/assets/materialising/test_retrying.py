"""What may pass by itself is tried again after a while; what will not is told at once."""

import errno
import sqlite3
import urllib.error
from collections.abc import Callable, Iterator
from email.message import Message
from typing import Any

import dagster as dg
import pytest
import requests

from assets.materialising import retrying, step
from assets.materialising.retrying import passes_by_itself
from assets.workspace import Workspace
from pipelines.failures import failures_of
from recsys_core.errors import DataError, RegistryError, StorageError
from tests.assets.materialising.running_steps import materialize, wrap


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (sqlite3.OperationalError("database is locked"), True),
        (sqlite3.OperationalError("no such table: runs"), False),
        (caused(RegistryError("does not answer"), urllib.error.URLError(ConnectionRefusedError(111, "refused"))), True),
        (caused(RegistryError("does not answer"), requests.ConnectionError("Max retries exceeded")), True),
        (caused(StorageError("cannot be read"), OSError(errno.ESTALE, "Stale file handle")), True),
        (caused(StorageError("cannot be written"), OSError(errno.ENOSPC, "No space left on device")), False),
        (caused(RegistryError("cannot be asked"), requests.exceptions.RetryError("too many 503 responses")), True),
        (caused(RegistryError("error 502"), urllib.error.HTTPError("http://m/health", 502, "", Message(), None)), True),
        (
            caused(RegistryError("404"), urllib.error.HTTPError("http://m/health", 404, "", Message(), None)),
            False,
        ),
        (DataError("ratings.csv has no column rating"), False),
        (FileNotFoundError(errno.ENOENT, "No such file"), False),
        (ZeroDivisionError(), False),
    ],
    ids=repr,
)
def test_what_may_pass_by_itself(error: Exception, passes: bool) -> None:
    assert passes_by_itself(error) == passes


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "RETRY_SECONDS", (0, 0, 0))


def failing(times: int, error: Exception) -> Callable[[Callable[[], Any]], Any]:
    attempts = iter(range(100))

    def around(function: Callable[[], Any]) -> Any:
        if next(attempts) < times:
            raise error
        return function()

    return around


def test_a_step_that_met_a_locked_database_is_tried_again(
    up_to_date: Workspace, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrap(monkeypatch, "split", failing(2, sqlite3.OperationalError("database is locked")))
    result = materialize(up_to_date, "split", instance=instance)
    assert result.success
    assert len([event for event in result.all_events if event.is_step_up_for_retry]) == 2


def test_a_database_that_stays_locked_fails_the_step_which_another_run_may_do(
    up_to_date: Workspace, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrap(monkeypatch, "split", failing(99, sqlite3.OperationalError("database is locked")))
    result = materialize(up_to_date, "split", instance=instance)
    (failure,) = failures_of(instance, result.run_id)
    assert (failure.asset, failure.may_pass) == ("split", True)
    assert failure.message.endswith("a database failed (database is locked); try again")
    assert len([event for event in result.all_events if event.is_step_up_for_retry]) == len(retrying.RETRY_SECONDS)


def test_bad_data_is_not_tried_again(
    up_to_date: Workspace, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrap(monkeypatch, "split", failing(99, DataError("nobody has five ratings; give more data")))
    result = materialize(up_to_date, "split", instance=instance)
    (failure,) = failures_of(instance, result.run_id)
    assert (failure.message, failure.may_pass) == ("nobody has five ratings; give more data", False)
    assert not any(event.is_step_up_for_retry for event in result.all_events)
