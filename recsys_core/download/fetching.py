"""One file over HTTP: streamed, resumed where it stopped, tried again when the fault may pass."""

import errno
import shutil
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import tenacity

from recsys_core.download.progress import DownloadProgress, OnProgress
from recsys_core.errors import DownloadError, StorageError
from recsys_core.storage import read_json, write_json

__all__ = ["Fetcher", "discard", "free_disk_bytes"]

_PASSING_STATUS: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_ABSENT_STATUS: Final = frozenset({403, 404, 410})
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class _PassingFaultError(Exception):
    """A fault that may be gone at the next attempt. ``wait``: seconds that the server asks for."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


def free_disk_bytes(directory: Path) -> int:
    """Free space of the file system that holds ``directory``."""
    return shutil.disk_usage(directory).free


@dataclass(slots=True)
class Fetcher:
    """Fetches files with ``client``.

    retries      how often a fault may follow another without ``worthwhile_bytes`` arriving in between
    longest_wait seconds; the back-off between attempts doubles from 1 s up to it
    resume       whether a part that an earlier connection brought may be continued
    sleep        waits between attempts
    free_bytes   free space at a folder
    """

    client: httpx2.Client
    retries: int = 5
    longest_wait: float = 60.0
    worthwhile_bytes: int = 1 << 20
    resume: bool = True
    sleep: Callable[[float], None] = time.sleep
    free_bytes: Callable[[Path], int] = free_disk_bytes
    on_progress: OnProgress = lambda progress: None

    def fetch_text(self, url: str, *, max_bytes: int = 4096) -> str | None:
        """A small text file; None where the server has none."""
        content: list[bytes] = []

        def attempt() -> bool:
            with self.client.stream("GET", url) as response:
                if response.status_code in _ABSENT_STATUS:
                    return False
                self._check_status(url, response)
                content[:] = [next(response.iter_bytes(max_bytes), b"")]
            return True

        found = self._persist(url, attempt, lambda: 0)
        return content[0].decode("utf-8", errors="replace") if found else None

    def fetch_file(self, url: str, part: Path, *, max_bytes: int, reserve_bytes: int) -> bool:
        """Bring ``url`` into the file ``part``; returns whether an earlier part of it was continued.

        What has arrived stays in ``part`` on any error, with the server's validator beside it, so that the next
        call goes on from there if the file on the server is still the same. ``reserve_bytes`` must stay free on
        the disk besides the file itself. Raises DownloadError.
        """
        continued = False

        def attempt() -> bool:
            nonlocal continued
            state = _read_state(part, url) if self.resume else {}
            start = _size(part) if state else 0
            total = state.get("n_bytes")
            if start and start == total:
                continued = True
                return True
            headers = {"Range": f"bytes={start}-", "If-Range": state["validator"]} if start else {}
            with self.client.stream("GET", url, headers=headers) as response:
                if response.status_code == 416:
                    discard(part)
                    raise _PassingFaultError("the server cannot continue the file (416); starting again")
                self._check_status(url, response)
                if start and not _continues(response, start, state["validator"]):
                    start = 0
                    if response.status_code == 206:
                        discard(part)
                        raise _PassingFaultError("the server sent another range than the one asked for")
                continued = start > 0
                self._receive(url, response, part, start, max_bytes, reserve_bytes)
            return True

        self._persist(url, attempt, lambda: _size(part))
        return continued

    def _receive(
        self, url: str, response: httpx2.Response, part: Path, start: int, max_bytes: int, reserve_bytes: int
    ) -> None:
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdigit() else None
        if (total or 0) > max_bytes:
            raise DownloadError(f"{url}: has {total} bytes, expected at most {max_bytes}; it is not the known data set")
        needed = (total or start) - start + reserve_bytes
        free = self.free_bytes(part.parent)
        if free < needed:
            raise DownloadError(
                f"{part.parent}: has {free:,} bytes free, {needed:,} are needed for {url} and its content; "
                "free some space or name another folder"
            )
        if start == 0:
            discard(part)
            _write_state(part, url, response, total)
        n_bytes = start
        try:
            with part.open("ab") as opened:
                for (
                    chunk
                ) in response.iter_raw():  # in the sizes that arrive: a fixed size would be lost in part by a cut
                    n_bytes += len(chunk)
                    if n_bytes > max_bytes:
                        raise DownloadError(f"{url}: is longer than {max_bytes} bytes; it is not the known data set")
                    opened.write(chunk)
                    self.on_progress(DownloadProgress("downloading", part.name.removesuffix(".part"), n_bytes, total))
        except OSError as error:
            if error.errno in _FULL:
                raise DownloadError(
                    f"{part.parent}: the disk is full; {_size(part):,} bytes of {url} are kept: free some space and "
                    "run the command again to go on from there"
                ) from error
            raise

    def _check_status(self, url: str, response: httpx2.Response) -> None:
        status = response.status_code
        if status in _PASSING_STATUS:
            raise _PassingFaultError(f"the server answered {status} {response.reason_phrase}", _asked_wait(response))
        if status not in (200, 206):
            raise DownloadError(
                f"{url}: the server answered {status} {response.reason_phrase}; expected the file; "
                "check the address or try again later"
            )
        if url.startswith("https:") and response.url.scheme != "https":
            raise DownloadError(f"{url}: the server redirects to {response.url}, which is not encrypted; not followed")

    def _persist(self, url: str, attempt: Callable[[], bool], arrived: Callable[[], int]) -> bool:
        """Repeat ``attempt`` until it returns, or until too many passing faults came without progress."""
        fruitless = 0

        def tried() -> bool:
            nonlocal fruitless
            before = arrived()
            try:
                return _translated(url, attempt)
            except _PassingFaultError:
                fruitless = 0 if arrived() - before >= self.worthwhile_bytes else fruitless + 1
                raise

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.wait if isinstance(error, _PassingFaultError) else 0.0
            pause = max(asked, min(self.longest_wait, 2.0 ** max(fruitless - 1, 0)))
            name = url.rsplit("/", 1)[-1]
            self.on_progress(DownloadProgress("waiting", name, arrived(), None, f"{error}; again in {pause:.0f} s"))
            return pause

        def give_up(state: tenacity.RetryCallState) -> bool:
            error = state.outcome.exception() if state.outcome else None
            too_long = isinstance(error, _PassingFaultError) and error.wait > self.longest_wait
            return fruitless > self.retries or too_long

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_PassingFaultError),
            wait=wait,
            stop=give_up,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return retrying(tried)
        except _PassingFaultError as error:
            asked = f"; it asks to wait {error.wait:.0f} s" if error.wait > self.longest_wait else ""
            kept = f"{arrived():,} bytes are kept: run the command again to go on from there" if arrived() else ""
            raise DownloadError(
                f"{url}: {error}{asked}; gave up after {retrying.statistics['attempt_number']} attempts; "
                + (kept or "check the connection and try again later")
            ) from error


def _translated(url: str, attempt: Callable[[], bool]) -> bool:
    """Run ``attempt``; what httpx2 raises becomes a passing fault or a DownloadError."""
    try:
        return attempt()
    except httpx2.TimeoutException as error:
        raise _PassingFaultError("the server did not answer in time") from error
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL, httpx2.TooManyRedirects, httpx2.DecodingError) as error:
        raise DownloadError(f"{url}: cannot be fetched ({error}); check the address") from error
    except httpx2.TransportError as error:
        if _is_certificate_fault(error):
            raise DownloadError(
                f"{url}: the server's certificate is not valid ({error}); nothing was downloaded. Check this "
                "machine's date and certificates, or try again when the server is mended"
            ) from error
        raise _PassingFaultError(str(error) or type(error).__name__) from error


def _is_certificate_fault(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _asked_wait(response: httpx2.Response) -> float:
    """Seconds of Retry-After; a date is taken relative to the server's own Date."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(response.headers.get("Date", ""))
        return max(0.0, wait.total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _continues(response: httpx2.Response, start: int, validator: str) -> bool:
    """Whether the answer is the rest, from ``start``, of the same file."""
    if response.status_code != 206 or not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        return False
    return validator in (_validator(response), response.headers.get("Last-Modified")) or _validator(response) is None


def _validator(response: httpx2.Response) -> str | None:
    """What If-Range can be asked with: a strong ETag, else the time of the last change."""
    tag: str = response.headers.get("ETag", "")
    if tag and not tag.startswith("W/"):
        return tag
    modified: str | None = response.headers.get("Last-Modified")
    return modified


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _state_path(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_state(part: Path, url: str) -> dict[str, Any]:
    """What is known of the file that ``part`` is the beginning of; empty where it cannot be continued."""
    try:
        state = read_json(_state_path(part))
    except StorageError:
        return {}
    usable = isinstance(state, dict) and state.get("url") == url and isinstance(state.get("validator"), str)
    return state if usable else {}


def _write_state(part: Path, url: str, response: httpx2.Response, total: int | None) -> None:
    validator = _validator(response)
    if validator is not None:
        write_json(_state_path(part), {"url": url, "validator": validator, "n_bytes": total})


def discard(part: Path) -> None:
    """Remove what has arrived of a file, and what is known of it."""
    _state_path(part).unlink(missing_ok=True)  # first: a part without it is never continued
    part.unlink(missing_ok=True)
