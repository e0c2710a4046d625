"""A published data set, from its address to a folder of CSV files that is whole or not there."""

import errno
import hashlib
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import filelock
import httpx2

from recsys_core.dataset.declaration import DATASET_FILE
from recsys_core.download.catalogue import BASE_URL, RemoteDataset, remote_dataset
from recsys_core.download.fetching import Fetcher, discard, free_disk_bytes
from recsys_core.download.progress import DownloadProgress, OnProgress
from recsys_core.download.unpacking import NoSpaceError, unpack_archive
from recsys_core.drafting.known import KNOWN
from recsys_core.errors import DownloadError, ParameterError, StorageError
from recsys_core.storage import atomic_directory, atomic_file, read_json, write_json
from recsys_core.storage.manifest import package_version

__all__ = ["DownloadedDataset", "download_dataset"]

RECORD_FILE: Final = "download.json"
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class DownloadedDataset:
    """Where the data set lies. ``was_there``: it was complete already and nothing was fetched."""

    name: str
    directory: Path
    was_there: bool


def download_dataset(
    name: str | RemoteDataset,
    out: Path,
    *,
    accept_licence: bool | Callable[[str], bool],
    base_url: str = BASE_URL,
    on_progress: OnProgress | None = None,
    retries: int = 5,
    timeout: float = 30.0,
    transport: httpx2.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
    free_bytes: Callable[[Path], int] = free_disk_bytes,
) -> DownloadedDataset:
    """Download the data set ``name`` into the folder ``out``/``name``.

    accept_licence  True, or a function that is shown the licence and says whether the user agrees; it is asked
                    before anything is fetched
    on_progress     is told of every step
    retries         how many passing faults in a row (time-out, cut connection, 5xx) are endured without progress
    timeout         seconds without an answer or a byte before an attempt is a fault
    transport, sleep, free_bytes   the outside world: httpx2 transport, waiting, free bytes at a folder

    An interrupted download goes on where it stopped when called again. The archive is checked against the checksum
    published beside it and the known one. The folder appears whole or not at all, with a ``dataset.yaml`` where its
    files are not read as MovieLens without one; where it is complete already, nothing is fetched. Raises
    ParameterError for an unknown name and DownloadError for everything else.
    """
    if retries < 0 or timeout <= 0:
        raise ParameterError(f"retries is {retries} and timeout {timeout}; expected at least 0 and more than 0")
    dataset = name if isinstance(name, RemoteDataset) else remote_dataset(name)
    target = out / dataset.name
    if _is_complete(target, dataset):
        _declare(target, dataset)
        return DownloadedDataset(dataset.name, target, was_there=True)
    if not (accept_licence(dataset.licence) if callable(accept_licence) else accept_licence):
        raise DownloadError(
            f"{dataset.name}: its licence was not accepted, nothing was downloaded; read it at {dataset.licence_url}"
        )
    tell = on_progress or _tell_nobody
    try:
        out.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(out / f".{dataset.name}.lock", timeout=0), _client(timeout, transport) as client:
            if _is_complete(target, dataset):  # another process may have been faster
                return DownloadedDataset(dataset.name, target, was_there=True)
            fetcher = Fetcher(client, retries=retries, sleep=sleep, free_bytes=free_bytes, on_progress=tell)
            _download(fetcher, dataset, base_url, target)
    except filelock.Timeout as error:
        raise DownloadError(f"{target}: another process is downloading it; wait for it to end") from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        action = "free some space and run the command again" if full else "name another folder or mend its permissions"
        raise DownloadError(f"{out}: cannot be written ({error.strerror or error}); {action}") from error
    return DownloadedDataset(dataset.name, target, was_there=False)


def _download(fetcher: Fetcher, dataset: RemoteDataset, base_url: str, target: Path) -> None:
    _clear_interrupted(target)
    url = base_url.rstrip("/") + "/" + dataset.archive
    part = target.parent / f".{dataset.archive}.part"
    expected = _expected_checksums(fetcher, url, dataset)
    found = _fetch_checked(fetcher, url, part, dataset, expected)
    try:
        with atomic_directory(target) as staging:
            sizes = unpack_archive(
                part,
                staging,
                dataset,
                free_bytes=fetcher.free_bytes(target.parent),
                on_progress=fetcher.on_progress,
            )
            _declare(staging, dataset)
            write_json(staging / RECORD_FILE, {"url": url, **found, "n_bytes": sizes})
    except NoSpaceError:
        raise  # the archive is good: keep it for the next attempt
    except DownloadError:
        discard(part)
        raise
    discard(part)


def _declare(folder: Path, dataset: RemoteDataset) -> None:
    """Write what the files are, where it must be declared and nobody has."""
    known = next((path for path in KNOWN if path.stem == dataset.name), None)
    if known is not None and not (folder / DATASET_FILE).exists():
        with atomic_file(folder / DATASET_FILE) as file:
            file.write_bytes(known.read_bytes())


def _clear_interrupted(target: Path) -> None:
    """Remove what a killed process left of unpacking; the caller holds the lock."""
    for leftover in target.parent.glob(f".writing-{target.name}-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _expected_checksums(fetcher: Fetcher, url: str, dataset: RemoteDataset) -> dict[str, str]:
    """Checksum by kind: the known ones, and the MD5 published beside the archive."""
    known = {kind: value for kind, value in (("sha256", dataset.sha256), ("md5", dataset.md5)) if value}
    text = fetcher.fetch_text(f"{url}.md5") or ""
    published = re.search(r"\b[0-9a-f]{32}\b", text.lower())  # "HASH  name" or "MD5 (name) = HASH"
    if published is None:
        if not known:
            raise DownloadError(f"{url}.md5: holds no checksum and none is known; the download could not be checked")
        return known
    if known.get("md5", published[0]) != published[0]:
        raise DownloadError(
            f"{url}.md5: publishes {published[0]}, expected {known['md5']}: this is another release than the one this "
            "version knows; nothing was downloaded"
        )
    return {**known, "md5": published[0]}


def _fetch_checked(
    fetcher: Fetcher, url: str, part: Path, dataset: RemoteDataset, expected: dict[str, str]
) -> dict[str, str]:
    """Fetch the archive into ``part`` and compare its checksums, which are returned.

    A file put together from several connections is fetched once more when it turns out wrong.
    """
    while True:
        continued = fetcher.fetch_file(url, part, max_bytes=dataset.max_bytes, reserve_bytes=dataset.unpacked_bytes)
        found = _checksums(part, dataset.archive, fetcher.on_progress)
        wrong = [kind for kind in expected if found[kind] != expected[kind]]
        if not wrong:
            return found
        discard(part)
        if not continued:
            raise DownloadError(
                f"{url}: has {_shown(found, wrong)}, expected {_shown(expected, wrong)}; it was damaged on its way or "
                "is another release than the one this version knows; the download was discarded, try again"
            )
        fetcher = replace(fetcher, resume=False)


def _shown(checksums: dict[str, str], kinds: list[str]) -> str:
    return ", ".join(f"{kind} {checksums[kind]}" for kind in kinds)


def _checksums(path: Path, name: str, on_progress: OnProgress) -> dict[str, str]:
    digests = {"sha256": hashlib.sha256(), "md5": hashlib.md5(usedforsecurity=False)}
    total = path.stat().st_size
    done = 0
    with path.open("rb") as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            for digest in digests.values():
                digest.update(chunk)
            done += len(chunk)
            on_progress(DownloadProgress("checking", name, done, total))
    return {kind: digest.hexdigest() for kind, digest in digests.items()}


def _is_complete(target: Path, dataset: RemoteDataset) -> bool:
    """Whether ``target`` holds the data set; DownloadError where it holds something else, which is never replaced."""
    if not target.exists():
        return False
    try:
        sizes = read_json(target / RECORD_FILE)["n_bytes"]
    except (StorageError, KeyError, TypeError):
        sizes = {}  # unpacked by hand: all files must be there
    for name in dataset.required_files:
        path = target / name
        if not path.is_file():
            raise DownloadError(
                f"{target}: is there but holds no {name}; remove the folder to download it again, or name another one"
            )
        if sizes.get(name, path.stat().st_size) != path.stat().st_size:
            raise DownloadError(
                f"{path}: has {path.stat().st_size:,} bytes, {sizes[name]:,} were downloaded; remove the folder to "
                "download it again, or name another one"
            )
    return True


def _client(timeout: float, transport: httpx2.BaseTransport | None) -> httpx2.Client:
    return httpx2.Client(
        timeout=timeout,
        transport=transport,
        follow_redirects=True,
        headers={
            "User-Agent": f"hybrid-movie-recommender/{package_version()}",
            "Accept-Encoding": "identity",  # the bytes as they are, so that they can be continued
        },
    )


def _tell_nobody(progress: DownloadProgress) -> None:
    """Where nobody wants to know."""
