"""What a supplier's share is made of, against a naive count; and how little one child moves it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from linker.linkage.feedback import Match
from tests.support.assurance import LONG, figure
from tests.support.micro_drawing import micro_regions
from tests.support.microregion import (
    FORMS,
    MUNICIPALITIES,
    Region,
    link_region,
    pupils_of,
    without_objections,
)

_few = settings(
    max_examples=figure(2, 100),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    phases=tuple(Phase) if LONG else (Phase.explicit, Phase.generate),
)


@_few
@given(micro_regions(), st.integers(1, 2))
def test_a_match_is_what_a_naive_count_gives(region: Region, shards: int) -> None:
    assert link_region(region, shards=shards).matches == naive_matches(region)


@_few
@given(micro_regions(), st.integers(0, 7))
def test_an_objection_moves_every_share_by_one_person_at_most(region: Region, person: int) -> None:
    before = link_region(region).matches
    after = link_region(replace(region, objections=(*region.objections, person))).matches
    for supplier, match in before.items():
        assert after[supplier].persons == match.persons
        assert match.linked - after[supplier].linked in (0, 1)


@_few
@given(micro_regions(), st.integers(0, 7))
def test_a_child_in_anothers_data_moves_a_share_by_one_person_at_most(
    region: Region, person: int
) -> None:
    """What an enrolment supplier could learn of care, and a municipality of enrolments."""
    no_care = replace(region, care=tuple(row for row in region.care if row.person != person))
    no_pupil = replace(
        region, enrolments=tuple(row for row in region.enrolments if row.person != person)
    )
    with_child = link_region(region).matches
    for schema, without in (("enrolment/1", no_care), ("care/1", no_pupil)):
        changed = link_region(without).matches
        for supplier, match in with_child.items():
            if supplier[1] == schema:
                assert changed[supplier].persons == match.persons
                assert match.linked - changed[supplier].linked in (0, 1)


def naive_matches(region: Region) -> dict[tuple[str, str], Match]:
    """Persons delivered and persons linked of every supplier, by loops over rows."""
    left = without_objections(region)
    pupils = pupils_of(left)
    enrolled = {place for place, one in pupils.items() if one.enrolment.linkable}
    clients = {
        (row.person, row.period)
        for row in left.care
        if row.form in FORMS
        and (row.person, row.period) in enrolled
        and pupils[row.person, row.period].covered
    }
    gone = set(region.objections)
    found = {}
    for supplier in ("duo", "leerplicht"):
        mine = [row for row in region.enrolments if row.supplier == supplier]
        linked = {row.person for row in mine if (row.person, row.period) in clients} - gone
        found[supplier, "enrolment/1"] = Match(len({row.person for row in mine}), len(linked))
    for place in MUNICIPALITIES:
        care = [row for row in region.care if row.municipality == place and row.form in FORMS]
        linked = {row.person for row in care if (row.person, row.period) in enrolled} - gone
        found[f"gm{place}", "care/1"] = Match(len({row.person for row in care}), len(linked))
    return found
