#!/usr/bin/env python3
"""Make genome_scores.csv and genome_tags.csv, in the format of MovieLens' tag genome, from the tag survey.

People judged on a scale from 1 to 5 how strongly a tag applies to a movie. The relevance of a judged pair is
(mean score - 1) / 4, so it lies within 0 and 1. Pairs whose answers were all "not sure" have no score and are left
out, and so are movies that movies.csv does not hold. Tags are numbered from 1 in alphabetical order.

    python data/sample/make_genome.py

The inputs must be the published ones, byte for byte; then the outputs are the same bytes every time.
Standard library only.
"""

import argparse
import csv
import hashlib
import io
import os
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

SURVEY_SHA256 = "7294e9ddd880424ab4427586ebae56c98ec0498370af35d336d49ea381363d4c"
MOVIES_SHA256 = "5a5f32dd9bb3797b8e728a1b98958789d2b13f294a69fdfbc5727f8a9611aa07"

HERE = Path(__file__).resolve().parent


def read_checked(path: Path, sha256: str) -> list[dict[str, str]]:
    """The rows of a CSV file whose content has the given SHA-256; otherwise a message and exit code 1."""
    try:
        content = path.read_bytes()
    except OSError as error:
        sys.exit(f"{path}: cannot be read ({error.strerror}); name the file with its option, see --help")
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        sys.exit(
            f"{path}: has SHA-256 {found}, expected {sha256}; it is not the file this script was written for. "
            "Restore it, for instance by: git checkout -- data/sample"
        )
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def genome(
    survey: list[dict[str, str]], movie_ids: set[int]
) -> tuple[list[tuple[int, int, str]], list[tuple[int, str]]]:
    """(movieId, tagId, relevance) and (tagId, tag), both sorted by their ids."""
    judged = [
        (int(row["movieId"]), row["tag"], row["mean_score"])
        for row in survey
        if row["mean_score"] and int(row["movieId"]) in movie_ids
    ]
    tags = sorted({tag for _, tag, _ in judged})
    tag_ids = {tag: tag_id for tag_id, tag in enumerate(tags, start=1)}
    scores = sorted((movie_id, tag_ids[tag], relevance(score)) for movie_id, tag, score in judged)
    return scores, [(tag_id, tag) for tag, tag_id in tag_ids.items()]


def relevance(mean_score: str) -> str:
    """(mean score - 1) / 4 as an exact decimal number, such as 0.423075 for 2.6923."""
    exact = ((Decimal(mean_score) - 1) / 4).normalize()
    return f"{exact if exact else Decimal(0):f}"


def write_whole(path: Path, header: tuple[str, ...], rows: list[tuple[int, int, str]] | list[tuple[int, str]]) -> None:
    """Write a CSV file under a temporary name, flush it, then rename it."""
    descriptor, name = tempfile.mkstemp(prefix=f".writing-{path.name}-", dir=path.parent)
    staging = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
            opened.flush()
            os.fsync(opened.fileno())
        staging.chmod(0o644)
        staging.replace(path)
    except BaseException:
        staging.unlink(missing_ok=True)
        raise


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--survey", type=Path, default=HERE / "source" / "survey_tag_relevance_aggregated.csv")
    parser.add_argument("--movies", type=Path, default=HERE / "movies.csv")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the two files (default: beside the script)")
    options = parser.parse_args(arguments)
    survey = read_checked(options.survey, SURVEY_SHA256)
    movies = read_checked(options.movies, MOVIES_SHA256)
    if not options.out.is_dir():
        sys.exit(f"{options.out}: no such folder; make it first or name another with --out")
    scores, tags = genome(survey, {int(row["movieId"]) for row in movies})
    write_whole(options.out / "genome_scores.csv", ("movieId", "tagId", "relevance"), scores)
    write_whole(options.out / "genome_tags.csv", ("tagId", "tag"), tags)
    print(f"{len(scores)} scores of {len({score[0] for score in scores})} movies, {len(tags)} tags -> {options.out}")


if __name__ == "__main__":
    main()
