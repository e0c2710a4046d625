"""How a command ends that goes wrong: one message, for the unexpected with a trace in a file, and an exit code."""

import json
import os
import signal
import sys
import tempfile
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click

from pipelines.cli.stopping import stopped_by
from recsys_core.errors import RecsysError
from recsys_core.faults import outside_fault
from registry.addresses import without_credentials_in

__all__ = ["end"]

_LOG = Path("logs", "recsys.log")  # below a home
_LARGEST = 1_000_000  # bytes of a log; a longer one is put aside, as the only one
_IN_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


def end(error: BaseException, *, home: Path | None, as_json: bool) -> int:
    """Say what ``error`` is, and return the exit code: 1, or 128 and the number of the signal that ended the command.

    home  of the command, where it has one: what failed is looked for there, and the trace kept
    With ``as_json`` the one document of a failure is printed, too.
    """
    if isinstance(error, BrokenPipeError) and _nobody_reads():
        return 1
    if isinstance(error, KeyboardInterrupt):
        number = stopped_by() or signal.SIGINT
        click.echo(_IN_WORDS[number], err=True)
        _print_failure(_IN_WORDS[number], as_json=as_json)
        return 128 + number
    message = str(error) if isinstance(error, RecsysError) else outside_fault(error, home) or _unexpected(error, home)
    message = without_credentials_in(message)
    click.echo(f"recsys: {message}", err=True)
    _print_failure(message, as_json=as_json)
    return 1


def _print_failure(message: str, *, as_json: bool) -> None:
    if as_json:
        failure = {"asset": None, "check": None, "message": message}
        click.echo(json.dumps({"status": "failed", "failed": [failure]}, ensure_ascii=False))


def _nobody_reads() -> bool:
    """Whether it is standard output that is closed (`recsys models | head -1`), and not some connection."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def _unexpected(error: BaseException, home: Path | None) -> str:
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    log = _keep_trace(error, home)
    where = f"its trace is in {log}" if log else "no log could be written"
    return f"unexpected error ({reason}); {where}; try again, and if it stays, report it with the trace"


def _keep_trace(error: BaseException, home: Path | None) -> Path | None:
    """The file to which the trace was added: the log in the home, or one of its own in the folder for such."""
    command = " ".join(sys.argv[1:])
    text = f"{datetime.now(UTC).isoformat(timespec='seconds')} recsys {command}\n"
    text = without_credentials_in(text + "".join(traceback.format_exception(error)) + "\n")
    written = text.encode(errors="backslashreplace")
    with suppress(OSError):
        if home is not None and home.is_dir():
            log = home / _LOG
            log.parent.mkdir(exist_ok=True)
            if log.exists() and log.stat().st_size > _LARGEST:
                log.replace(log.with_name(f"{log.name}.1"))
            with log.open("ab") as opened:
                opened.write(written)
            return log
    with suppress(OSError):
        with tempfile.NamedTemporaryFile(prefix="recsys-", suffix=".log", delete=False) as kept:
            kept.write(written)
        return Path(kept.name)
    return None
