"""Who gets which arm: by a salted hash, so that everybody keeps theirs without anything being stored."""

import hashlib
import math

from recsys_core.dataset.ids import Id
from serving.experiments.declaration import Arm, Experiment

__all__ = ["assign", "uniform"]


def uniform(salt: str, arm: str, user_id: Id) -> float:
    """A number in (0, 1) that depends on nothing but its arguments; of keyed BLAKE2b, equal on every machine."""
    key = hashlib.blake2b(salt.encode(), digest_size=32).digest()
    message = f"{user_id}:{arm}".encode()
    number = int.from_bytes(hashlib.blake2b(message, key=key, digest_size=8).digest())
    return ((number >> 12) + 0.5) / 2**52


def assign(experiment: Experiment, user_id: Id) -> Arm:
    """The arm of ``user_id``: the same at every call, in every process, whatever else runs.

    Weighted rendezvous hashing (Schindelhauer & Schomaker 2005): each arm draws a waiting time, exponential with its
    share as rate, from the hash of salt, arm and person; the shortest wins, and an arm wins with a probability equal
    to its share. When one arm's share grows and the others shrink in proportion, people move into that arm only and
    no more than must; when it shrinks, people move out of it only. A new arm takes people from the others, and an
    arm that is taken away gives its people to them; nobody else moves. The order of arms means nothing.
    """
    salt = experiment.salt or experiment.name
    return min(experiment.arms, key=lambda arm: (-math.log(uniform(salt, arm.name, user_id)) / arm.share, arm.name))
