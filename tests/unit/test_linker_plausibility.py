"""Figures of a delivery and the bands around them: what is held, why, and what is not kept."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest

from linker.intake.figures import DUPLICATES, Figures, figures_of
from linker.intake.plausibility import DEFAULT_BANDS, Bands, Earlier, why_held
from linker.intake.reasons import MOST, Reason, in_dutch, in_english, joined
from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION
from tests.support.parties import care_table, enrolment_table, objection_table, pseudonym

PERIODS = 2
GOOD = {"form=2": 60, "form=3": 40, "domain=1": 98, "referrer=2": 70, "referrer=1": 30}
PUPILS = {"education=0": 100, "linkable": 99, "main": 97}


def held(
    found: Figures, earlier: Earlier | None = None, replaced: int | None = None, **bands: Any
) -> list[str]:
    said = why_held(found, PERIODS, earlier, replaced, DEFAULT_BANDS.model_copy(update=bands))
    return [each.split(":")[0] for each in said.split(";") if each]


def care(rows: int = 1_000, **changes: int) -> Figures:
    return Figures(rows, {**GOOD, **changes})


# --- figures -----------------------------------------------------------------------------------


def test_figures_are_the_shares_that_a_plain_count_gives() -> None:
    draw = random.Random(7)
    rows: list[dict[str, Any]] = [
        {
            "pseudonym": pseudonym(draw.randrange(400)),
            "form": draw.choice((2, 2, 2, 3, 11)),
            "referrer": draw.choice((1, 2)),
            "first": draw.random() < 0.5,
        }
        for _ in range(1_000)
    ]
    found = figures_of(care_table(rows), CARE)
    forms = Counter(row["form"] for row in rows)
    assert {name: percent for name, percent in found.percents.items() if "form" in name} == {
        f"form={form}": round(100 * count / 1_000) for form, count in forms.items()
    }
    assert found.percents["first"] == round(sum(bool(row["first"]) for row in rows) / 10)
    repeated = 1_000 - len({tuple(row.values()) for row in rows})
    assert found.percents[DUPLICATES] == round(repeated / 10)


def test_a_pupil_twice_in_a_period_is_a_duplicate_and_in_two_periods_is_not() -> None:
    rows = [
        {"pseudonym": pseudonym(number), "period": period, "school": school}
        for number in range(50)
        for period, school in ((24, b"99XA00"), (25, b"99XA00"), (25, b"99XA01"))
    ]
    assert figures_of(enrolment_table(rows), ENROLMENT).percents[DUPLICATES] == round(100 / 3)


def test_chunks_and_slices_change_no_figure() -> None:
    table = care_table([{"pseudonym": pseudonym(number % 70)} for number in range(200)])
    chunked = pa.concat_tables([table.slice(0, 33), table.slice(33, 90), table.slice(123)])
    assert figures_of(chunked, CARE) == figures_of(table, CARE)


def test_a_code_that_few_rows_have_is_not_kept_and_objections_have_no_figures() -> None:
    rows = [
        {"pseudonym": pseudonym(number), "form": 13 if number < 9 else 2} for number in range(60)
    ]
    assert "form=13" not in figures_of(care_table(rows), CARE).percents
    assert figures_of(objection_table(list(range(60))), OBJECTION) == Figures(60, {})
    assert figures_of(CARE.arrow.empty_table(), CARE) == Figures(0, {})


def test_parts_are_weighed_by_their_rows() -> None:
    whole = Figures(100, {"form=2": 50}).and_more(Figures(300, {"form=2": 100, "form=3": 40}))
    assert whole == Figures(400, {"form=2": 88, "form=3": 30})


# --- by itself ---------------------------------------------------------------------------------


def test_an_ordinary_first_delivery_is_not_held() -> None:
    assert held(care()) == []
    assert held(Figures(1_000, PUPILS)) == []
    assert held(Figures(1_000, {})) == []


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (care(duplicates=21), "duplicates-many"),
        (care(**{"form=2": 100}), "one-code"),
        (care(**{"domain=1": 100}), "one-code"),
        (care(**{"referrer=2": 100}), "one-code"),
        (Figures(1_000, {**PUPILS, "linkable": 49}), "few-true"),
        (Figures(1_000, {"education=0": 100, "linkable": 99}), "few-true"),
    ],
)
def test_a_first_delivery_is_held_by_its_own_figures(found: Figures, reason: str) -> None:
    assert held(found) == [reason]
    small = Figures(DEFAULT_BANDS.judged_from_rows - 1, found.percents)
    assert held(small) == []


@pytest.mark.parametrize("found", [care(duplicates=20), care(**{"form=2": 99})])
def test_at_the_band_nothing_is_held(found: Figures) -> None:
    assert held(found) == []


@pytest.mark.parametrize(("rows", "reasons"), [(499, ["replaces-fewer"]), (500, []), (2_000, [])])
def test_far_fewer_rows_than_what_is_replaced_is_held(rows: int, reasons: list[str]) -> None:
    assert held(care(rows), replaced=1_000) == reasons
    assert held(Figures(rows, {}), replaced=1_000) == reasons  # also of objections


# --- by the round before -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [(489, ["rows-fewer"]), (500, []), (1_000, []), (2_000, []), (2_010, ["rows-more"])],
)
def test_rows_are_compared_per_period(rows: int, reasons: list[str]) -> None:
    earlier = Earlier(care(3_000), 6)  # 500 a period; here two periods
    assert held(care(rows), earlier) == reasons


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"form=2": 75}, []),
        ({"form=2": 76}, ["share-differs"]),
        ({"form=2": 44}, ["share-differs"]),
        ({"form=11": 16}, ["share-differs"]),
        ({"duplicates": 5}, []),
        ({"duplicates": 6}, ["duplicates-more"]),
    ],
)
def test_shares_of_codes_are_compared(changes: dict[str, int], reasons: list[str]) -> None:
    assert held(care(**changes), Earlier(care(), PERIODS)) == reasons


def test_fewer_duplicates_than_before_are_no_reason() -> None:
    assert held(care(), Earlier(care(duplicates=20), PERIODS)) == []


def test_small_deliveries_are_not_compared() -> None:
    assert held(care(50, **{"form=2": 10}), Earlier(care(60), PERIODS)) == []


def test_an_operator_can_set_the_bands() -> None:
    assert held(care(**{"form=2": 100}), one_code_percent=100) == []
    with pytest.raises(ValueError, match="less than or equal to 100"):
        Bands(share_points=101)


# --- in words ----------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_in_both_languages(reason: Reason) -> None:
    stored = reason.code("form", 2, 41, 12)
    assert "{" not in in_english(stored) + in_dutch(stored)
    assert in_english(stored) != in_dutch(stored)


def test_reasons_fit_where_they_are_stored() -> None:
    longest = Reason.SHARE.code("end_reason", 19, 100, 100)
    assert len(joined([longest] * 9)) <= 200
    assert joined([longest] * 9).count(";") == MOST - 1
    assert in_dutch(joined([])) == ""
