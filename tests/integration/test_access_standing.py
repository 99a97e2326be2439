"""Who is known still stands: agreements of today, and what is written down of a use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from publisher.access.journal import Journal, Use
from publisher.access.readers import Reader
from publisher.access.roles import FIGURES, MAY, AccessRole, Resource
from publisher.access.standing import AgreementsInUse, Standing, check_takes_part
from shared.agreements import PinnedAgreements
from shared.errors import ConfigurationError, MonitorError
from tests.support.access import agreement_ended
from tests.support.accounts import CONFIRMER, PARTY, Access, refusal
from tests.support.parties import MiniRegion


@pytest.fixture
def access(region: MiniRegion) -> Iterator[Access]:
    database = region.publisher_database()
    yield Access(region, database)
    database.close()


# --- the log of access ---------------------------------------------------------------------------


def test_a_use_is_written_down_once_a_day_whoever_writes(access: Access) -> None:
    """Two processes do not know of each other what they wrote."""
    reader = Reader("Regio", AccessRole.ANALYST, MAY[AccessRole.ANALYST])
    day = access.region.clock().date()
    for journal in (Journal(access.database), Journal(access.database)):
        for resource in (Resource.PAGES, Resource.API, Resource.PAGES):
            journal.note(Use.of(reader, resource, day))
    uses = Journal(access.database).between(day, day)
    assert uses == tuple(
        Use(day, "Regio", AccessRole.ANALYST, each) for each in (Resource.API, Resource.PAGES)
    )


# --- agreements ----------------------------------------------------------------------------------


def standing(access: Access) -> Standing:
    path = access.region.agreements_path
    in_use = AgreementsInUse(path, lambda: access.region.pinned_agreements)
    return Standing(access.database, access.publicist.card, in_use)


def test_figures_that_are_not_open_are_for_who_takes_part(access: Access) -> None:
    """An organisation that the agreements name needs one in force; one they do not, needs none."""
    stands, now = standing(access), access.region.clock()
    for organisation in ("organisatie van gm0197", " ORGANISATIE van GM0197"):
        reader = Reader(organisation, AccessRole.AUDITOR, MAY[AccessRole.AUDITOR])
        stands.check(reader, Resource.PAGES, now)
        with agreement_ended(access.region, "gm0197"):
            for resource in FIGURES:
                code = refusal(stands.check, reader, resource, now)
                assert code == "agreement-not-in-force"
            stands.check(reader, Resource.OVERSIGHT, now)  # that ends with no agreement
            others = replace(reader, organisation="SWV Proef")
            stands.check(others, Resource.PAGES, now)


def test_an_approver_stands_by_their_mandate_wherever_it_is_not_open(access: Access) -> None:
    mandate_id = access.approver()
    reader = Reader("x", AccessRole.APPROVER, MAY[AccessRole.APPROVER], "", PARTY, mandate_id)
    stands, now = standing(access), access.region.clock()
    for resource in MAY[AccessRole.APPROVER]:
        stands.check(reader, resource, now)
        with agreement_ended(access.region, CONFIRMER):
            assert refusal(stands.check, reader, resource, now) == "agreement-not-in-force"
    other = replace(reader, mandate="0" * 16)
    assert refusal(stands.check, other, Resource.APPROVAL, now) == "mandate-not-in-force"


def test_one_agreement_in_force_is_enough(access: Access) -> None:
    agreements = access.region.agreements
    day, last = access.region.clock().date(), date(2026, 1, 1)
    twice = agreements.model_copy(
        update={
            "agreements": tuple(
                each.model_copy(
                    update={"organisation": "Een", "in_force_from": last}
                    | ({"in_force_until": last} if number else {})
                )
                for number, each in enumerate(agreements.agreements)
            )
        }
    )
    check_takes_part(twice, "een", day)
    with pytest.raises(MonitorError, match="agreement of Een in force"):
        check_takes_part(twice, "een", date(2040, 1, 2))


def test_agreements_count_as_they_lie_there_now(access: Access) -> None:
    """They are parsed once, and again when their bytes are others."""
    loads = 0

    def load() -> PinnedAgreements:
        nonlocal loads
        loads += 1
        return access.region.pinned_agreements

    path = access.region.agreements_path
    in_use = AgreementsInUse(path, load)
    first = in_use()
    assert in_use() is first
    with agreement_ended(access.region, PARTY):
        assert in_use() != first
        assert loads == 2
    assert (in_use(), loads) == (first, 3)
    text = path.read_text(encoding="utf-8")
    path.write_text("x", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        in_use()
    path.write_text(text, encoding="utf-8")
    assert in_use() == first
