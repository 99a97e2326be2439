"""Trades answered by several processes; how many there are changes the time only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context

from publisher.protection.problem import Problem
from publisher.protection.relations import Relations
from publisher.protection.trading import Bargain, Patience, Trade, Trader

Answer = Callable[[Sequence[Trade]], Sequence[Bargain]]
WORTH = 8_000
"""A block of fewer quantities is done before another process has started."""


@contextmanager
def crew(
    problem: Problem, primary: frozenset[int], trader: Trader, patience: Patience, processes: int
) -> Iterator[Answer]:
    """What answers trades, in their order: here, or in processes that all know the problem."""
    if processes == 1 or len(problem.nodes) < WORTH:
        yield lambda trades: [trader.best(trade, patience) for trade in trades]
        return
    # Spawned, not forked: a fork would inherit the solver's threads.
    with ProcessPoolExecutor(
        processes,
        mp_context=get_context("spawn"),
        initializer=_Member.begin,
        initargs=(problem, primary),
    ) as pool:
        yield lambda trades: list(pool.map(partial(_Member.answer, patience), trades))


class _Member:
    """One process of a crew: the problem is sent once, the trades one by one."""

    trader: Trader

    @classmethod
    def begin(cls, problem: Problem, primary: frozenset[int]) -> None:
        cls.trader = Trader(problem, Relations(problem), primary)

    @classmethod
    def answer(cls, patience: Patience, trade: Trade) -> Bargain:
        return cls.trader.best(trade, patience)
