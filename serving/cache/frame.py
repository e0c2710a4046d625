"""A value as it lies in Redis: marked as ours and protected by a checksum, so that anything else is recognised."""

import hashlib

__all__ = ["HEADER_BYTES", "framed", "unframed"]

_MAGIC = b"RSYS\x01"  # the last byte is the version of this format
_DIGEST_BYTES = 16
HEADER_BYTES = len(_MAGIC) + _DIGEST_BYTES


def framed(key: str, value: bytes) -> bytes:
    return _MAGIC + _digest(key, value) + value


def unframed(key: str, stored: bytes) -> bytes | None:
    """The value that was stored under ``key``; None for anything that :func:`framed` did not make for this key.

    The key is part of the checksum: an answer to another question, however it got here, is no answer to this one.
    """
    value = stored[HEADER_BYTES:]
    return value if stored[:HEADER_BYTES] == _MAGIC + _digest(key, value) else None


def _digest(key: str, value: bytes) -> bytes:
    name = key.encode("utf-8", "surrogatepass")
    state = hashlib.blake2b(len(name).to_bytes(8, "big"), digest_size=_DIGEST_BYTES)
    state.update(name)
    state.update(value)
    return state.digest()
