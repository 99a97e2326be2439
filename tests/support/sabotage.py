"""Defences taken out of the search, one at a time, so that tests can show what each is for.

The verifier and the attackers of the tests stay as they are. Each function patches one seam.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import pytest

from publisher.protection import engine
from publisher.protection.problem import Problem, ProblemBuilder
from publisher.protection.secondary import Pattern

Sabotage = Callable[[pytest.MonkeyPatch], None]


def only_primary(patch: pytest.MonkeyPatch) -> None:
    """No secondary suppression at all."""

    def suppress(problem: Problem, *_: object, **__: object) -> Pattern:
        cells = (item.node for item in problem.sensitive)
        named = frozenset(node for node in cells if problem.nodes[node].kind.value == "cell")
        return Pattern(named, frozenset(), (), 0.0, None)

    patch.setattr(engine, "suppress", suppress)
    without_unions(patch)
    without_groups(patch)


def without_sums_of(*levels: str) -> Sabotage:
    """SUM: the units of these levels are no sums of others, as far as the search knows."""
    equal = ProblemBuilder.equal

    def patched(self: ProblemBuilder, whole: int, parts: Iterable[int]) -> None:
        of_levels = {level for key in self.nodes[whole].keys for level in key.split("/")}
        if not of_levels & set(levels):
            equal(self, whole, parts)

    def sabotage(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(ProblemBuilder, "equal", patched)

    return sabotage


def without_sums_over_categories(patch: pytest.MonkeyPatch) -> None:
    """SUM: a total is not the sum of the categories that it splits."""
    equal = ProblemBuilder.equal

    def patched(self: ProblemBuilder, whole: int, parts: Iterable[int]) -> None:
        places = list(parts)
        names = {
            key.rsplit("/", 1)[-1] for node in (whole, *places) for key in self.nodes[node].keys
        }
        if len(names) == 1:
            equal(self, whole, places)

    patch.setattr(ProblemBuilder, "equal", patched)


def without_shared_status(patch: pytest.MonkeyPatch) -> None:
    """SAME: cells that are one quantity do not share their status."""
    cell = ProblemBuilder.cell

    def patched(self: ProblemBuilder, keys: Sequence[str], true: int, **more: object) -> int:
        return cell(self, keys[:1], true, **more)  # type: ignore[arg-type]

    patch.setattr(ProblemBuilder, "cell", patched)


def without_at_most(patch: pytest.MonkeyPatch) -> None:
    """DISTINCT: no category is bounded by its total, no total by its categories or pupils."""
    patch.setattr(ProblemBuilder, "at_most", lambda self, lesser, greater: None)


def without_ties(patch: pytest.MonkeyPatch) -> None:
    """Two cuts of one population do not have the same total."""
    patch.setattr(ProblemBuilder, "tie", lambda self, terms: None)


def without_what_parts_tell(patch: pytest.MonkeyPatch) -> None:
    """A part that is shown does not tell how much its whole is at least."""
    patch.setattr(ProblemBuilder, "at_least", lambda self, terms, least: None)


def without_known_totals(patch: pytest.MonkeyPatch) -> None:
    """What is known from elsewhere (DUO) bounds nothing."""
    patch.setattr(ProblemBuilder, "within", lambda self, nodes, most: None)
    cell = ProblemBuilder.cell

    def patched(self: ProblemBuilder, keys: Sequence[str], true: int, **more: object) -> int:
        return cell(self, keys, true, **{**more, "ceiling": None})  # type: ignore[arg-type]

    patch.setattr(ProblemBuilder, "cell", patched)


def without_lower_bounds(patch: pytest.MonkeyPatch) -> None:
    """A withheld number that is not zero might be zero, as far as the search knows."""
    _change(patch, lambda problem: replace(
        problem, nodes=tuple(replace(node, floor=0) for node in problem.nodes)
    ))  # fmt: skip


def with_moving_zeros(patch: pytest.MonkeyPatch) -> None:
    """A zero that everybody sees is room to move, as far as the search knows."""
    cell = ProblemBuilder.cell

    def patched(self: ProblemBuilder, keys: Sequence[str], true: int, **more: object) -> int:
        if not true:
            return self.latent((), true)
        return cell(self, keys, true, **more)  # type: ignore[arg-type]

    patch.setattr(ProblemBuilder, "cell", patched)


def without_classes(patch: pytest.MonkeyPatch) -> None:
    """Any alternative will do, also one that the rule would have published."""
    _change(patch, lambda problem: replace(
        problem,
        sensitive=tuple(replace(s, low=0, high=None, guards=()) for s in problem.sensitive),
    ))  # fmt: skip


def without_unions(patch: pytest.MonkeyPatch) -> None:
    """What the pattern opens up by itself (unions, visible zeros) is left open."""
    patch.setattr(engine, "_still_open", lambda problem, pattern, rules: frozenset())


def without_groups(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks for groups that no cell names."""
    patch.setattr(engine, "told_groups", lambda problem, hidden: frozenset())


def without_rests(patch: pytest.MonkeyPatch) -> None:
    """What a boundary cuts off, or a level leaves over, is no quantity that a rule is about."""
    latent = ProblemBuilder.latent

    def patched(
        self: ProblemBuilder, keys: Sequence[str], true: int, *, ceiling: int | None = None
    ) -> int:
        return latent(self, (), true, ceiling=ceiling)

    patch.setattr(ProblemBuilder, "latent", patched)
    without_groups(patch)


def all_of(*parts: Sabotage) -> Sabotage:
    """Several defences that cover one another, taken out together."""

    def sabotage(patch: pytest.MonkeyPatch) -> None:
        for part in parts:
            part(patch)

    return sabotage


def _change(patch: pytest.MonkeyPatch, change: Callable[[Problem], Problem]) -> None:
    build = ProblemBuilder.build
    patch.setattr(ProblemBuilder, "build", lambda self: change(build(self)))
