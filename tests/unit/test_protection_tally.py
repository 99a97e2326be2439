"""A tally from release to proof: statuses and linked tables."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterable, Iterator

import pandas as pd
import pytest

from publisher.protection import (
    Certificate,
    Protected,
    Published,
    Rules,
    protect_tally,
    to_json_lines,
    verify_protection,
)
from shared.contract.codes import SchoolType
from shared.contract.tally import Tally
from shared.errors import ProtectionError
from shared.reference import Level, Reference
from tests.support.protection import (
    PERIOD,
    PUBLISHED,
    Place,
    reference,
    school,
    some_region,
    tally,
)

ONE = frozenset({"2"})


def _clients(count: int, forms: frozenset[str] = ONE) -> tuple[frozenset[str], ...]:
    return (forms,) * count


def _status(cells: pd.DataFrame, level: Level, unit: str, measure: str, category: str = "") -> str:
    chosen = cells[
        (cells["level"] == level.value)
        & (cells["unit"] == unit)
        & (cells["measure"] == measure)
        & (cells["category"] == category)
    ]
    statuses = set(chosen["status"])
    assert len(statuses) == 1
    return str(statuses.pop())


def _protect(
    bundle: Reference, places: Iterable[Place], *published: Published, **rules: object
) -> tuple[Tally, Protected]:
    counted = tally(bundle, places)
    chosen = Rules(**rules)  # type: ignore[arg-type]
    return counted, protect_tally(counted, bundle, chosen, published or PUBLISHED[:1])


@pytest.fixture(scope="module")
def region() -> tuple[Reference, Tally, Protected]:
    bundle, counted = some_region(5, schools=24)
    return bundle, counted, protect_tally(counted, bundle, Rules(), PUBLISHED)


def test_a_release_is_a_complete_grid_with_a_proof(
    region: tuple[Reference, Tally, Protected],
) -> None:
    bundle, counted, protected = region
    cells = protected.cells
    key = ["table", "level", "unit", "period", "category", "measure"]
    assert not cells.duplicated(key).any()
    assert set(cells["status"]) == {"", "c", "x"}
    assert cells["value"].isna().equals(cells["status"] != "")
    verify_protection(cells, counted, bundle, Rules(), PUBLISHED, protected.certificates)


def test_the_report_finds_nothing_exposed(region: tuple[Reference, Tally, Protected]) -> None:
    report = json.loads(region[2].report.to_json())
    assert report["total"]["audit"] == {"exact": 0, "too_narrow": 0}
    assert report["latent_too_narrow"] == 0
    assert report["total"]["smallest_published"] >= 5
    assert set(report["tables"]) == {"clients_by_form", "coverage", "pupils_and_clients"}
    withheld = (region[2].cells["status"] == "c").sum()
    assert report["total"]["withheld"] == withheld


def test_two_runs_give_the_same_bytes(region: tuple[Reference, Tally, Protected]) -> None:
    bundle, counted, protected = region
    again = protect_tally(counted, bundle, Rules(), PUBLISHED)
    assert again.cells.to_csv() == protected.cells.to_csv()
    assert to_json_lines(again.certificates) == to_json_lines(protected.certificates)


def test_the_total_of_a_breakdown_has_the_status_of_the_table_of_totals(
    region: tuple[Reference, Tally, Protected],
) -> None:
    cells = region[2].cells
    clients = cells[(cells["measure"] == "clients") & (cells["category"] == "")]
    per_place = clients.groupby(["level", "unit", "period"])["status"].nunique()
    assert per_place.max() == 1


def test_a_tampered_release_is_refused(region: tuple[Reference, Tally, Protected]) -> None:
    bundle, counted, protected = region
    published = protected.cells.index[(protected.cells["value"] > 0).fillna(False)][0]
    changed = protected.cells.copy()
    changed.loc[published, "value"] += 1
    withheld = protected.cells.index[protected.cells["status"] == "c"][0]
    shown_zero = protected.cells.copy()
    shown_zero.loc[withheld, "value"] = 0
    shown_zero.loc[withheld, "status"] = ""
    for cells in (changed, shown_zero, protected.cells.iloc[1:]):
        with pytest.raises(ProtectionError, match="release-differs"):
            verify_protection(cells, counted, bundle, Rules(), PUBLISHED, protected.certificates)


def test_a_missing_or_foreign_certificate_is_refused(
    region: tuple[Reference, Tally, Protected],
) -> None:
    bundle, counted, protected = region
    foreign = Certificate.of("99/clients/region/region/", {"99/clients/region/region/": 1})
    for proof in (protected.certificates[1:], (*protected.certificates, foreign)):
        with pytest.raises(ProtectionError):
            verify_protection(protected.cells, counted, bundle, Rules(), PUBLISHED, proof)


def test_verification_with_stricter_rules_fails(region: tuple[Reference, Tally, Protected]) -> None:
    bundle, counted, protected = region
    with pytest.raises(ProtectionError, match="verification-failed"):
        verify_protection(
            protected.cells, counted, bundle, Rules(threshold=8), PUBLISHED, protected.certificates
        )


def test_no_message_names_a_school(region: tuple[Reference, Tally, Protected]) -> None:
    bundle, counted, protected = region
    with pytest.raises(ProtectionError) as caught:
        verify_protection(protected.cells, counted, bundle, Rules(), PUBLISHED, ())
    assert not any(item.code in str(caught.value) for item in bundle.schools)


def test_the_only_location_of_an_institution_shares_its_status() -> None:
    bundle = reference([school("01AA00"), school("02AA00"), school("03AA00")])
    places = [
        Place("01AA00", 1, 100, _clients(3)),
        Place("02AA00", 1, 100, _clients(20)),
        Place("03AA00", 1, 100, _clients(30)),
    ]
    _, protected = _protect(bundle, places)
    for code in ("01AA00", "02AA00", "03AA00"):
        location = _status(protected.cells, Level.SCHOOL, code, "clients")
        assert _status(protected.cells, Level.INSTITUTION, code[:4], "clients") == location
    assert _status(protected.cells, Level.SCHOOL, "01AA00", "clients") == "c"


def test_a_residence_total_cannot_be_used_to_compute_a_school() -> None:
    """One school, one small school: the grand total is told by the residences as well."""
    bundle = reference([school("01AA00"), school("02AA00", municipality=2)])
    places = [
        Place("01AA00", 1, 80, _clients(3)),
        Place("02AA00", 2, 200, _clients(25)),
        Place("02AA00", 1, 50, _clients(15)),
    ]
    _, protected = _protect(bundle, places)
    assert _status(protected.cells, Level.SCHOOL, "01AA00", "clients") == "c"
    shown = [
        _status(protected.cells, Level.SCHOOL, "02AA00", "clients") == "",
        _status(protected.cells, Level.TOTAL, "total", "clients") == "",
    ]
    assert not all(shown)
    by_residence = [
        _status(protected.cells, Level.RESIDENCE, place, "clients") == ""
        for place in ("GM0001", "GM0002")
    ]
    assert not all([shown[0], *by_residence])


def test_a_municipality_cut_by_an_swv_does_not_tell_the_piece() -> None:
    """Municipality 1 less SWV 2501 would be the three children of one school in SWV 2502."""
    bundle = reference(
        [
            school("01AA00", municipality=1, swv_po="PO2501"),
            school("02AA00", municipality=1, swv_po="PO2502"),
            school("03AA00", municipality=2, swv_po="PO2502"),
            school("04AA00", municipality=2, swv_po="PO2502"),
        ]
    )
    places = [
        Place("01AA00", 1, 200, _clients(30)),
        Place("02AA00", 1, 100, _clients(3)),
        Place("03AA00", 2, 200, _clients(25)),
        Place("04AA00", 2, 200, _clients(20)),
    ]
    levels = (Level.MUNICIPALITY, Level.SWV_PO, Level.REGION)
    _, protected = _protect(bundle, places, Published("pupils_and_clients", levels))
    statuses = [
        _status(protected.cells, level, unit, "clients")
        for level, unit in (
            (Level.MUNICIPALITY, "GM0001"), (Level.MUNICIPALITY, "GM0002"),
            (Level.SWV_PO, "PO2501"), (Level.SWV_PO, "PO2502"),
        )
    ]  # fmt: skip
    assert "c" in statuses


def test_the_rest_of_a_level_that_does_not_cover_every_school() -> None:
    """Region less the only board would be the four children of the school without a board."""
    bundle = reference([school("01AA00", board="40000"), school("02AA00")])
    places = [Place("01AA00", 1, 200, _clients(30)), Place("02AA00", 1, 100, _clients(4))]
    levels = (Level.BOARD, Level.REGION)
    _, protected = _protect(bundle, places, Published("pupils_and_clients", levels))
    assert "c" in {
        _status(protected.cells, Level.BOARD, "40000", "clients"),
        _status(protected.cells, Level.REGION, "region", "clients"),
    }


def test_two_cuts_of_one_population_tell_their_difference() -> None:
    """Residences add up to 28: without any total shown, 28 less 25 is still the small school."""
    bundle = reference([school("01AA00"), school("02AA00")])
    places = [Place("01AA00", 1, 80, _clients(3)), Place("02AA00", 1, 200, _clients(25))]
    levels = (Level.SCHOOL, Level.ELSEWHERE, Level.RESIDENCE)
    _, protected = _protect(bundle, places, Published("pupils_and_clients", levels))
    clients = protected.cells[protected.cells["measure"] == "clients"]
    assert (clients["status"] == "c").sum() > 1


def test_nobody_can_be_a_client_without_being_a_pupil() -> None:
    """4 may only become 3, so another school must rise: not the one where all have care."""
    bundle = reference([school(f"0{i}AA00") for i in (1, 2, 3)])
    places = [
        Place("01AA00", 1, 90, _clients(4)),
        Place("02AA00", 1, 30, _clients(30)),
        Place("03AA00", 1, 200, _clients(60)),
    ]
    levels = (Level.SCHOOL, Level.REGION)
    _, protected = _protect(
        bundle, places, Published("pupils_and_clients", levels), group=False, union=False
    )
    assert _status(protected.cells, Level.SCHOOL, "02AA00", "clients") == ""
    assert _status(protected.cells, Level.SCHOOL, "03AA00", "clients") == "c"


CROSSED = (
    ("01AA00", SchoolType.BO, 1, "PO2501", "40000", 30),
    ("02AA00", SchoolType.BO, 1, "PO2502", "", 2),
    ("05AA00", SchoolType.SBO, 1, "PO2502", "", 2),
    ("03AA00", SchoolType.BO, 2, "PO2502", "40000", 25),
    ("04AA00", SchoolType.SBO, 2, "PO2502", "40000", 20),
)


@pytest.mark.parametrize(
    "levels",
    [
        (Level.MUNICIPALITY, Level.SWV_PO, Level.TYPE, Level.REGION),
        (Level.BOARD, Level.TYPE, Level.REGION),
    ],
)
def test_a_small_group_of_several_schools_that_only_a_difference_tells(
    levels: tuple[Level, ...],
) -> None:
    """Neither school can be computed, but their sum of 4 can: what a boundary or rest leaves."""
    bundle = reference(
        [
            school(code, kind, place, swv_po=swv, board=board)
            for code, kind, place, swv, board, _ in CROSSED
        ]
    )
    places = [Place(code, 1, 200, _clients(count)) for code, *_, count in CROSSED]
    counted, protected = _protect(bundle, places, Published("pupils_and_clients", levels))
    assert (protected.cells["status"] == "c").any()
    owners = {certificate.cell for certificate in protected.certificates}
    assert any("~both" in cell or "~rest" in cell for cell in owners)
    verify_protection(
        protected.cells, counted, bundle, Rules(),
        [Published("pupils_and_clients", levels)], protected.certificates,
    )  # fmt: skip


def test_those_not_covered_cannot_be_told_from_pupils_and_duo() -> None:
    """100 by DUO, 99 residents published: the one child not covered would be told."""
    totals = {"01AA00": 100, "02AA00": 120, "03AA00": 140}
    bundle = reference([school(code) for code in totals], totals)
    places = [Place(code, 1, 99, _clients(20)) for code in totals]
    places.append(Place("01AA00", 9, 1, covered=False))
    places += [Place("02AA00", 9, 21, covered=False), Place("03AA00", 9, 41, covered=False)]
    published = (
        Published("pupils_and_clients", (Level.SCHOOL,)),
        Published("coverage", (Level.SCHOOL,)),
    )
    _, protected = _protect(bundle, places, *published)
    assert _status(protected.cells, Level.SCHOOL, "01AA00", "not_covered") == "c"
    assert _status(protected.cells, Level.SCHOOL, "01AA00", "pupils") == "c"
    assert _status(protected.cells, Level.SCHOOL, "01AA00", "duo_pupils") == ""


def test_a_duo_total_that_is_not_available_is_never_zero() -> None:
    bundle = reference([school("01AA00"), school("02AA00")], {"01AA00": 100})
    places = [Place("01AA00", 1, 90, _clients(9)), Place("02AA00", 1, 90, _clients(9))]
    _, protected = _protect(bundle, places, Published("coverage", (Level.SCHOOL,)))
    assert _status(protected.cells, Level.SCHOOL, "02AA00", "duo_pupils") == "x"


def test_forms_of_a_type_in_a_municipality() -> None:
    bundle = reference(
        [
            school(f"0{i}AA00", SchoolType.BO if i % 2 else SchoolType.VO, 1 + i // 3)
            for i in range(6)
        ]
    )
    places = [
        Place(f"0{i}AA00", 1, 300, _clients(14) + _clients(2 + i, frozenset({"2", "11"})))
        for i in range(6)
    ]
    counted, protected = _protect(bundle, places, *PUBLISHED[:2])
    assert _status(protected.cells, Level.TYPE_MUNICIPALITY, "VO*GM0001", "clients", "11") == "c"
    verify_protection(
        protected.cells, counted, bundle, Rules(), PUBLISHED[:2], protected.certificates
    )


def test_a_measure_without_a_rule_is_refused() -> None:
    bundle = reference([school("01AA00")])
    counted = tally(bundle, [Place("01AA00", 1, 90, _clients(9))])
    table = counted.header.tables[0]
    costs = table.measures[0].model_copy(update={"id": "income_eur"})
    changed = table.model_copy(update={"measures": (costs,)})
    header = counted.header.model_copy(update={"tables": (changed,)})
    with pytest.raises(ProtectionError, match="measure-unknown"):
        protect_tally(Tally(header, counted.cells), bundle, Rules(), PUBLISHED[:1])
    with pytest.raises(ProtectionError, match="table-unknown"):
        protect_tally(counted, bundle, Rules(), [Published("unknown", (Level.SCHOOL,))])


def test_a_tally_whose_levels_do_not_add_up_is_refused() -> None:
    bundle = reference([school("01AA00"), school("02AA00")])
    places = [Place("01AA00", 1, 90, _clients(9)), Place("02AA00", 1, 90, _clients(9))]
    counted = tally(bundle, places)
    other = reference([school("01AA00"), school("02AA00", municipality=2)])
    with pytest.raises(ProtectionError, match="tally-inconsistent"):
        protect_tally(counted, other, Rules(), PUBLISHED[:1])


def test_the_period_stands_in_every_row(region: tuple[Reference, Tally, Protected]) -> None:
    assert set(region[2].cells["period"]) == {PERIOD}


def test_the_number_of_processes_changes_nothing() -> None:
    bundle, counted = some_region(5, schools=24)
    alone, together = (
        protect_tally(counted, bundle, Rules(), PUBLISHED, processes=each) for each in (1, 2)
    )
    assert alone.cells.equals(together.cells)
    assert to_json_lines(alone.certificates) == to_json_lines(together.certificates)
    assert alone.report == together.report


class _Here:
    """In place of other processes: says what would be sent, and when."""

    def __init__(
        self,
        *_: object,
        initializer: Callable[..., None],
        initargs: tuple[object, ...],
        **__: object,
    ) -> None:
        initializer(*initargs)

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def map(self, search: Callable[[int], object], periods: Iterable[int]) -> Iterator[object]:
        assert len(pickle.dumps(search)) < 500
        return map(search, periods)


def test_what_a_process_needs_is_sent_when_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with each period: finishing one here adds to the grid, while it would be sent."""
    bundle, counted = some_region(5, schools=12)
    monkeypatch.setattr("publisher.protection.tally.ProcessPoolExecutor", _Here)
    alone, together = (
        protect_tally(counted, bundle, Rules(), PUBLISHED, processes=each) for each in (1, 2)
    )
    assert alone.cells.equals(together.cells)
