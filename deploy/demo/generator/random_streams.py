"""Streams of chance: one per part of the generator, so that a change in one moves no other."""

from __future__ import annotations

import hashlib
import random

import numpy as np


def stream(seed: int, part: str) -> np.random.Generator:
    """NumPy's generator for one part."""
    digest = hashlib.sha256(f"{seed}/{part}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def dice(seed: int, part: str) -> random.Random:
    """The standard library's generator for one part, for draws one at a time."""
    return random.Random(f"{seed}/{part}")
