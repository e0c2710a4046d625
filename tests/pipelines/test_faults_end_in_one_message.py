"""Whatever goes wrong, foreseen or not, a command ends in one message and an exit code, never in a stack trace."""

import base64
import errno
import http.server
import json
import os
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy

from assets.workspace import Workspace
from pipelines.cli import main
from pipelines.settings import Settings
from recsys_core.faults import outside_fault
from registry.addresses import without_credentials_in
from registry.mlflow_library import credentials_apart

RUNS = Path("dagster", "history", "runs.db")
EVENTS = Path("dagster", "history", "runs", "index.db")
SCHEDULES = Path("dagster", "schedules", "schedules.db")
MODELS = Path("mlflow", "mlflow.db")


def call(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output and the one line on standard error of a command."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert err.count("\n") == 1, err
    return int(ended.value.code or 0), out, err


def plan(settings: Settings) -> list[str | Path]:
    return ["plan", "--home", settings.home, "--data", settings.data_dir]


def models(settings: Settings) -> list[str | Path]:
    return ["models", "--home", settings.home]


@pytest.fixture
def home(settings: Settings, up_to_date: Workspace) -> Path:
    os.environ["RECSYS_CONFIG"] = str(settings.config_file)
    return settings.home


def overwrite(database: Path) -> None:
    database.write_bytes(os.urandom(4096) + database.read_bytes()[4096:])


def cut(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 2 + 100)


@pytest.mark.parametrize("damage", [overwrite, cut])
@pytest.mark.parametrize(
    ("database", "command"),
    [(RUNS, plan), (EVENTS, plan), (SCHEDULES, plan), (MODELS, models)],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_damaged_database_is_named_with_the_way_on(
    capsys: pytest.CaptureFixture[str],
    settings: Settings,
    home: Path,
    database: Path,
    command: Callable[[Settings], list[str | Path]],
    damage: Callable[[Path], None],
) -> None:
    damage(home / database)

    code, out, err = call(capsys, *command(settings), "--json")

    assert code == 1
    assert err.startswith(f"recsys: {home / database}: ")
    assert "restore it from a copy, or move it away" in err
    (failure,) = json.loads(out)["failed"]
    assert f"recsys: {failure['message']}\n" == err


def test_a_locked_database_is_to_be_waited_for_and_not_moved_away(
    capsys: pytest.CaptureFixture[str], settings: Settings, home: Path
) -> None:
    with closing(sqlite3.connect(home / MODELS, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        code, _, err = call(capsys, *models(settings))

    assert code == 1
    assert err.startswith(f"recsys: {home / MODELS}: is locked by ")
    assert err.endswith("; wait for it to end, or stop it\n")


def test_the_database_that_is_locked_is_found_below_the_home(home: Path) -> None:
    with (
        closing(sqlite3.connect(home / EVENTS, isolation_level=None)) as other,
        closing(sqlite3.connect(home / EVENTS, isolation_level=None, timeout=0)) as ours,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as caught:
            ours.execute("BEGIN IMMEDIATE")
        from_sqlalchemy = sqlalchemy.exc.OperationalError("INSERT", {}, caught.value)
        told = outside_fault(from_sqlalchemy, home)

    assert told is not None
    assert told.startswith(f"{home / EVENTS}: is locked by ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("telemetry: [\n", "line 2: is not valid YAML"),
        ("telemetry: {}\ntelemetry: {}\n", "line 2: telemetry is given twice"),
        ("telemetrie: {enabled: false}\n", "cannot be used (Errors whilst loading dagster instance config"),
        ("run_storage: {module: nowhere, class: X, config: {}}\n", "Couldn't import module nowhere"),
        (b"\xff", "is not valid YAML ('utf-8' codec"),
    ],
)
def test_dagsters_settings_are_refused_by_file(
    capsys: pytest.CaptureFixture[str], settings: Settings, text: str | bytes, words: str
) -> None:
    path = settings.dagster_home / "dagster.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())

    code, _, err = call(capsys, *plan(settings))

    assert code == 1
    assert err.startswith(f"recsys: Dagster's settings {path}: ")
    assert words in err


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("pipelines.running.look", look)


class _LostError(Exception):
    """As psycopg2 names it; the driver need not be installed."""


_LostError.__module__, _LostError.__name__ = "psycopg2", "OperationalError"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/h/value"), "the disk is full: /h/value cannot be written"),
        (OSError(errno.EROFS, "Read-only file system", "/h/x"), "/h/x: cannot be used (Read-only file system); give"),
        (PermissionError(errno.EACCES, "Permission denied", "/h/x"), "/h/x: cannot be used (Permission denied); give"),
        (FileExistsError(errno.EEXIST, "File exists", "/h/x"), "/h/x: cannot be used (File exists); move what is in"),
        (MemoryError("3 GiB"), "there is not enough memory (3 GiB)"),
        (
            sqlalchemy.exc.OperationalError("SELECT", {}, _LostError("server closed the connection\nunexpectedly")),
            "PostgreSQL does not answer (server closed the connection); see that it runs",
        ),
    ],
)
def test_a_fault_of_the_machine_is_told_without_a_trace(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    error: Exception,
    words: str,
) -> None:
    raising(error, monkeypatch)

    code, _, err = call(capsys, *plan(settings))

    assert code == 1
    assert err.startswith(f"recsys: {words}")
    assert not (settings.home / "logs").exists()


@pytest.mark.parametrize("error", [ZeroDivisionError("odd"), EOFError("odd"), BrokenPipeError(errno.EPIPE, "odd")])
def test_what_nobody_foresaw_leaves_its_trace_in_the_log_of_the_home(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, settings: Settings, error: Exception
) -> None:
    raising(error, monkeypatch)

    code, out, err = call(capsys, *plan(settings), "--json")

    log = settings.home / "logs" / "recsys.log"
    assert code == 1
    assert err.startswith(f"recsys: unexpected error ({type(error).__name__}: ")
    assert f"its trace is in {log}; " in err
    assert json.loads(out)["status"] == "failed"
    assert "in look" in log.read_text()
    log.write_bytes(b"x" * 1_000_001)
    call(capsys, *plan(settings))
    assert log.stat().st_size < 100_000
    assert (log.parent / "recsys.log.1").stat().st_size == 1_000_001


def test_the_log_lies_elsewhere_where_the_home_takes_none_and_has_no_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    settings.home.mkdir()
    (settings.home / "logs").write_text("in the way")
    raising(ZeroDivisionError("at postgresql://me:se%40cret@host/d?password=other"), monkeypatch)

    _, _, err = call(capsys, *plan(settings))

    (log,) = tmp_path.glob("recsys-*.log")
    assert f"its trace is in {log}; " in err
    assert "postgresql://host/d?password=…" in log.read_text()
    assert [word for word in ("cret", "other", "me:") if word in err + log.read_text()] == []


@pytest.mark.parametrize(
    "command", [["run"], ["plan"], ["check-home"], ["recommend", "--user", "1"], ["models"], ["promote", "1"]]
)
def test_a_home_in_whose_place_a_file_stands_is_refused(
    capsys: pytest.CaptureFixture[str], settings: Settings, command: list[str]
) -> None:
    settings.home.write_text("a file")
    code, _, err = call(capsys, *command, "--home", settings.home)
    assert code == 1
    assert err.startswith("recsys: ")
    assert "unexpected" not in err


class Answering(http.server.BaseHTTPRequestHandler):
    """A server that is what its test wants: every path answers alike, or /health as MLflow's does."""

    answer: tuple[int, bytes] | None = (200, b"OK")  # None: none comes
    health: tuple[int, bytes] | None = None
    asked_by: str | None = None

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        told = self.health if self.path == "/health" and self.health else self.answer
        if self.asked_by and self.headers.get("Authorization") != self.asked_by:
            told = (401, b"")
        if told is None:
            time.sleep(3)
            return
        self.send_response(told[0])
        self.send_header("Content-Length", str(len(told[1])))
        self.end_headers()
        self.wfile.write(told[1])

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Answering]]:
    """The class of its answers; MLFLOW_TRACKING_URI leads there, with a user and a password."""

    class Answers(Answering):
        pass

    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setattr("registry.store_checks._ANSWER_SECONDS", 1.0)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:s%40cret@127.0.0.1:{listening.server_port}")
        yield Answers
        listening.shutdown()


_OK = (200, b"OK")


@pytest.mark.parametrize(
    ("health", "answer", "words"),
    [
        (None, (401, b""), "asks for another user and password (401); give them in MLFLOW_TRACKING_URI"),
        (None, (500, b"oops"), "answers with error 500; look at its log"),
        (None, (200, b"<html>"), "answers as no MLflow server does; mend its address"),
        (None, (200, b""), "answers as no MLflow server does; mend its address"),
        (None, None, "does not answer (timed out); start it, or mend its address"),
        (_OK, (401, b""), "failed with error code 401"),
        (_OK, (500, b"oops"), "too many 500 error responses"),
        (_OK, (200, b"<html>"), "not in a valid JSON format"),
        (_OK, None, "Read timed out"),
    ],
)
def test_a_tracking_server_that_does_not_do_its_work_is_told_soon_and_without_its_password(
    capsys: pytest.CaptureFixture[str],
    settings: Settings,
    server: type[Answering],
    health: tuple[int, bytes] | None,
    answer: tuple[int, bytes] | None,
    words: str,
) -> None:
    server.health, server.answer = health, answer

    code, _, err = call(capsys, *models(settings))

    assert code == 1
    assert err.startswith("recsys: the ")
    assert words in err
    assert "cret" not in err


def test_a_user_and_a_password_in_the_address_of_a_tracking_server_are_used(
    capsys: pytest.CaptureFixture[str], settings: Settings, server: type[Answering]
) -> None:
    server.health, server.answer = _OK, (200, b"{}")
    server.asked_by = f"Basic {base64.b64encode(b'me:s@cret').decode()}"

    code, _, err = call(capsys, "recommend", "--user", "1", "--home", settings.home)

    assert code == 1
    assert "no version of hybrid-recommender is registered in http://127.0.0.1:" in err


def test_the_address_that_dagster_shows_has_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:s%40cret@host:5000/path")
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "")
    assert Settings.from_environment().workspace().tracking_uri == "https://host:5000/path"
    assert (os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"]) == ("me", "s@cret")
    assert credentials_apart("sqlite:////h/m.db") == "sqlite:////h/m.db"


@pytest.mark.parametrize(
    "advice", ["postgresql+psycopg2://USER:PASSWORD@HOST:5432/DATABASE", "redis://[[user]:password@]host[:port]"]
)
def test_the_advice_how_to_write_an_address_is_no_password(advice: str) -> None:
    assert without_credentials_in(advice) == advice


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--user", "99999999999999999999"], "--user 99999999999999999999: ids of people are whole numbers of 64 bits"),
        (["--user", "9223372036854775808"], "--user 9223372036854775808: ids of people are whole numbers of 64 bits"),
        (["--user", "anna"], "--user anna: ids of people are whole numbers of 64 bits"),
        (["--liked", "1,two"], "--liked '1,two': expected movie ids separated by commas"),
        (["--liked", "99999999999999999999"], "no title 99999999999999999999 in the catalogue"),
    ],
)
def test_an_id_that_no_file_can_hold_is_refused(
    capsys: pytest.CaptureFixture[str], home: Path, arguments: list[str], words: str
) -> None:
    code, _, err = call(capsys, "recommend", *arguments, "--home", home)
    assert code == 1
    assert err.startswith(f"recsys: {words}")


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "interrupted")]
)
def test_a_signal_ends_the_run_and_its_record(
    capsys: pytest.CaptureFixture[str], settings: Settings, home: Path, number: signal.Signals, code: int, word: str
) -> None:
    def stop_when_started() -> None:
        with closing(sqlite3.connect(home / RUNS, timeout=30)) as runs:
            while runs.execute("SELECT 1 FROM runs WHERE status = 'STARTED'").fetchone() is None:
                time.sleep(0.05)
        os.kill(os.getpid(), number)

    threading.Thread(target=stop_when_started, daemon=True).start()
    found, out, err = call(
        capsys, "run", "--force", "--only", "data", "--home", home, "--data", settings.data_dir, "--json"
    )

    assert (found, err) == (code, f"{word}\n")
    assert json.loads(out)["failed"][0]["message"] == word
    with closing(sqlite3.connect(home / RUNS)) as runs:
        assert runs.execute("SELECT status FROM runs ORDER BY id DESC").fetchone() == ("FAILURE",)
    assert list(home.rglob(".writing-*")) == []
