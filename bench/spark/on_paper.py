"""What a billion ratings should take by Spark, and ten billion, computed from a run that was measured."""

from collections.abc import Sequence
from typing import Any, Final

from bench.spark.event_log import Step
from engines.spark.als import MOST_BLOCKS, PER_BLOCK
from engines.spark.engine import FEWEST_USERS, MOST_GRAMS, MOST_LISTS
from recsys_core.plotting import Table
from recsys_core.reading.pieces import PIECE_BYTES

__all__ = ["on_paper"]

_SIZES: Final = ((1_000_000_000, 250_000), (10_000_000_000, 500_000))
"""Ratings and titles."""
_RATINGS_EACH: Final = 154  # as in ml-25m
_FACTORS: Final = 64
_EASE_TITLES: Final = 20_000
_EXECUTORS: Final = 50
_KEY: Final = 16  # bytes of a rating's key in validation
_ENTRY: Final = 16  # bytes of a rating in the matrix: column, value, time
_ENTRY_AT_PEAK: Final = 55  # as measured by bench.text_ids, the interpreter left out


def on_paper(
    report: dict[str, Any], steps: Sequence[Step], *, csv_bytes: int, model_bytes: int, n_movies: int
) -> Table:
    """Times in proportion to those of the run and its ``steps``; bytes from how things are cut.

    csv_bytes    of the run's file of ratings
    model_bytes  of the files from which workers make lists, for ``n_movies`` titles
    """
    seconds, n_measured = report["seconds"]["assets"], report["rows"]["ratings"]["accepted"]
    reading = [step for step in steps if step.name == "reading ratings.csv"]
    read_there = sum(step.in_tasks for step in reading)
    read_here = seconds["raw_ratings"] - sum(step.seconds for step in reading)
    als = [step for step in steps if step.iterations][-1]
    lists = [step for step in steps if step.name.startswith("lists for")]
    listed = sum(step.in_tasks for step in lists) or seconds["recommendations"]  # of few people they are made here
    columns = []
    for n_ratings, n_titles in _SIZES:
        times, n_people = n_ratings / n_measured, n_ratings / _RATINGS_EACH
        n_blocks = min(MOST_BLOCKS, n_ratings // PER_BLOCK)
        n_lists = min(MOST_LISTS, int(n_people) // FEWEST_USERS)
        of_people, of_titles = (4 * _FACTORS * n for n in (n_people, n_titles))
        to_titles = of_people * _n_reached(n_blocks, _RATINGS_EACH)
        to_people = of_titles * _n_reached(n_blocks, n_ratings / n_titles)
        gram = _EASE_TITLES**2
        kept, at_peak = _ENTRY * n_ratings, _ENTRY_AT_PEAK * n_ratings
        both_orders = 2 * 8 * n_ratings
        columns.append(
            {
                "CSV; pieces of 64 MB": (_bytes(csv_bytes * times), f"{csv_bytes * times / PIECE_BYTES:,.0f}"),
                "reading: in all tasks; numbering and writing, here": (
                    _time(read_there * times),
                    _time(read_here * times),
                ),
                "validation, here: time; keys in memory": (_time(seconds["ratings"] * times), _bytes(_KEY * n_ratings)),
                "user–item matrix, here: kept; at the peak": (_bytes(kept), _bytes(at_peak)),
                "ALS: blocks of people, and of titles": (str(n_blocks),),
                "ALS: ratings in both orders, of all executors": (_bytes(both_orders),),
                "ALS: vectors of people; of titles": (_bytes(of_people), _bytes(of_titles)),
                "ALS: shuffled an iteration, people to titles; back": (_bytes(to_titles), _bytes(to_people)),
                "ALS: in all tasks, an iteration": (_time(als.in_tasks / als.iterations * times),),
                f"ALS: data an executor, of {_EXECUTORS}": (_bytes((both_orders + to_titles) / _EXECUTORS),),
                "ALS: vectors in a task's heap, for a title that half of all people rated": (_bytes(of_people / 2),),
                f"EASE of {_EASE_TITLES:,} titles: Gram matrices in the shared folder; here": (
                    _bytes(4 * gram * MOST_GRAMS),
                    _bytes(2 * 8 * gram),
                ),
                "lists: tasks; people in each": (f"{n_lists:,}", f"{n_people / n_lists:,.0f}"),
                "lists: in all tasks": (_time(listed * times),),
                "lists: files of the model that every worker loads": (_bytes(model_bytes * n_titles / n_movies),),
            }
        )
    rows = ((name, *("; ".join(column[name]) for column in columns)) for name in columns[0])
    heads = (f"{n / 1e9:.0f} billion ratings, {n / _RATINGS_EACH / 1e6:.1f} million people" for n, _ in _SIZES)
    return Table(("", *heads), tuple(rows))


def _n_reached(n_blocks: int, n_ratings: float) -> float:
    """The blocks to which a vector goes: those of ``n_blocks`` in which one of so many ratings is expected."""
    return float(n_blocks * (1 - (1 - 1 / n_blocks) ** n_ratings))


def _bytes(count: float) -> str:
    """Two digits of a number of bytes, as 230 GB."""
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if count >= unit:
            return f"{float(f'{count / unit:.2g}'):g} {name}"
    return f"{count / 1e3:.0f} kB"


def _time(seconds: float) -> str:
    """Two digits of a time."""
    for unit, name in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{float(f'{seconds / unit:.2g}'):g} {name}"
    return f"{float(f'{seconds:.2g}'):g} s"
