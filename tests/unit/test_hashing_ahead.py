"""One thread works ahead of another: same items, same order, same errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from shared.hashing.delivering.ahead import ahead


def numbers(count: int) -> Iterator[int]:
    yield from range(count)


@pytest.mark.parametrize("depth", [1, 3])
def test_the_items_come_in_order_and_from_another_thread(depth: int) -> None:
    makers: set[str] = set()

    def items() -> Iterator[int]:
        for number in range(50):
            makers.add(threading.current_thread().name)
            yield number

    assert list(ahead(items(), depth)) == list(range(50))
    assert makers == {"ahead"}
    assert list(ahead(numbers(0))) == []


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("three")

    source = ahead(items())
    assert [next(source), next(source)] == [1, 2]
    with pytest.raises(ValueError, match="three"):
        next(source)


def test_who_stops_early_leaves_no_thread_behind() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1_000_000):
            made.append(number)
            yield number

    source = ahead(items())
    assert next(source) == 0
    source.close()
    assert not [each for each in threading.enumerate() if each.name == "ahead"]
    assert len(made) < 10
