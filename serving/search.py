"""Search by title: forgiving of typos, accents, articles and word order."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from recsys_core.bundle import Title, Titles

__all__ = ["TitleSearch", "normalised"]

_YEAR = re.compile(r"\((\d{4})\)\s*$|\b(18[7-9]\d|19\d\d|20\d\d)\s*$")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_ARTICLES = frozenset(
    {"a", "an", "the", "la", "le", "les", "l", "el", "los", "las", "il", "lo", "gli", "i", "der", "die", "das", "den"}
    | {"det", "de", "het", "un", "una", "une", "o", "os", "as", "teh", "hte"}
)
_WORD = re.compile(r"\w+")
_APOSTROPHE = re.compile(r"['’`´]")
_TYPO_SHARE = 0.34  # at most this share of a word's letters may be wrong
_MIN_MATCH = 0.62
_NEAR = 400


def normalised(text: str) -> tuple[str, ...]:
    """Words in lower case, without accents, punctuation and leading or trailing article; "The" alone stays."""
    plain = unicodedata.normalize("NFKD", _APOSTROPHE.sub("", text.casefold()))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    words = _WORD.findall(plain.replace("&", " and ").replace("ß", "ss").replace("ø", "o").replace("æ", "ae"))
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    if len(words) > 1 and words[-1] in _ARTICLES:  # "Matrix, The"
        words = words[:-1]
    return tuple(words)


@dataclass(frozen=True, eq=False)
class TitleSearch:
    """Every name of every title ("Seven (a.k.a. Se7en)" has two), as words.

    titles      in the order of the catalogue
    names       words of each name
    squeezed    the same without the spaces
    title_nums  int64 of shape (n_names,): whose name it is
    vocabulary  every word that occurs, sorted
    postings    for each word, the numbers of the names that hold it
    liking      float64 of shape (n_titles,): 0 to 1 by number of ratings; equal matches go by it
    """

    titles: Sequence[Title]
    names: list[tuple[str, ...]]
    squeezed: list[str]
    title_nums: NDArray[np.int64]
    vocabulary: list[str]
    postings: dict[str, NDArray[np.int64]]
    liking: NDArray[np.float64]

    @classmethod
    def of(cls, titles: Titles, *, n_ratings: NDArray[np.int64]) -> Self:
        """``n_ratings``: int64 of shape (n_titles,), how often each title was rated."""
        names: list[tuple[str, ...]] = []
        nums: list[int] = []
        for num, title in enumerate(titles.all):
            for name in _names(title.title):
                words = normalised(name)
                if words:
                    names.append(words)
                    nums.append(num)
        found: dict[str, list[int]] = {}
        for name_num, words in enumerate(names):
            for word in set(words):
                found.setdefault(word, []).append(name_num)
        logs = np.log1p(n_ratings.astype(np.float64))
        return cls(
            titles.all,
            names,
            ["".join(words) for words in names],
            np.asarray(nums, dtype=np.int64),
            sorted(found),
            {word: np.asarray(where, dtype=np.int64) for word, where in found.items()},
            logs / max(float(logs.max(initial=0.0)), 1.0),
        )

    def find(self, query: str, k: int) -> list[Title]:
        """The ``k`` titles that fit best, best first; none where nothing comes near.

        Every word of the query is looked for among the words of a name: as it is, as the beginning of one (typing has
        not ended), or with few wrong letters; words written together or apart are found, too. A year narrows down.
        """
        year, words, may_be_name = _split_year(query)
        if not words:
            return []
        match = self._by_words(words)
        for name_num, share in self._written_together(words).items():
            match[name_num] = max(match.get(name_num, 0.0), share)
        best: dict[int, float] = {}
        for name_num, share in match.items():
            num = int(self.title_nums[name_num])
            value = share + 0.08 * float(self.liking[num])
            if year is not None:
                value += 0.5 if self.titles[num].year == year else -0.3
            best[num] = max(best.get(num, 0.0), value)
        if may_be_name:  # "Blade Runner 2049": what looks like a year is part of the name
            for name_num, share in self._by_words(normalised(query)).items():
                num = int(self.title_nums[name_num])
                best[num] = max(best.get(num, 0.0), share + 0.08 * float(self.liking[num]))
        order = sorted(best, key=lambda num: (-best[num], self.titles[num].movie_id))
        return [self.titles[num] for num in order[:k]]

    def _by_words(self, words: Sequence[str]) -> dict[int, float]:
        """For each name near the query, how well it fits: 1 for the same words."""
        shares: dict[int, float] = {}
        for place, word in enumerate(words):
            best_here: dict[int, float] = {}
            for known, likeness in self._similar_words(word, may_go_on=place == len(words) - 1):
                for name_num in self.postings[known].tolist():
                    if likeness > best_here.get(name_num, 0.0):
                        best_here[name_num] = likeness
            for name_num, likeness in best_here.items():
                shares[name_num] = shares.get(name_num, 0.0) + likeness * _weight(word)
        whole = sum(_weight(word) for word in words)
        found = {}
        for name_num, share in shares.items():
            fit = share / whole
            if fit >= _MIN_MATCH:
                name = self.names[name_num]
                extra = max(0, len(name) - len(words)) / (len(name) + len(words))
                in_order = 0.05 if name[: len(words)] == tuple(words) else 0.0
                found[name_num] = fit - 0.15 * extra + in_order
        return found

    def _similar_words(self, word: str, *, may_go_on: bool) -> list[tuple[str, float]]:
        """Known words that ``word`` may stand for, with a likeness of 0 to 1."""
        found: dict[str, float] = {}
        if word in self.postings:
            found[word] = 1.0
        if may_go_on or len(word) >= 4:
            for known in self._beginning_with(word):
                found.setdefault(known, 0.8 + 0.15 * len(word) / len(known))
        if len(word) >= 3:
            allowed = max(1, round(_TYPO_SHARE * len(word) * 0.75))
            near = process.extract(word, self.vocabulary, scorer=OSA.distance, score_cutoff=allowed, limit=_NEAR)
            for known, distance, _ in near:
                found.setdefault(known, 0.95 - 0.9 * distance / max(len(word), len(known)))
        return list(found.items())

    def _beginning_with(self, word: str) -> list[str]:
        start = bisect_left(self.vocabulary, word)
        found = []
        for known in self.vocabulary[start : start + _NEAR]:
            if not known.startswith(word):
                break
            found.append(known)
        return found

    def _written_together(self, words: Sequence[str]) -> dict[int, float]:
        """Names that are the query but for the spaces ("starwars", "spider man")."""
        squeezed = "".join(words)
        if len(squeezed) < 4:
            return {}
        near = process.extract(squeezed, self.squeezed, scorer=fuzz.ratio, score_cutoff=84, limit=_NEAR)
        return {name_num: ratio / 100 for _, ratio, name_num in near}


def _names(title: str) -> list[str]:
    """The title without its year, its part before a colon, and the other names that stand in brackets."""
    plain = re.sub(r"\(\d{4}\)\s*$", "", title).strip()
    others = [re.sub(r"^a\.?k\.?a\.?\s+", "", other, flags=re.IGNORECASE) for other in _BRACKETS.findall(plain)]
    main = _BRACKETS.sub(" ", plain).strip()
    series = [main.split(":")[0]] if ":" in main else []
    whole = [plain] if others else []
    return [name for name in (main, *series, *others, *whole) if name]


def _split_year(query: str) -> tuple[int | None, tuple[str, ...], bool]:
    """A year in brackets or at the end of the query, the other words, and whether it may be part of the name.

    A year alone is a title (1917).
    """
    found = _YEAR.search(query)
    rest = normalised(query[: found.start()] + " " + query[found.end() :]) if found else ()
    if found and rest:
        return int(found.group(1) or found.group(2)), rest, found.group(1) is None
    return None, normalised(query), False


def _weight(word: str) -> int:
    """Long words say more than short ones."""
    return min(len(word), 6)
