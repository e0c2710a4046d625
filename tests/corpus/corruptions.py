"""The things that are done to a healthy folder; each function takes the folder and changes files in it."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.corpus.healthy_folder import MOVIE_IDS, N_USERS, edit_lines, lines_of

_MOMENT = 1_600_000_000
_OPTIONAL = ("links", "tags", "genome_scores", "genome_tags")


def _file(folder: Path, table: str) -> Path:
    return folder / f"{table}.csv"


def line(folder: Path, table: str, number: int) -> str:
    return lines_of(_file(folder, table))[number - 1]


def remove_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def remove(folder: Path, table: str) -> None:
    _file(folder, table).unlink()


def remove_optional(folder: Path) -> None:
    for table in _OPTIONAL:
        remove(folder, table)


def replace(folder: Path, table: str, content: bytes) -> None:
    _file(folder, table).write_bytes(content)


def append(folder: Path, table: str, *rows: str) -> None:
    edit_lines(_file(folder, table), [*lines_of(_file(folder, table)), *rows])


def append_bytes(folder: Path, table: str, content: bytes) -> None:
    replace(folder, table, _file(folder, table).read_bytes() + content)


def keep_lines(folder: Path, table: str, n_lines: int) -> None:
    edit_lines(_file(folder, table), lines_of(_file(folder, table))[:n_lines])


def drop_lines_starting(folder: Path, table: str, beginning: str) -> None:
    lines = lines_of(_file(folder, table))
    edit_lines(_file(folder, table), [text for text in lines if not text.startswith(beginning)])


def keep_ratings(folder: Path, wanted: Callable[[list[str]], bool]) -> None:
    header, *rows = lines_of(_file(folder, "ratings"))
    edit_lines(_file(folder, "ratings"), [header, *(row for row in rows if wanted(row.split(",")))])


def drop_header(folder: Path) -> None:
    edit_lines(_file(folder, "ratings"), lines_of(_file(folder, "ratings"))[1:])


def rename_header(folder: Path, table: str, header: str) -> None:
    edit_lines(_file(folder, table), [header, *lines_of(_file(folder, table))[1:]])


def _rebuild_ratings(folder: Path, rebuild: Callable[[list[str]], list[str]], delimiter: str = ",") -> None:
    lines = [delimiter.join(rebuild(text.split(","))) for text in lines_of(_file(folder, "ratings"))]
    edit_lines(_file(folder, "ratings"), lines)


def drop_rating_column(folder: Path) -> None:
    _rebuild_ratings(folder, lambda fields: [fields[0], fields[1], fields[3]])


def repeat_rating_column(folder: Path) -> None:
    _rebuild_ratings(folder, lambda fields: [*fields, fields[2]])


def reorder_columns(folder: Path) -> None:
    _rebuild_ratings(folder, lambda fields: [fields[3], fields[2], fields[0], fields[1]])


def use_semicolons(folder: Path) -> None:
    _rebuild_ratings(folder, list, delimiter=";")


def encode(folder: Path, table: str, encoding: str) -> None:
    replace(folder, table, _file(folder, table).read_text(encoding="utf-8").encode(encoding))


def swap(folder: Path, table: str, old: bytes, new: bytes) -> None:
    replace(folder, table, _file(folder, table).read_bytes().replace(old, new))


def compress_ratings(folder: Path) -> None:
    replace(folder, "ratings", gzip.compress(_file(folder, "ratings").read_bytes(), mtime=0))


def use_carriage_returns(folder: Path) -> None:
    replace(folder, "ratings", _file(folder, "ratings").read_bytes().replace(b"\n", b"\r"))


def use_windows_conventions(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))


def use_hyphens(folder: Path) -> None:
    for path in folder.glob("*_*.csv"):
        path.rename(folder / path.name.replace("_", "-"))


def copy_genome(folder: Path) -> None:
    shutil.copy(folder / "genome_scores.csv", folder / "genome-scores.csv")


def insert_blank_lines(folder: Path) -> None:
    header, *rows = lines_of(_file(folder, "ratings"))
    edit_lines(_file(folder, "ratings"), [header, "", *rows[:100], "", "", *rows[100:], ""])


def drop_last_line_end(folder: Path) -> None:
    replace(folder, "ratings", _file(folder, "ratings").read_bytes().removesuffix(b"\n"))


def truncate_last_line(folder: Path) -> None:
    content = _file(folder, "ratings").read_bytes()
    replace(folder, "ratings", content[: content.rindex(b",") - 2])


def rate_again(folder: Path, rating: str = "5.0") -> None:
    """The first rating again, later."""
    user_id, movie_id, *_ = line(folder, "ratings", 2).split(",")
    append(folder, "ratings", f"{user_id},{movie_id},{rating},{_MOMENT}")


def rate_everything(folder: Path) -> None:
    append(folder, "ratings", *(f"{N_USERS + 1},{movie_id},3.5,{_MOMENT}" for movie_id in MOVIE_IDS))


def everybody_rates(folder: Path) -> None:
    append(folder, "ratings", *(f"{user_id},{MOVIE_IDS[-1]},3.5,{_MOMENT}" for user_id in range(1, N_USERS + 1)))


def scale_ratings(folder: Path, *, n_rows: int, factor: int) -> None:
    header, *rows = lines_of(_file(folder, "ratings"))
    for number in range(n_rows):
        user_id, movie_id, rating, moment = rows[number].split(",")
        rows[number] = f"{user_id},{movie_id},{float(rating) * factor},{moment}"
    edit_lines(_file(folder, "ratings"), [header, *rows])
