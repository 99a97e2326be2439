"""Whether a complete delivery is plausible: by itself, by what it replaces, by earlier rounds.

A delivery outside the bands is not refused but *held*: a person calls the supplier and decides.

Source: DESIGN 5 (intake judges a delivery only by itself and by earlier rounds' aggregates).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from linker.intake.figures import DUPLICATES, Figures
from linker.intake.reasons import Reason, joined

_ONE_CODE = ("form", "domain", "referrer")
"""Columns in which one code for all is a mistake; one kind of education or funding can be true."""
_MOSTLY_TRUE = ("linkable", "main")

Percent = Annotated[int, Field(ge=0, le=100)]


class Bands(BaseModel):
    """Outside which figures a delivery is held; an operator sets them in the settings.

    Attributes:
        judged_from_rows: smaller deliveries are judged by their size only.
        duplicates_percent: most rows that may repeat another.
        one_code_percent: most rows that may have one form, domain or referrer; 100 is no limit.
        true_percent: fewest enrolments that must be linkable, and fewest that must be main ones.
        rows_low_percent: fewest rows per period, of those in the last round.
        rows_high_percent: most rows per period, of those in the last round.
        duplicates_points: how many percentage points more repeated rows than in the last round.
        share_points: how many percentage points the share of a code may differ from that in the
            last round.
        replaced_percent: fewest rows, of those of the delivery that it replaces.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    judged_from_rows: Annotated[int, Field(ge=1)] = 100
    duplicates_percent: Percent = 20
    one_code_percent: Percent = 99
    true_percent: Percent = 50
    rows_low_percent: Percent = 50
    rows_high_percent: Annotated[int, Field(ge=100)] = 200
    duplicates_points: Percent = 5
    share_points: Percent = 15
    replaced_percent: Percent = 50


DEFAULT_BANDS = Bands()


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the same supplier delivered in the same schema in an earlier round.

    Attributes:
        periods: how many periods that round had.
    """

    figures: Figures
    periods: int


def why_held(
    found: Figures, periods: int, earlier: Earlier | None, replaced_rows: int | None, bands: Bands
) -> str:
    """Why a person must look at a complete delivery first; empty when nobody needs to.

    Args:
        found: the figures of the whole delivery.
        periods: how many periods the round has.
        earlier: None in a supplier's first round.
        replaced_rows: rows of the delivery that it supersedes; None where it supersedes none.
    """
    reasons = [*_by_replaced(found, replaced_rows, bands)]
    if found.rows >= bands.judged_from_rows:
        reasons += _by_itself(found, bands)
    if earlier is not None:
        reasons += _by_earlier(found, periods, earlier, bands)
    return joined(reasons)


def _by_replaced(found: Figures, replaced_rows: int | None, bands: Bands) -> Iterator[str]:
    if replaced_rows is not None and 100 * found.rows < bands.replaced_percent * replaced_rows:
        yield Reason.REPLACES_FEWER.code()


def _by_itself(found: Figures, bands: Bands) -> Iterator[str]:
    repeated = found.percents.get(DUPLICATES, 0)
    if repeated > bands.duplicates_percent:
        yield Reason.DUPLICATES.code(repeated)
    for name, percent in found.percents.items():
        column, _, code = name.partition("=")
        if column in _ONE_CODE and percent > bands.one_code_percent:
            yield Reason.ONE_CODE.code(column, code)
    # Only enrolments have these columns; there is one of each code in a delivery of them.
    if any(name.startswith("education=") for name in found.percents):
        for column in _MOSTLY_TRUE:
            if (percent := found.percents.get(column, 0)) < bands.true_percent:
                yield Reason.FEW_TRUE.code(column, percent)


def _by_earlier(found: Figures, periods: int, earlier: Earlier, bands: Bands) -> Iterator[str]:
    before = earlier.figures
    # The first round holds six periods and a later one two: rows are compared per period.
    if before.rows >= bands.judged_from_rows:
        ratio = round(100 * found.rows * earlier.periods / (before.rows * periods))
        if ratio < bands.rows_low_percent:
            yield Reason.ROWS_FEWER.code(ratio)
        if ratio > bands.rows_high_percent:
            yield Reason.ROWS_MORE.code(ratio)
    if min(found.rows, before.rows) < bands.judged_from_rows:
        return
    for name in sorted({*found.percents, *before.percents}):
        now, then = found.percents.get(name, 0), before.percents.get(name, 0)
        if name == DUPLICATES:
            if now - then > bands.duplicates_points:
                yield Reason.DUPLICATES_MORE.code(now, then)
        elif abs(now - then) > bands.share_points:
            column, _, code = name.partition("=")
            yield Reason.SHARE.code(column, code or 1, now, then)
