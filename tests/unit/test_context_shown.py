"""Figures from elsewhere as pages ask for them: sums only where they are sound."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.context.catalogue import catalogue
from publisher.context.figures import (
    Areas,
    Checked,
    Figures,
    Indicator,
    Kind,
    SourceNote,
    SwvArea,
    Told,
    Value,
)
from publisher.context.shown import Amount, Context
from tests.support.context import areas, context, figures

NOTE = SourceNote(id="bron", title="Bron", holder="CBS", page="https://example.org/",
                  licence="CC0", checked=Checked.ASSUMED)  # fmt: skip
TOLD = Told(nl="x", en="x")


def indicator(kind: Kind, decimals: int = 1) -> Indicator:
    return Indicator(id="iets", theme="gezin", kind=kind, label=TOLD, unit=TOLD, meaning=TOLD,
                     decimals=decimals)  # fmt: skip


def of(kind: Kind, *parts: tuple[str, str, int | None, int | None], day: int = 1) -> Figures:
    return Figures(
        source=NOTE, sha256=f"{day:064x}", retrieved_on=date(2026, 1, day), synthetic=False,
        indicators=(indicator(kind),),
        values=tuple(Value(indicator="iets", area=area, period=period, numerator=above,
                           denominator=below) for area, period, above, below in parts),
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9_999), st.integers(1, 10_000)), min_size=1, max_size=5))
def test_a_share_of_several_areas_is_that_of_their_sums(parts: list[tuple[int, int]]) -> None:
    codes = tuple(f"GM{number:04d}" for number in range(1, len(parts) + 1))
    held = Context.of([of(Kind.SHARE, *((code, "2024", above, below) for code, (above, below)
                                        in zip(codes, parts, strict=True)))])  # fmt: skip
    found = held.amount(indicator(Kind.SHARE), codes, "2024")
    exact = Fraction(sum(a for a, _ in parts) * 100, sum(b for _, b in parts))
    assert found is not None
    assert found.decimals == 1
    assert abs(Fraction(found.value, 10) - exact) <= Fraction(1, 20)


def test_counts_add_up_and_what_is_missing_leaves_no_figure() -> None:
    held = Context.of([of(Kind.COUNT, ("GM0001", "2024", 5, None), ("GM0002", "2024", 7, None),
                          ("GM0003", "2024", None, None))])  # fmt: skip
    count = indicator(Kind.COUNT)
    assert held.amount(count, ("GM0001", "GM0002"), "2024") == Amount(12, 0)
    assert held.amount(count, ("GM0001", "GM0003"), "2024") is None
    assert held.amount(count, ("GM0001", "GM0004"), "2024") is None
    assert held.amount(count, (), "2024") is None
    assert held.amount(count, ("GM0001",), "2023") is None


def test_a_given_figure_stands_by_itself_and_is_never_added() -> None:
    held = Context.of([of(Kind.GIVEN, ("GM0001", "2024", 123, None), ("GM0002", "2024", 9, None))])
    assert held.amount(indicator(Kind.GIVEN), ("GM0001",), "2024") == Amount(123, 1)
    assert held.amount(indicator(Kind.GIVEN), ("GM0001", "GM0002"), "2024") is None


def test_nothing_is_divided_by_nothing() -> None:
    held = Context.of([of(Kind.SHARE, ("GM0001", "2024", 0, 0), ("GM0002", "2024", 1, None))])
    for code in ("GM0001", "GM0002"):
        assert held.amount(indicator(Kind.SHARE), (code,), "2024") is None


def test_the_last_import_counts_also_where_it_takes_a_figure_away() -> None:
    older = of(Kind.COUNT, ("GM0001", "2023", 1, None), ("GM0001", "2024", 2, None))
    newer = of(Kind.COUNT, ("GM0001", "2024", 3, None), ("GM0001", "2023", None, None), day=2)
    held, count = Context.of([newer, older]), indicator(Kind.COUNT)
    assert held.amount(count, ("GM0001",), "2024") == Amount(3, 0)
    assert held.amount(count, ("GM0001",), "2023") is None
    assert held.periods(count) == ("2024",)
    assert [each.retrieved_on for each in held.origins(count)] == ["2026-01-02"]
    assert held.key != Context.of([older]).key


@pytest.mark.parametrize(
    ("swv", "expected"),
    [
        (SwvArea(code="PO2502", whole=("Aalten", "OOST GELRE"), partly=()), ("GM0197", "GM1586")),
        (SwvArea(code="PO2502", whole=("Aalten",), partly=("Bronckhorst",)), ()),
        (SwvArea(code="PO2502", whole=("Aalten", "Elders"), partly=()), ()),
        (SwvArea(code="PO2503", whole=("Aalten",), partly=()), ()),
    ],
)
def test_a_samenwerkingsverband_is_the_sum_of_whole_and_known_municipalities(
    swv: SwvArea, expected: tuple[str, ...]
) -> None:
    document = Areas(source=NOTE, sha256="0" * 64, retrieved_on=date(2026, 1, 1), synthetic=False,
                     swvs=(swv,))  # fmt: skip
    codes = {"Aalten": "GM0197", "Oost Gelre": "GM1586", "Bronckhorst": "GM1876"}
    assert Context.of(areas=[document]).municipalities_of("PO2502", codes) == expected
    assert Context.of().municipalities_of("PO2502", codes) == ()


def test_the_invented_files_have_every_indicator_of_the_catalogue() -> None:
    held = context()
    assert held.indicators == catalogue().indicators
    assert [theme for theme, _ in held.themes] == list(catalogue().themes)
    assert not held.is_empty
    assert Context.of().is_empty
    assert {each.source.id for each in figures()} >= {
        source.id for source in catalogue().sources if source.id != "cbs-kerncijfers-tot-2023"
    }
    assert areas().swvs
