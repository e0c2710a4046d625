"""Names of answers: the same for the same question, different for different ones."""

import hashlib
import json
from typing import Any

from recsys_core.errors import ParameterError

__all__ = ["cache_key"]

_DIGEST_BYTES = 20  # 160 bits: two questions with one key are not to be expected in this universe


def cache_key(model_version: str, kind: str, **parts: Any) -> str:
    """Forty hexadecimal digits that stand for an answer of ``model_version`` to a question.

    kind   which question, such as "recommendations"
    parts  all else that the answer depends on, the person's feedback revision too. Texts, numbers, booleans, None, and
           lists and dictionaries (keys are texts) of them; their order in the call does not matter. 1, 1.0, True and
           "1" are four different values, a list and a tuple of the same values are one.

    Raises ParameterError for any other value, NaN and infinities included.
    """
    _refuse_ambiguous(parts)
    try:
        text = json.dumps([model_version, kind, parts], sort_keys=True, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise ParameterError(f"a key of the cache takes texts, numbers, lists and dictionaries: {error}") from None
    return hashlib.blake2b(text.encode("ascii"), digest_size=_DIGEST_BYTES).hexdigest()


def _refuse_ambiguous(value: object) -> None:
    """JSON writes the dictionary keys 1 and "1" alike."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise ParameterError(f"a dictionary in a key of the cache has the key {name!r}; expected a text")
            _refuse_ambiguous(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_ambiguous(inner)
