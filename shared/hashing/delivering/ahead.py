"""Let one thread read and check while another makes pseudonyms and seals.

Reading and checking run in Arrow and NumPy, outside the interpreter's lock; making pseudonyms
holds it. Side by side they keep two cores busy.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Generator, Iterable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")
_TURN_SECONDS = 0.1
_SWITCH_SECONDS = 0.0002


class _End:
    """The last thing in the queue: why there is no more."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Maker(Generic[Item]):
    """Runs an iterable in a thread of its own, until it ends or is no longer wanted."""

    def __init__(self, items: Iterable[Item], depth: int) -> None:
        self._items = items
        self._queue: queue.Queue[Item | _End] = queue.Queue(depth)
        self._wanted = threading.Event()
        self._wanted.set()
        self.thread = threading.Thread(target=self._run, name="ahead", daemon=True)

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    return
            self._put(_End(None))
        except BaseException as error:
            self._put(_End(error))

    def _put(self, item: Item | _End) -> bool:
        while self._wanted.is_set():
            try:
                self._queue.put(item, timeout=_TURN_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def take(self) -> Iterator[Item]:
        """What was made, in order; then the error that ended it, if any."""
        while not isinstance(item := self._queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error

    def stop(self) -> None:
        """Make no more, and wait for the thread to end."""
        self._wanted.clear()
        self.thread.join()


def ahead(items: Iterable[Item], depth: int = 1) -> Generator[Item, None, None]:
    """The same items in the same order, made in another thread up to ``depth`` ahead.

    An error of the maker is raised here, after the items before it.
    """
    maker = _Maker(items, depth)
    usual = sys.getswitchinterval()
    # By default a thread that comes back from Arrow waits 5 ms for its turn, 100 times a block.
    sys.setswitchinterval(_SWITCH_SECONDS)
    maker.thread.start()
    try:
        yield from maker.take()
    finally:
        maker.stop()
        sys.setswitchinterval(usual)
