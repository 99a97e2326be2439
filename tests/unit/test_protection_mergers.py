"""Schools that merge or split between two releases of one period."""

from __future__ import annotations

import pytest

from publisher.protection import Published
from publisher.protection.grid import Grid
from publisher.protection.time.earlier import keys_before_merger
from shared.errors import ProtectionError
from shared.reference import Level, Merger, Reference
from tests.support.corrections import Release, release
from tests.support.protection import Place, reference, school, tally

LEVELS = (Published("pupils_and_clients", (Level.SCHOOL, Level.REGION, Level.TOTAL)),)
BEFORE = {"01AA00": 20, "02AA00": 3, "03AA00": 30, "04AA00": 35, "05AA00": 4, "06AA00": 2}


def bundle(schools: dict[str, int], *mergers: Merger) -> Reference:
    return reference([school(code) for code in schools]).model_copy(update={"mergers": mergers})


def published(schools: dict[str, int], book: Reference, *before: Release) -> Release:
    places = [Place(code, 1, 200, (frozenset({"2"}),) * n) for code, n in schools.items()]
    return release(book, places, *before, published=LEVELS)


def with_one_code(into: str, *was: str) -> tuple[dict[str, int], Reference]:
    """The schools after a merger, with the same children."""
    left = {code: count for code, count in BEFORE.items() if code not in was}
    after = dict(sorted({**left, into: sum(BEFORE[code] for code in was)}.items()))
    return after, bundle(after, Merger(school=into, was=was))


@pytest.fixture(scope="module")
def first() -> Release:
    made = published(BEFORE, bundle(BEFORE))
    hidden = [code for code in BEFORE if made.value(Level.SCHOOL, code, "clients") is None]
    assert {"02AA00", "05AA00", "06AA00"} <= set(hidden)
    assert made.value(Level.SCHOOL, "01AA00", "clients") == 20
    return made


@pytest.mark.parametrize("into", ["01AA00", "07AA00"])
def test_a_merged_school_does_not_tell_the_small_one_that_it_was(first: Release, into: str) -> None:
    """23 now, less the 20 that were published, would be the other school."""
    after, book = with_one_code(into, "01AA00", "02AA00")
    pupils = {**after}
    places = [
        Place(code, 1, 400 if code == into else 200, (frozenset({"2"}),) * count)
        for code, count in pupils.items()
    ]
    second = release(book, places, first, published=LEVELS)
    assert second.value(Level.SCHOOL, into, "clients") is None
    assert second.value(Level.REGION, "region", "clients") == 94
    assert second.protected.report.total.exact == 0


def test_a_merged_school_is_compared_where_no_total_tells_it() -> None:
    """Only schools are published: nothing but the merger ties the releases."""
    schools = (Published("pupils_and_clients", (Level.SCHOOL,)),)
    places = [Place(code, 1, 200, (frozenset({"2"}),) * n) for code, n in BEFORE.items()]
    first = release(bundle(BEFORE), places, published=schools)
    after, book = with_one_code("07AA00", "01AA00", "02AA00")
    merged = [
        Place(code, 1, 400 if code == "07AA00" else 200, (frozenset({"2"}),) * count)
        for code, count in after.items()
    ]
    second = release(book, merged, first, published=schools)
    assert first.value(Level.SCHOOL, "01AA00", "clients") == 20
    assert second.value(Level.SCHOOL, "07AA00", "clients") is None
    untied = release(book.model_copy(update={"mergers": ()}), merged, published=schools)
    assert untied.value(Level.SCHOOL, "07AA00", "clients") == 23


def test_a_school_with_a_new_code_keeps_its_status(first: Release) -> None:
    after, book = with_one_code("07AA00", "02AA00")
    second = published(after, book, first)
    assert second.value(Level.SCHOOL, "07AA00", "clients") is None
    assert second.protected.report.total.exact == 0


def test_a_merger_does_not_hide_a_change_of_one_child(first: Release) -> None:
    after, book = with_one_code("07AA00", "03AA00", "04AA00")
    places = [
        Place(code, 1, 400 if code == "07AA00" else 200, (frozenset({"2"}),) * count)
        for code, count in after.items()
    ]
    at = next(at for at, place in enumerate(places) if place.school == "07AA00")
    places[at] = Place("07AA00", 1, 400, (frozenset({"2"}),) * (after["07AA00"] + 1))
    with pytest.raises(ProtectionError, match="correction-waits"):
        release(book, places, first, published=LEVELS)


def test_only_schools_of_one_period_are_added_up(first: Release) -> None:
    after, book = with_one_code("07AA00", "01AA00", "02AA00")
    now = Grid.of(tally(book, [Place(code, 1, 9) for code in after]), book, LEVELS)
    before = Grid.of(first.counted, first.bundle, LEVELS)
    assert keys_before_merger("24/clients/school/07AA00/", now, before) == (
        "24/clients/school/01AA00/",
        "24/clients/school/02AA00/",
    )
    assert keys_before_merger("24/clients/region/region/", now, before) == ()
    assert keys_before_merger("24/clients/school/03AA00/", now, before) == ()
    assert keys_before_merger("24/clients/school/07AA00/", now, now) == ()


def test_a_bundle_without_mergers_keeps_its_bytes() -> None:
    plain, merged = bundle(BEFORE), with_one_code("07AA00", "01AA00", "02AA00")[1]
    assert b"mergers" not in plain.to_bytes()
    assert Reference.from_bytes(merged.to_bytes()) == merged
    assert Reference.from_bytes(plain.to_bytes()).sha256 == plain.sha256
