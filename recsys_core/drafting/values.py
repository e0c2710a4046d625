"""What the values of interactions say: ratings on which scale, counts, or events."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.names import plain_name
from recsys_core.drafting.columns import Column
from recsys_core.drafting.guesses import Confidence, Guess
from recsys_core.drafting.names import COUNTS, RATING, named
from recsys_core.errors import DataError

__all__ = ["guess_feedback", "guess_weights"]

_SCALES: Final = (
    (0, 1, 1), (-1, 1, 2), (-1, 1, 1), (1, 5, 1), (0.5, 5, 0.5), (0, 5, 1), (0, 5, 0.5), (1, 5, 0.25), (1, 5, 0.1),
    (0, 5, 0.1), (1, 7, 1), (1, 10, 1), (0, 10, 1), (0.5, 10, 0.5), (0, 10, 0.5), (1, 10, 0.1), (0, 10, 0.1),
    (1, 20, 1), (0, 20, 1), (1, 100, 1), (0, 100, 1),
)  # fmt: skip
"""Lowest, highest, step: the narrowest first."""
_LONG_TAIL: Final = 5  # the largest value over the median
_SORTS: Final = ("event", "eventtype", "action", "actiontype", "behavior", "behaviour", "behaviortype", "type")
"""Names of columns that say what somebody did."""
_WEIGHTS: Final = {
    **dict.fromkeys(("view", "views", "viewed", "pv", "click", "clicks", "clicked", "detailpageview", "impression"), 1),
    **dict.fromkeys(("fav", "favorite", "favourite", "wishlist", "like", "bookmark", "save", "follow"), 2),
    **dict.fromkeys(("cart", "addtocart", "basket", "addtobasket", "carts", "addcart"), 3),
    **dict.fromkeys(
        ("purchase", "purchased", "buy", "bought", "transaction", "order", "ordered", "sale", "checkout"), 5
    ),
}
"""Of what people do in a shop."""
_MOST_SORTS: Final = 20
_MOST_NUMBERS, _HIGHEST, _MOST_WORDS = 21, 100, 5  # of an opinion
_NO_OPINION: Final = ("year", "month", "day", "hour", "weekday", "gender", "sex", "age", "country", "lang", "language")
_SOME: Final = 3
_FEW: Final = 0.05  # of the counts are below 0: taken back
_MANY: Final = 0.3  # of the ratings are 0
_STARS: Final = 5  # where 1 is the least that can be given
_APART: Final = (-1.0, -9.0, -99.0, -999.0, 99.0, 999.0)
"""Numbers that stand for no rating, where they are twice as far away as every other, or the only one below 0."""


def guess_feedback(column: Column | None, others: Sequence[Column] = ()) -> tuple[dict[str, Any], list[Guess]]:
    """The declaration's section ``feedback`` and the guesses in it; ``column`` is None where there is no value.

    others  of the same file, of which one may be called as ratings are
    """
    if column is None:
        unread = next((column for column in named(others, RATING) if column.texts), None)
        if unread is None:
            return {"kind": "events"}, [_without_values(others)]
        example = next(iter(unread.unread), unread.texts[0])
        why = f"{unread.name} has {example[:40]!r}, which is no number: without numbers all rows say the same"
        return {"kind": "events"}, [_kind("events", "guess", why)]
    values = column.values
    if len(np.unique(values)) == 1:
        why = f"every {column.name} is {values[0]:g}, which tells nothing"
        return {"kind": "events"}, [_kind("events", "sure" if len(values) >= 100 else "likely", why)]
    if (kind := _counts_as(column)) is not None:
        confidence, why = kind
        maximum = Feedback.counts(values[values >= 0]).maximum
        scale = [0, int(maximum) if maximum % 1 == 0 else maximum]
        return {"kind": "counts", "scale": scale}, [
            _kind("counts", confidence, why),
            Guess("feedback.scale", scale, "likely", "99 of 100 values are not above; what is says no more"),
        ]
    share = len(column.unread) / len(column.texts)
    but = f"; {share:.1%} are none, such as {column.unread[0][:40]!r}, and their rows rejected" if share else ""
    return _ratings(column.name, values, but, in_words=not len(column.numbers))


def _without_values(others: Sequence[Column]) -> Guess:
    why = "there is no column of values: that it happened is all"
    for column in named(others, _SORTS):
        sorts = Counter(column.texts).most_common()
        if 1 < len(sorts) <= _MOST_SORTS:
            some = ", ".join(sort for sort, _ in sorts[:_SOME])
            why += f"; all sorts of {column.name}, such as {some}, count alike: declare counts with their values if not"
            return _kind("events", "guess", why)
    for column in others:
        name = plain_name(column.name)
        if name not in _NO_OPINION and not name.endswith(("id", "number")) and (few := _few_values(column)):
            why = f"no column is called as values are; if {column.name} ({few}) tells how much somebody liked an item"
            return _kind("events", "guess", f"{why}, declare ratings, their scale and columns: {{rating: …}}")
    return _kind("events", "sure", why)


def _few_values(column: Column) -> str:
    """Some of the few different numbers or words of a column, as an opinion has; empty where there are more."""
    if column.moments or len(column.texts) < 0.5 * len(column.cells):
        return ""
    numbers = np.unique(column.numbers)
    if 1 < len(numbers) <= _MOST_NUMBERS and np.abs(numbers).max() <= _HIGHEST:
        return f"{numbers[0]:g} to {numbers[-1]:g}"
    words = Counter(column.texts).most_common()
    return ", ".join(word for word, _ in words[:_SOME]) if not len(numbers) and 1 < len(words) <= _MOST_WORDS else ""


def guess_weights(others: Sequence[Column]) -> tuple[Column, dict[str, Any], list[Guess]] | None:
    """The column that says what somebody did, in words that shops use, the section, and the guesses in it."""
    for column in named(others, _SORTS):
        words = sorted(frozenset(column.texts))
        weights = {word: _WEIGHTS[plain_name(word)] for word in words if plain_name(word) in _WEIGHTS}
        if len(words) == len(weights) and len(set(weights.values())) > 1:
            scale = [0, max(weights.values())]
            why = f"{column.name} has what shops count: {', '.join(words)}"
            guesses = [
                _kind("counts", "likely", why),
                Guess("feedback.scale", scale, "guess", "one of the dearest sort says as much as can be said"),
                *(
                    Guess(f"feedback.values.{word}", weight, "guess", "a usual weight")
                    for word, weight in weights.items()
                ),
            ]
            return column, {"kind": "counts", "scale": scale, "values": weights}, guesses
    return None


def _kind(kind: str, confidence: Confidence, why: str) -> Guess:
    return Guess("feedback.kind", kind, confidence, why)


def _counts_as(column: Column) -> tuple[Confidence, str] | None:
    """Why the values are counts, if they are."""
    values = column.values
    taken_back = float((values < 0).mean())
    if plain_name(column.name) in COUNTS and 0 < taken_back <= _FEW:
        return "likely", f"by its name, {column.name}; {taken_back:.1%} are below 0, and these rows are rejected"
    if taken_back:
        return None
    long_tail = values.max() > max(10, _LONG_TAIL * float(np.median(values)))
    if plain_name(column.name) in COUNTS:
        return ("sure" if long_tail else "likely"), f"by its name, {column.name}"
    if column.whole and long_tail and (values.max() > 100 or plain_name(column.name) not in RATING):
        return "likely", f"whole numbers with a long tail, up to {values.max():g}"
    return None


def _ratings(
    name: str, values: NDArray[np.float64], unread: str, *, in_words: bool = False
) -> tuple[dict[str, Any], list[Guess]]:
    confidence: Confidence = "sure" if plain_name(name) in RATING and not unread else "likely"
    kind = _kind("ratings", confidence, f"by its name, {name}, and few values" + unread)
    unrated = None if in_words else _unrated(values)
    if unrated is not None:
        share = float((values == unrated).mean())
        why = f"{share:.0%} are {unrated:g}; their rows are left out, unless you delete this line and widen the scale"
        found, guesses = _on_scale(name, values[values != unrated], kind)
        return {**found, "unrated": unrated}, [*guesses, Guess("feedback.unrated", unrated, "guess", why)]
    return _on_scale(name, values, kind, doubtful=not in_words)


def _unrated(values: NDArray[np.float64]) -> int | None:
    """The value that stands for no rating, if one seems to."""
    for value in _APART:
        others = values[values != value]
        if 0 < len(others) < len(values) and others.max() > 1:
            alone_below = value == -1 and others.min() >= 0
            if alone_below or 2 * np.abs(others).max() < abs(value):
                return int(value)
    rated, nothing = values[values != 0], float((values == 0).mean())
    if not nothing or rated.min() < 1 or rated.max() < _STARS:
        return None
    of_stars = rated.max() == _STARS and nothing > float((values == 1).mean())
    return 0 if of_stars or nothing > _MANY else None


def _on_scale(
    name: str, values: NDArray[np.float64], kind: Guess, *, doubtful: bool = False
) -> tuple[dict[str, Any], list[Guess]]:
    """``doubtful``: whether a 0 may stand for no rating."""
    found = f"{name} is {values.min():g} to {values.max():g}"
    nothing, least = (float((values == value).mean()) for value in (0, 1))
    suspicious = doubtful and (nothing > _MANY or (nothing > least and values.max() >= _STARS))
    if suspicious:
        found += f"; {nothing:.0%} are 0: declare unrated: 0 and let the scale begin above it if 0 stands for no rating"
    for low, high, step in _SCALES:
        if _fits(values, low, high, step):
            ends = values.min() == low and values.max() == high
            seen = ends and len(np.unique(values)) >= (high - low) / step  # all but one
            confidence: Confidence = (
                "sure" if seen and not suspicious else "likely" if values.max() == high else "guess"
            )
            return {"scale": [low, high], "step": step}, [
                kind,
                Guess("feedback.scale", [low, high], confidence, found),
                Guess("feedback.step", step, confidence, f"no {name} lies in between"),
            ]
    scale = [int(np.floor(values.min())), int(np.ceil(values.max()))]
    if scale[1] <= 0:
        raise DataError(f"{found}: expected ratings above 0; add to all of them what makes the best one positive")
    return {"scale": scale}, [kind, Guess("feedback.scale", scale, "guess", f"{found}, without steps")]


def _fits(values: NDArray[np.float64], low: float, high: float, step: float) -> bool:
    if values.min() < low or values.max() > high:
        return False
    # As validation asks: the very numbers of the scale.
    return bool(np.isin(values, Feedback(low, high, step).values).all())
