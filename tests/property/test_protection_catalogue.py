"""Tables of the catalogue, counted by the linker from drawn regions: protected, never unmet."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

import pytest

from publisher.protection import Published, Rules, protect_tally, verify_protection
from publisher.protection.grid import Grid
from publisher.staging import rounding_of, rules_of
from shared.errors import ProtectionError
from tests.support.assurance import figure, record
from tests.support.drawn_tally import (
    FURTHER,
    POLICY,
    ROUNDING_KEY,
    drawn_tally,
    every_table,
    protect_as_staged,
)

SIZES = (60, 25, 40, 120)
"""Of the drawn regions, in turn: in small ones most of what is hard to protect happens."""


def test_every_table_with_rules_is_protected_whole() -> None:
    """A number that cannot be protected or proven costs cells, or a level; never the release.

    Providers are named nowhere in most of these regions: they have one or two where few live.
    """
    rules, seeds, begin = rules_of(POLICY), range(1, 1 + figure(2, 40)), time.monotonic()
    narrower = 0
    for seed in seeds:
        bundle, tally = drawn_tally(seed, persons=SIZES[(seed - 1) % len(SIZES)])
        made, kept = protect_as_staged(bundle, tally, rules)
        narrower += _but_providers(kept) != _but_providers(every_table(tally))
        rounding = rounding_of(POLICY, kept, ROUNDING_KEY)
        verify_protection(
            made.cells, tally, bundle, rules, kept, made.certificates, (), rounding, made.rounded
        )
        assert not made.report.total.exact
        assert not made.report.total.too_narrow
    assert 4 * narrower <= len(seeds)
    record("drawn regions protected with every table but the named providers whole",
           len(seeds), len(seeds) - narrower, 1, time.monotonic() - begin)  # fmt: skip


def _but_providers(tables: Iterable[Published]) -> list[Published]:
    return [each for each in tables if each.table != "clients_by_provider"]


def test_without_the_last_resort_such_a_region_is_unmet() -> None:
    """Mutation: the zeros that are mostly shown stay shown."""
    bundle, tally = drawn_tally(1)
    rules: Rules = replace(rules_of(POLICY), fallback=False)
    with pytest.raises(ProtectionError, match="protection-unmet"):
        protect_tally(tally, bundle, rules, every_table(tally))


def test_the_tables_are_those_for_which_there_are_rules() -> None:
    bundle, tally = drawn_tally(1)
    grid = Grid.of(tally, bundle, every_table(tally))
    assert {each.table for each in grid.published} >= {each.table for each in FURTHER}
