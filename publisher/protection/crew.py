"""Trades answered by several processes; how many there are changes the time only.

They start, and get to know the problem, while the search before the trades goes on.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from multiprocessing import get_context
from threading import Thread

from publisher.protection.problem import Problem
from publisher.protection.relations import Relations
from publisher.protection.trading import Bargain, Patience, Trade, Trader

Answer = Callable[[Sequence[Trade]], Sequence[Bargain]]
WORTH = 8_000
"""A block of fewer quantities is done before another process has started."""


@contextmanager
def crew(
    problem: Problem, primary: frozenset[int], patience: Patience, processes: int
) -> Iterator[Answer]:
    """What answers trades, in their order: here, or in processes that all know the problem."""
    if processes == 1 or len(problem.nodes) < WORTH:
        yield _Here(problem, primary, patience).answer
        return
    # Spawned, not forked: a fork would inherit the solver's threads.
    with ProcessPoolExecutor(
        processes,
        mp_context=get_context("spawn"),
        initializer=_Member.begin,
        initargs=(problem, primary),
    ) as pool:
        # Beside the search: who starts a process waits until it has read the whole problem.
        starting = Thread(target=_start, args=(pool, processes))
        starting.start()

        def answer(trades: Sequence[Trade]) -> Sequence[Bargain]:
            starting.join()
            return list(pool.map(partial(_Member.answer, patience), trades))

        try:
            yield answer
        finally:
            starting.join()


def _start(pool: ProcessPoolExecutor, processes: int) -> None:
    """A process starts when it is first given a task."""
    for _ in range(processes):
        pool.submit(_Member.stand_ready)


@dataclass
class _Here:
    """Answers in this process."""

    problem: Problem
    primary: frozenset[int]
    patience: Patience

    @cached_property
    def trader(self) -> Trader:
        """Made when the first trade is asked: a quick search asks none."""
        return Trader(self.problem, Relations(self.problem), self.primary)

    def answer(self, trades: Sequence[Trade]) -> Sequence[Bargain]:
        """The best bargain for each."""
        return [self.trader.best(trade, self.patience) for trade in trades]


class _Member:
    """One process of a crew: the problem is sent once, the trades one by one."""

    trader: Trader

    @classmethod
    def begin(cls, problem: Problem, primary: frozenset[int]) -> None:
        cls.trader = Trader(problem, Relations(problem), primary)
        gc.freeze()  # the problem stays

    @staticmethod
    def stand_ready() -> None:
        """A task of no work."""

    @classmethod
    def answer(cls, patience: Patience, trade: Trade) -> Bargain:
        return cls.trader.best(trade, patience)
