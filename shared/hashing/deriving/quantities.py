"""What declared lines say was given: amounts and volumes, credit lines below zero.

Source: DOMAIN 7, indicator 9 (awarded, else submitted; debit minus credit).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shared.hashing.checking.rows import Mask, Rows
from shared.hashing.checks import Check
from shared.hashing.deriving.fields import UNKNOWN, WITHDRAWN, Ints
from shared.hashing.reading.amounts import Amounts, AmountState, parse_cents, parse_hundredths

MAX_CENTS = 100_000_000
HALF_DAY_UNIT = {"16": 1}
"""WJ756: *dagdeel*, four hours."""
_SIGNS = {"D": 1, "DEBET": 1, "C": -1, "CREDIT": -1}


@dataclass(frozen=True, slots=True)
class Lines:
    """What declarations say was given: signed cents, and signed hundredths of half days."""

    cents: Ints
    half_days: Ints
    volume: Ints
    taken_back: Mask


def quantities(rows: Rows) -> Lines:
    """What was given, credit lines below zero; lines of nothing are left out."""
    amounts = _amounts(rows)
    rows.flag(Check.AMOUNT_UNUSABLE, ~amounts.is_state(AmountState.OK), _amount_column(rows))
    rows.flag(Check.AMOUNT_TOO_LARGE, np.abs(amounts.values) > MAX_CENTS, _amount_column(rows))
    column = rows.coded("sign")
    signs = column.lookup(_SIGNS, UNKNOWN * 2)
    rows.flag(Check.SIGN_UNKNOWN, (signs == UNKNOWN * 2) & ~column.empty(), "sign")
    credit = signs == _SIGNS["C"]
    cents = np.where(credit, -np.abs(amounts.values), amounts.values)
    volume = rows.amounts("volume", parse_hundredths)
    in_half_days = rows.coded("unit").lookup(HALF_DAY_UNIT, 0) == 1
    unreadable = in_half_days & volume.is_state(AmountState.INVALID)
    rows.flag(Check.VOLUME_UNUSABLE, unreadable, "volume")
    given = np.where(credit, -np.abs(volume.values), volume.values)
    nothing = (cents == 0) & (given == 0) & ~volume.is_state(AmountState.INVALID)
    rows.flag(Check.LINE_ZERO, nothing, _amount_column(rows))
    taken_back = rows.coded("status").matches(WITHDRAWN)
    return Lines(cents, np.where(in_half_days, given, 0), given, taken_back)


def _amounts(rows: Rows) -> Amounts:
    """What was awarded, else what was submitted."""
    awarded = rows.amounts("granted_cents", parse_cents).otherwise(
        rows.amounts("granted_eur", parse_hundredths)
    )
    return awarded.otherwise(rows.amounts("submitted_cents", parse_cents)).otherwise(
        rows.amounts("submitted_eur", parse_hundredths)
    )


def _amount_column(rows: Rows) -> str:
    names = ("granted_cents", "granted_eur", "submitted_cents", "submitted_eur")
    return next((name for name in names if rows.has(name)), "")
