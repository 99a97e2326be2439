"""Speaking another language for the length of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared.hashing.language import Language, choose, chosen


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Choose a language, and afterwards the one that was spoken before."""
    before = chosen()
    choose(language)
    try:
        yield
    finally:
        choose(before)
