"""Progress bars: on stderr, only where a person looks at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tell = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


@contextmanager
def bar(*, quiet: bool = False) -> Iterator[Tell]:
    """A bar while work goes on; nothing is drawn where ``quiet`` or where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield _say_nothing
        return
    # Loaded here: most commands draw no bar.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task("", total=None)

        def tell(what: str, done: int, of: int) -> None:
            drawn.update(task, description=what, completed=done, total=of or None)

        yield tell


def _say_nothing(_what: str, _done: int, _of: int) -> None:
    """Nobody is looking."""
