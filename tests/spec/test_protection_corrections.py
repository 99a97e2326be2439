"""Attacks on what is published more than once, each carried out by plain arithmetic."""

from __future__ import annotations

from itertools import product

import pytest

from publisher.protection import Published
from shared.errors import ProtectionError
from shared.reference import Level
from tests.support.corrections import Release, release
from tests.support.protection import Place, reference, school
from tests.support.small_tables import protect_small, small_spec

LEVELS = (Published("pupils_and_clients", (Level.SCHOOL, Level.REGION, Level.TOTAL)),)
SCHOOLS = ("01AA00", "02AA00", "03AA00", "04AA00")
BUNDLE = reference([school(code) for code in SCHOOLS])


def of(*clients: int) -> list[Place]:
    """Each school with 200 pupils, and so many clients."""
    return [
        Place(code, 1, 200, (frozenset({"2"}),) * count)
        for code, count in zip(SCHOOLS, clients, strict=True)
    ]


def published(clients: tuple[int, ...], *before: Release) -> Release:
    return release(BUNDLE, of(*clients), *before, published=LEVELS)


def shown(of_release: Release) -> list[int | None]:
    """Clients per school, and in the region."""
    schools = [of_release.value(Level.SCHOOL, code, "clients") for code in SCHOOLS]
    return [*schools, of_release.value(Level.REGION, "region", "clients")]


def believed(seen: list[list[int | None]], unchanged: set[int]) -> dict[tuple[int, int], set[int]]:
    """What a reader can believe of each school in each release, by plain enumeration.

    The reader takes it that schools to which nothing happened did not change, and that a count
    that is withheld is at least 1.
    """
    possible: dict[tuple[int, int], set[int]] = {}
    for tables in product(*(list(_tables(cells)) for cells in seen)):
        if all(len({table[at] for table in tables}) == 1 for at in unchanged):
            for number, table in enumerate(tables):
                for at, value in enumerate(table):
                    possible.setdefault((number, at), set()).add(value)
    return possible


def _tables(cells: list[int | None]) -> list[tuple[int, ...]]:
    options = [range(1, 41) if value is None else (value,) for value in cells[:-1]]
    whole = cells[-1]
    return [t for t in product(*options) if whole is None or sum(t) == whole]


def exposed(seen: list[list[int | None]], unchanged: set[int]) -> list[tuple[int, int]]:
    """Withheld counts of which only one value is left."""
    return [
        (number, at)
        for (number, at), values in sorted(believed(seen, unchanged).items())
        if len(values) == 1 and seen[number][at] is None
    ]


def test_republication_a_school_that_grew_tells_nothing_of_its_neighbour() -> None:
    """6 more clients at the second school; the third has 4, and did not change."""
    first = published((20, 3, 4, 30))
    assert shown(first)[1:3] == [None, None]
    together = published((20, 9, 4, 30), first)
    assert shown(together)[1:3] == [None, None]
    assert exposed([shown(first), shown(together)], {0, 2, 3}) == []


def test_republication_with_another_pattern_would_tell_a_count() -> None:
    """The defence taken out: two patterns of which each protects, and which together do not."""
    first: list[int | None] = [20, None, None, 30, 57]
    second: list[int | None] = [20, 9, None, None, 63]
    assert exposed([first], set()) == exposed([second], set()) == []
    assert (1, 2) in exposed([first, second], {0, 2, 3})


def test_correction_of_one_child_is_not_told() -> None:
    first = published((20, 25, 40, 30))
    with pytest.raises(ProtectionError, match="a change of a total of the whole by a few"):
        published((21, 25, 40, 30), first)


def test_what_was_published_hides_nothing_any_more() -> None:
    """The last school is small now; the others are known, so that the total tells it."""
    first = published((20, 25, 40, 30))
    with pytest.raises(ProtectionError, match="counts that would tell one"):
        published((20, 25, 40, 3), first)


def test_what_changed_protects_what_changed() -> None:
    """Withholding a school that readers have would cost less, and protect nothing."""
    first = published((20, 25, 40, 30))
    second = published((20, 25, 3, 67), first)
    assert shown(second) == [20, 25, None, None, 115]
    assert exposed([shown(first), shown(second)], {0, 1}) == []


def test_a_small_school_that_grew_stays_withheld() -> None:
    first = published((20, 3, 4, 2))
    second = published((20, 33, 4, 2), first)
    assert shown(second)[1:4] == [None, None, None]
    assert exposed([shown(first), shown(second)], {0, 2, 3}) == []


def test_cancelling_corrections_are_told_at_neither_school() -> None:
    """One child more here and one fewer there: the total is as it was."""
    first = published((20, 25, 40, 30))
    second = published((21, 24, 40, 30), first)
    before, after = shown(first), shown(second)
    assert after[:2] == [None, None]
    assert after[2:] == before[2:]
    assert exposed([before, after], {2, 3}) == []


def test_cancelling_corrections_over_three_releases_are_compared_with_the_first() -> None:
    first = published((20, 25, 40, 30))
    second = published((30, 25, 40, 30), first)
    with pytest.raises(ProtectionError, match="correction-waits"):
        published((21, 25, 40, 30), first, second)


def test_a_school_that_turns_out_to_have_none_stays_withheld() -> None:
    """A zero is always shown, except where it would tell that the few of before are gone."""
    first = published((20, 3, 4, 30))
    second = published((30, 0, 14, 30), first)
    assert shown(first)[1:3] == shown(second)[1:3] == [None, None]
    assert shown(published((30, 0, 14, 30)))[1:3] == [0, 14]


def test_a_correction_that_is_taken_back_shows_what_readers_have() -> None:
    """The second release withheld what the first had shown; the third is the first again."""
    first = published((20, 25, 40, 30))
    second = published((21, 24, 40, 30), first)
    assert shown(second)[:2] == [None, None]
    third = published((20, 25, 40, 30), first, second)
    assert shown(third) == shown(first)


def test_a_small_school_that_is_corrected_stays_withheld() -> None:
    first = published((20, 3, 4, 30))
    second = published((40, 3, 4, 30), first)
    assert shown(second)[0] == 40
    assert shown(second)[1:3] == [None, None]
    assert exposed([shown(first), shown(second)], {1, 2, 3}) == []


def test_six_year_sums_against_five_published_years() -> None:
    """A sum over years is a total like any other: less five years it is the sixth."""
    years = {"2019": 12, "2020": 14, "2021": 3, "2022": 15, "2023": 11, "2024": 13}
    rows = [
        {"u": f"{name}-{year}", "s": name, "y": year, "n": count + more}
        for name, more in (("A", 0), ("B", 20))
        for year, count in years.items()
    ]
    small = protect_small(small_spec([["s"], ["y"]]), rows)
    hidden_years = [year for year in years if f"unit/A-{year}/" in small.hidden]
    assert "2021" in hidden_years
    sum_shown = "s/A/" not in small.hidden
    year_shown = "y/2021/" not in small.hidden
    assert not sum_shown or len(hidden_years) > 1
    assert not year_shown or "unit/B-2021/" in small.hidden
