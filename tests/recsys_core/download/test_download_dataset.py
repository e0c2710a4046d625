"""download_dataset against a real server on localhost that also fails in the usual ways."""

import errno
import hashlib
import io
import json
import ssl
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import filelock
import httpx2
import numpy as np
import pytest

from recsys_core.dataset.declaration import dataset_in
from recsys_core.download import DATASETS, DownloadedDataset, DownloadProgress, RemoteDataset, download_dataset
from recsys_core.errors import DownloadError, ParameterError

NAME = "ml-latest-small"
CONTENT = {
    "ratings.csv": b"userId,movieId,rating,timestamp\n"
    + np.random.default_rng(1).bytes(300_000).hex().encode()
    + b"\n",
    "movies.csv": b"movieId,title,genres\n1,Heat (1995),Action\n",
    "links.csv": b"movieId,imdbId,tmdbId\n1,0113277,949\n",
    "tags.csv": b"userId,movieId,tag,timestamp\n",
    "README.txt": b"terms\n",
}
DATASET = replace(DATASETS[NAME], sha256=None, md5=None)


def archive_of(content: dict[str, bytes], *, folder: str = NAME, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as opened:
        for name, data in content.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}")  # of a fixed date, for the same bytes each time
            opened.writestr(entry, data, method)
    return stream.getvalue()


ARCHIVE = archive_of(CONTENT)


class Handler(BaseHTTPRequestHandler):
    """Serves ``server.files``; before that, each answer in ``server.faults`` is given once for an archive."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1]
        headers = {key: self.headers[key] for key in ("Range", "If-Range") if self.headers[key]}
        self.server.requests.append((name, headers))
        if name.endswith(".zip") and self.server.faults:
            self.server.faults.pop(0)(self)
        elif name not in self.server.files:
            self.answer(404, b"<html>not here</html>")
        else:
            self.serve(self.server.files[name])

    def serve(self, body: bytes, *, cut: int | None = None, tag: str | None = None, ranges: bool = True) -> None:
        """The file as a server with Range and If-Range does it; ``cut``: only so many bytes, then hang up."""
        tag = tag or self.server.tag
        wanted = self.headers["Range"]
        start = 0
        if wanted and ranges and self.headers["If-Range"] in (tag, None):
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        extra = {"ETag": tag} if tag else {}
        if start >= len(body):
            self.answer(416, b"", {"Content-Range": f"bytes */{len(body)}"})
            return
        if start:
            extra["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        rest = body[start:]
        self.answer(206 if start else 200, rest if cut is None else rest[:cut], extra, length=len(rest))
        if cut is not None:
            self.hang_up()

    def answer(self, status: int, body: bytes, extra: dict[str, str] | None = None, length: int | None = None) -> None:
        self.send_response(status)
        for key, value in (extra or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.tag: str | None = '"version-1"'
        self.files: dict[str, bytes] = {}
        self.faults: list[Callable[[Handler], None]] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.stop_stalling = threading.Event()
        self.publish(ARCHIVE)

    def publish(self, archive: bytes, *, name: str = NAME) -> None:
        self.files[f"{name}.zip"] = archive
        digest = hashlib.md5(archive, usedforsecurity=False).hexdigest()
        self.files[f"{name}.zip.md5"] = f"{digest}  {name}.zip\n".encode()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/datasets/movielens/"

    @property
    def archive_requests(self) -> list[dict[str, str]]:
        return [headers for name, headers in self.requests if name.endswith(".zip")]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running
        finally:
            running.stop_stalling.set()
            running.shutdown()
            thread.join()


class Caller:
    """Calls download_dataset and keeps what it is told and how long it would have slept."""

    def __init__(self, server: Server, out: Path) -> None:
        self.server, self.out = server, out
        self.steps: list[DownloadProgress] = []
        self.sleeps: list[float] = []

    def __call__(self, dataset: RemoteDataset = DATASET, **options: Any) -> DownloadedDataset:
        chosen: dict[str, Any] = {
            "accept_licence": True,
            "base_url": self.server.url,
            "on_progress": self.steps.append,
            "timeout": 5.0,
            "transport": httpx2.HTTPTransport(),  # whatever proxy the environment names, this is localhost
            "sleep": self.sleeps.append,
        }
        return download_dataset(dataset, self.out, **{**chosen, **options})

    @property
    def part(self) -> Path:
        return self.out / f".{NAME}.zip.part"

    def files(self) -> dict[str, bytes]:
        """What lies in the data set's folder, without the record of the download."""
        return {path.name: path.read_bytes() for path in (self.out / NAME).iterdir() if path.name != "download.json"}

    def visible(self) -> list[str]:
        """Folders in ``out``; hidden files are not read by anyone."""
        if not self.out.exists():
            return []
        return [path.name for path in self.out.iterdir() if not path.name.startswith(".")]


@pytest.fixture
def download(server: Server, tmp_path: Path) -> Caller:
    return Caller(server, tmp_path / "data")


def test_files_arrive_whole_and_nothing_else_is_left(server: Server, download: Caller) -> None:
    result = download()

    assert result == DownloadedDataset(NAME, download.out / NAME, was_there=False)
    assert download.files() == CONTENT
    record = json.loads((result.directory / "download.json").read_text())
    assert record["sha256"] == hashlib.sha256(ARCHIVE).hexdigest()
    assert record["n_bytes"] == {name: len(data) for name, data in CONTENT.items()}
    assert sorted(path.name for path in download.out.iterdir()) == [f".{NAME}.lock", NAME]
    assert download.sleeps == []


def test_progress_covers_each_stage_up_to_its_total(download: Caller) -> None:
    download()
    stages = list(dict.fromkeys(step.stage for step in download.steps))
    assert stages == ["downloading", "checking", "unpacking"]
    for stage, total in zip(stages, [len(ARCHIVE), len(ARCHIVE), sum(map(len, CONTENT.values()))], strict=True):
        steps = [step for step in download.steps if step.stage == stage]
        assert [step.n_bytes for step in steps] == sorted(step.n_bytes for step in steps)
        assert (steps[-1].n_bytes, {step.n_bytes_total for step in steps}) == (total, {total})


def test_complete_data_set_is_left_alone_without_asking(server: Server, download: Caller) -> None:
    download()
    server.requests.clear()

    again = download(accept_licence=False)

    assert again.was_there
    assert server.requests == []


def test_folder_unpacked_by_hand_counts_as_complete(server: Server, download: Caller) -> None:
    (download.out / NAME).mkdir(parents=True)
    for name, data in CONTENT.items():
        (download.out / NAME / name).write_bytes(data)
    assert download().was_there
    assert server.requests == []


@pytest.mark.parametrize("name", ["ml-1m", "ml-100k"])
def test_a_data_set_of_before_csv_is_declared_where_it_lands(server: Server, download: Caller, name: str) -> None:
    dataset = replace(DATASETS[name], md5=None)
    server.publish(archive_of(dict.fromkeys(dataset.required_files, b"1::2\n"), folder=name), name=name)

    folder = download(dataset).directory

    assert dataset_in(folder).name == name
    tables = [table.file for table in dataset_in(folder).tables if table.file]
    assert {*tables} <= {*dataset.required_files}
    (folder / "dataset.yaml").write_text("name: mine\n")
    assert download(dataset).was_there
    assert (folder / "dataset.yaml").read_text() == "name: mine\n"
    (folder / "dataset.yaml").unlink()
    assert download(dataset).was_there
    assert dataset_in(folder).name == name


def test_incomplete_or_altered_folder_is_never_replaced(server: Server, download: Caller) -> None:
    download()
    ratings = download.out / NAME / "ratings.csv"
    ratings.write_bytes(b"mine")
    with pytest.raises(DownloadError, match=r"ratings\.csv: has 4 bytes, 600,033 were downloaded; remove the folder"):
        download()
    ratings.unlink()
    with pytest.raises(DownloadError, match=r"holds no ratings\.csv; remove the folder"):
        download()
    assert (download.out / NAME / "movies.csv").read_bytes() == CONTENT["movies.csv"]


def test_licence_is_asked_for_before_anything_is_fetched(server: Server, download: Caller) -> None:
    shown: list[str] = []

    def refuse(licence: str) -> bool:
        shown.append(licence)
        return False

    with pytest.raises(DownloadError, match=r"licence was not accepted.*ml-latest-small-README\.html"):
        download(accept_licence=refuse)
    with pytest.raises(DownloadError, match="licence was not accepted"):
        download(accept_licence=False)
    assert server.requests == []
    assert not download.out.exists()
    assert shown == [DATASET.licence]
    assert download(accept_licence=lambda licence: True).directory.is_dir()


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_every_licence_names_its_terms_its_address_and_its_citation(name: str) -> None:
    licence = DATASETS[name].licence
    for phrase in ("research purposes", "commercial or revenue-bearing", "10.1145/2827872", f"{name}-README."):
        assert phrase in licence
    forbidden = "may not redistribute the data without separate permission" in licence
    assert forbidden == (name in {"ml-25m", "ml-1m", "ml-100k"})
    assert DATASETS[name].sha256 or DATASETS[name].md5


def test_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"'ml-1b'.*ml-latest-small, ml-25m, ml-32m"):
        download_dataset("ml-1b", tmp_path, accept_licence=True)


def test_absent_archive_fails_at_once(server: Server, download: Caller) -> None:
    del server.files[f"{NAME}.zip"]
    with pytest.raises(DownloadError, match=r"ml-latest-small\.zip: the server answered 404 Not Found"):
        download()
    assert (len(server.archive_requests), download.sleeps, download.visible()) == (1, [], [])


def test_server_errors_are_endured_with_growing_pauses(server: Server, download: Caller) -> None:
    server.faults = [lambda handler: handler.answer(500, b"") for _ in range(3)]
    download()
    assert download.files() == CONTENT
    assert download.sleeps == [1, 2, 4]
    waiting = [step for step in download.steps if step.stage == "waiting"]
    assert "500 Internal Server Error; again in 1 s" in waiting[0].message


def test_gives_up_after_the_declared_number_of_retries(server: Server, download: Caller) -> None:
    server.faults = [lambda handler: handler.answer(503, b"") for _ in range(20)]
    with pytest.raises(DownloadError, match=r"503 Service Unavailable; gave up after 3 attempts"):
        download(retries=2)
    assert len(server.archive_requests) == 3
    assert download.visible() == []


def test_retry_after_is_honoured_in_seconds_and_as_a_date(server: Server, download: Caller) -> None:
    moment = formatdate(time.time() + 40, usegmt=True)
    server.faults = [
        lambda handler: handler.answer(429, b"", {"Retry-After": "17"}),
        lambda handler: handler.answer(503, b"", {"Retry-After": moment}),
    ]
    download()
    assert download.sleeps[0] == 17
    assert 35 <= download.sleeps[1] <= 41


def test_retry_after_beyond_patience_stops_with_what_the_server_asks(server: Server, download: Caller) -> None:
    server.faults = [lambda handler: handler.answer(429, b"", {"Retry-After": "3600"})]
    with pytest.raises(DownloadError, match="asks to wait 3600 s"):
        download()
    assert download.sleeps == []


def test_cut_connection_is_continued_where_it_stopped(server: Server, download: Caller) -> None:
    server.faults = [lambda handler: handler.serve(ARCHIVE, cut=100_000), lambda h: h.serve(ARCHIVE, cut=50_000)]
    download()
    assert download.files() == CONTENT
    assert server.archive_requests == [
        {},
        {"Range": "bytes=100000-", "If-Range": '"version-1"'},
        {"Range": "bytes=150000-", "If-Range": '"version-1"'},
    ]


def test_cut_connection_starts_again_where_the_server_knows_no_ranges(server: Server, download: Caller) -> None:
    server.faults = [
        lambda handler: handler.serve(ARCHIVE, cut=100_000),
        lambda handler: handler.serve(ARCHIVE, ranges=False),
    ]
    download()
    assert download.files() == CONTENT


@pytest.mark.parametrize("tag", [None, 'W/"weak"'])
def test_without_a_strong_validator_nothing_is_continued(server: Server, download: Caller, tag: str | None) -> None:
    server.tag = tag
    server.faults = [lambda handler: handler.serve(ARCHIVE, cut=100_000)]
    download()
    assert download.files() == CONTENT
    assert server.archive_requests == [{}, {}]


def test_interrupted_download_goes_on_in_the_next_call(server: Server, download: Caller) -> None:
    class Interrupt(BaseException):
        pass

    def interrupt(progress: DownloadProgress) -> None:
        if progress.n_bytes >= 100_000:
            raise Interrupt

    with pytest.raises(Interrupt):
        download(on_progress=interrupt)
    kept = download.part.stat().st_size
    assert 100_000 <= kept < len(ARCHIVE)
    assert download.visible() == []
    server.requests.clear()

    download()

    assert server.archive_requests == [{"Range": f"bytes={kept}-", "If-Range": '"version-1"'}]
    assert download.files() == CONTENT


def test_exhausted_retries_keep_what_has_arrived(server: Server, download: Caller) -> None:
    server.faults = [lambda handler: handler.serve(ARCHIVE, cut=1_000) for _ in range(3)]
    with pytest.raises(
        DownloadError, match=r"peer closed connection.*3 attempts; 3,000 bytes are kept: run the command again"
    ):
        download(retries=2)
    download()
    assert server.archive_requests[-1]["Range"] == "bytes=3000-"
    assert download.files() == CONTENT


def test_progress_renews_patience(server: Server, download: Caller) -> None:
    big = {**CONTENT, "ratings.csv": np.random.default_rng(2).bytes(3 << 20)}
    archive = archive_of(big)
    server.publish(archive)
    server.faults = [lambda handler: handler.serve(archive, cut=1 << 20) for _ in range(2)]
    download(retries=0)  # each connection brings a worthwhile part
    assert download.files() == big


def test_file_that_changed_between_the_parts_is_fetched_anew(server: Server, download: Caller) -> None:
    changed = {**CONTENT, "movies.csv": b"movieId,title,genres\n2,Alien (1979),Horror\n"}

    def cut_then_change(handler: Handler) -> None:
        handler.serve(ARCHIVE, cut=100_000)
        server.tag = '"version-2"'
        server.files[f"{NAME}.zip"] = archive_of(changed)

    server.faults = [cut_then_change]
    server.files[f"{NAME}.zip.md5"] = hashlib.md5(archive_of(changed)).hexdigest().encode()
    download()
    assert download.files() == changed
    assert server.archive_requests[1]["If-Range"] == '"version-1"'


def test_mixture_of_two_versions_under_one_tag_is_found_and_fetched_once_more(server: Server, download: Caller) -> None:
    other = bytes(len(ARCHIVE))
    mixture: list[Callable[[Handler], None]] = [
        lambda handler: handler.serve(other, cut=100_000),
        lambda handler: handler.serve(ARCHIVE),
    ]
    server.faults = mixture * 2
    download()
    assert download.files() == CONTENT
    assert ["Range" in headers for headers in server.archive_requests] == [False, True, False, False]


def test_range_that_was_not_asked_for_is_not_believed(server: Server, download: Caller) -> None:
    def wrong_range(handler: Handler) -> None:
        handler.answer(206, ARCHIVE[50:], {"Content-Range": f"bytes 50-{len(ARCHIVE) - 1}/{len(ARCHIVE)}"})

    server.faults = [lambda handler: handler.serve(ARCHIVE, cut=100_000), wrong_range]
    download()
    assert download.files() == CONTENT
    assert any("another range" in step.message for step in download.steps)


def test_part_longer_than_the_file_is_dropped(server: Server, download: Caller) -> None:
    server.faults = [lambda handler: handler.serve(bytes(2 * len(ARCHIVE)), cut=len(ARCHIVE) + 10)]
    download()
    assert download.files() == CONTENT


@pytest.mark.parametrize("form", ["{}  ml-latest-small.zip\n", "MD5 (ml-latest-small.zip) = {}", "{}"])
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_published_checksum_is_read_in_the_usual_forms(
    server: Server, download: Caller, form: str, case: Callable[[str], str]
) -> None:
    server.files[f"{NAME}.zip.md5"] = form.format(case(hashlib.md5(ARCHIVE).hexdigest())).encode()
    assert download().directory.is_dir()


def test_wrong_checksum_discards_the_download(server: Server, download: Caller) -> None:
    server.files[f"{NAME}.zip.md5"] = b"MD5 (ml-latest-small.zip) = " + b"0" * 32
    with pytest.raises(DownloadError, match=r"has md5 [0-9a-f]{32}, expected md5 0{32}; .* discarded"):
        download()
    assert not download.part.exists()
    assert (len(server.archive_requests), download.visible()) == (1, [])


def test_known_checksums_decide_where_none_is_published(server: Server, download: Caller) -> None:
    del server.files[f"{NAME}.zip.md5"]
    with pytest.raises(DownloadError, match="could not be checked"):
        download()
    with pytest.raises(DownloadError, match=r"expected sha256 0{64}"):
        download(replace(DATASET, sha256="0" * 64))
    download(replace(DATASET, sha256=hashlib.sha256(ARCHIVE).hexdigest()))
    assert download.files() == CONTENT


def test_published_checksum_of_another_release_stops_before_the_archive(server: Server, download: Caller) -> None:
    with pytest.raises(DownloadError, match="another release than the one this version knows"):
        download(replace(DATASET, md5="0" * 32))
    assert server.archive_requests == []


def test_truncated_archive_with_a_matching_checksum_is_damaged(server: Server, download: Caller) -> None:
    server.publish(ARCHIVE[:200_000])
    with pytest.raises(DownloadError, match=r"ml-latest-small\.zip\.part: is damaged or not a zip archive"):
        download()
    assert download.visible() == []
    assert not download.part.exists()
    server.publish(ARCHIVE)
    server.tag = '"version-2"'
    assert download().directory.is_dir()


def test_stalled_server_is_a_fault_after_the_time_out(server: Server, download: Caller) -> None:
    def stall(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"x" * 10)
        handler.wfile.flush()
        server.stop_stalling.wait(10)
        handler.close_connection = True

    server.faults = [stall]
    download(timeout=0.2)
    assert download.files() == CONTENT
    assert any("did not answer in time" in step.message for step in download.steps)


def test_unreachable_server_is_named(download: Caller) -> None:
    with pytest.raises(DownloadError, match=r"http://127\.0\.0\.1:1/.*gave up after 2 attempts; check the connection"):
        download(base_url="http://127.0.0.1:1/", retries=1)


def test_invalid_certificate_is_not_tried_again_and_never_ignored(download: Caller) -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("verify failed") from ssl.SSLCertVerificationError("certificate has expired")

    with pytest.raises(DownloadError, match="certificate is not valid"):
        download(transport=httpx2.MockTransport(handle), base_url="https://files.example/")
    assert download.sleeps == []


def test_redirect_away_from_encryption_is_not_followed(download: Caller) -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        if request.url.scheme == "https":
            return httpx2.Response(302, headers={"Location": str(request.url.copy_with(scheme="http"))})
        return httpx2.Response(200, content=ARCHIVE)

    with pytest.raises(DownloadError, match="not encrypted"):
        download(transport=httpx2.MockTransport(handle), base_url="https://files.example/")


def test_too_little_space_stops_before_the_first_byte(server: Server, download: Caller) -> None:
    with pytest.raises(DownloadError, match=r"has 1,000 bytes free, 4,[0-9,]+ are needed"):
        download(free_bytes=lambda directory: 1_000)
    assert not download.part.exists()
    assert download.visible() == []


def test_too_little_space_for_the_content_keeps_the_archive(server: Server, download: Caller) -> None:
    free = iter([10_000_000, 1_000])
    with pytest.raises(DownloadError, match=r"1,000 bytes free, .* are needed to unpack"):
        download(free_bytes=lambda directory: next(free))
    assert download.visible() == []
    server.requests.clear()
    download()
    assert server.archive_requests == []
    assert download.files() == CONTENT


def test_disk_that_fills_up_keeps_what_was_written(server: Server, download: Caller) -> None:
    def fill_up(progress: DownloadProgress) -> None:
        if progress.stage == "downloading":
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DownloadError, match=r"the disk is full; .* bytes of .* are kept"):
        download(on_progress=fill_up)
    assert download.part.stat().st_size > 0
    download()
    assert download.files() == CONTENT


def test_folder_that_cannot_be_made_is_named(server: Server, download: Caller) -> None:
    download.out.write_text("a file in the way")
    with pytest.raises(DownloadError, match="data: cannot be written"):
        download()


def test_two_downloads_at_once_do_not_mix(server: Server, download: Caller) -> None:
    download.out.mkdir()
    with filelock.FileLock(download.out / f".{NAME}.lock"), pytest.raises(DownloadError, match="another process"):
        download()
    assert server.requests == []


def test_what_a_killed_process_left_is_cleared(server: Server, download: Caller) -> None:
    leftover = download.out / f".writing-{NAME}-abc"
    leftover.mkdir(parents=True)
    (leftover / "ratings.csv").write_bytes(b"half")
    download()
    assert not leftover.exists()


def test_endless_file_is_stopped_at_the_declared_limit(server: Server, download: Caller) -> None:
    small = replace(DATASET, max_bytes=100_000)
    with pytest.raises(DownloadError, match="expected at most 100000; it is not the known data set"):
        download(small)

    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(bytes(10_000))
        handler.close_connection = True

    server.faults = [endless]
    with pytest.raises(DownloadError, match="is longer than 100000 bytes"):
        download(small)
