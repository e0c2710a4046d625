"""unpack_archive refuses whatever is not the expected data set, and writes nothing outside its folder."""

import io
import stat
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys_core.download import DATASETS
from recsys_core.download.unpacking import unpack_archive
from recsys_core.errors import DownloadError

DATASET = replace(DATASETS["ml-latest-small"], max_bytes=2_000_000)
FILES = {f"ml-latest-small/{name}": f"content of {name}".encode() for name in DATASET.required_files}


def write_archive(path: Path, *extra: tuple[zipfile.ZipInfo | str, bytes], files: dict[str, bytes] = FILES) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in files.items():
            opened.writestr(name, data)
        for entry, data in extra:
            opened.writestr(entry, data)
    return path


def unpack(archive: Path, *, free_bytes: int = 1 << 40) -> dict[str, int]:
    out = archive.parent / "out"
    out.mkdir()
    return unpack_archive(archive, out, DATASET, free_bytes=free_bytes, on_progress=lambda progress: None)


def test_files_are_written_flat_with_their_sizes(tmp_path: Path) -> None:
    folder = zipfile.ZipInfo("ml-latest-small/")
    readme = ("ml-latest-small/README.txt", b"terms")
    sizes = unpack(write_archive(tmp_path / "a.zip", (folder, b""), readme))
    assert sizes == {path.name: path.stat().st_size for path in (tmp_path / "out").iterdir()}
    assert (tmp_path / "out" / "ratings.csv").read_bytes() == b"content of ratings.csv"
    assert set(sizes) == {*DATASET.required_files, "README.txt"}


def special(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = mode << 16
    return entry


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("../escaped.csv", "is not expected there"),
        ("ml-latest-small/../../escaped.csv", "is not expected there"),
        ("/tmp/escaped.csv", "is not expected there"),
        ("C:\\escaped.csv", "is not expected there"),
        ("ml-latest-small\\..\\escaped.csv", "is not expected there"),
        ("ml-latest-small/deeper/ratings.csv", "is not expected there"),
        ("ml-latest-small/run.sh", "is not expected there"),
        ("other/ratings.csv", "is not expected there"),
        (special("ml-latest-small/README.txt", stat.S_IFLNK | 0o777), "is a link or another special file"),
        (special("ml-latest-small/README.txt", stat.S_IFIFO | 0o666), "is a link or another special file"),
    ],
)
def test_unexpected_entry_stops_before_anything_is_written(
    tmp_path: Path, entry: zipfile.ZipInfo | str, message: str
) -> None:
    archive = write_archive(tmp_path / "a.zip", (entry, b"/etc/passwd"))
    with pytest.raises(DownloadError, match=message):
        unpack(archive)
    assert list((tmp_path / "out").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "out"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_entry_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="is there twice"):
        unpack(write_archive(tmp_path / "a.zip", ("ml-latest-small/ratings.csv", b"other")))


def test_missing_file_is_named(tmp_path: Path) -> None:
    files = {name: data for name, data in FILES.items() if not name.endswith("tags.csv")}
    with pytest.raises(DownloadError, match=r"holds no tags\.csv"):
        unpack(write_archive(tmp_path / "a.zip", files=files))


def test_more_content_than_the_declared_limit_is_refused(tmp_path: Path) -> None:
    random = np.random.default_rng(1).bytes(2_000_000)
    with pytest.raises(DownloadError, match=r"unpacks to 2,000,[0-9]+ bytes, expected at most 2,000,000"):
        unpack(write_archive(tmp_path / "a.zip", files={**FILES, "ml-latest-small/ratings.csv": random}))


def test_entry_that_grows_beyond_any_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="grows more than 200-fold"):
        unpack(write_archive(tmp_path / "a.zip", files={**FILES, "ml-latest-small/ratings.csv": bytes(1_900_000)}))


@pytest.mark.parametrize(
    ("difference", "message"), [(-5, "is damaged"), (5, "unpacked to 22 bytes, the archive declares 27")]
)
def test_entry_whose_declared_size_is_wrong_is_refused(tmp_path: Path, difference: int, message: str) -> None:
    """The size of ratings.csv is altered in both of its headers; its content stays."""
    archive = write_archive(tmp_path / "a.zip")
    size = len(FILES["ml-latest-small/ratings.csv"])
    data = archive.read_bytes()
    assert data.count(struct.pack("<I", size)) >= 2
    archive.write_bytes(data.replace(struct.pack("<I", size), struct.pack("<I", size + difference)))
    with pytest.raises(DownloadError, match=message):
        unpack(archive)


def test_encrypted_entry_is_refused(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "a.zip")
    data = bytearray(archive.read_bytes())
    position = data.index(b"PK\x01\x02")  # the first entry of the central directory; its flags stand at 8
    data[position + 8] |= 1
    archive.write_bytes(bytes(data))
    with pytest.raises(DownloadError, match="is encrypted"):
        unpack(archive)


@pytest.mark.parametrize("damage", ["flipped", "truncated", "text"])
def test_damaged_archive_is_named(tmp_path: Path, damage: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as opened:
        for name, data in FILES.items():
            opened.writestr(name, data)
    content = bytearray(stream.getvalue())
    if damage == "flipped":
        content[content.index(b"content of")] ^= 0xFF
    archive = tmp_path / "a.zip"
    archive.write_bytes({"flipped": content, "truncated": content[:-30], "text": b"<html>"}[damage])
    with pytest.raises(DownloadError, match=r"a\.zip: is damaged or not a zip archive"):
        unpack(archive)


def test_too_little_space_is_told_in_two_figures(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"has 10 bytes free, [0-9]+ are needed"):
        unpack(write_archive(tmp_path / "a.zip"), free_bytes=10)
