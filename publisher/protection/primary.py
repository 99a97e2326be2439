"""The primary rules: which count is withheld for what it says itself.

Each rule is one small function of numbers and cites its clause of PROTECTION section 3. The
class of a rule is the set of values that it withholds: only a value of that class is a
possible alternative for a reader who knows the rules (PROTECTION section 4).
"""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """Why a quantity is sensitive; internal, a reader only ever sees ``c``."""

    THRESHOLD = "threshold"  # 3 "clients": too few children
    ZERO = "zero"  # 3 "zero": nobody, and that is told by nothing else
    GROUP = "group"  # 3 "group disclosure": (nearly) everybody
    REMAINDER = "remainder"  # 2 RATE: DUO's total less residents is small
    RATE = "rate"  # 3 "rate": standalone count over too small a denominator
    MARGIN = "margin"  # 2 SUM: a small group that no cell shows but margins could tell
    CHANGE = "change"  # 6: what a correction changes is about a few children
    AMOUNT = "amount"  # 3 "cost, volume, duration": of too few children
    DOMINANCE = "dominance"  # 3 "cost, volume, duration": p % rule, or one has too large a share
    PROVIDERS = "providers"  # 3 "providers": one or two, or an amount of so few
    BUNDLE = "bundle"  # 2 BUNDLE: its count is withheld
    SUPPLIER = "supplier"  # 3 "supplier's remainder": few are left for who knows its own
    ROUNDED = "rounded"  # 7: a rounded count, which linked totals could tell all the same
    CLOSING = "closing"  # 3 "union", "zero": withheld so that another rule holds


def below_threshold(children: int, threshold: int) -> bool:
    """3 "clients": 1 ≤ n < T children contribute."""
    return 1 <= children < threshold


def zero_withheld(zeros: str, *, split: bool, parent: int, parent_shown: bool, least: int) -> bool:
    """3 "zero": visible only where its parent is published and large enough.

    A published total of 0 makes every part of it 0; there is then nothing left to withhold.
    """
    if zeros == "publish":
        return False
    if zeros == "protect":
        return True
    return split and not (parent_shown and (parent == 0 or parent >= least))


def group_disclosed(count: int, whole: int, threshold: int) -> bool:
    """3 "group disclosure": n equals the whole, or leaves fewer than the threshold of it."""
    return count > 0 and whole - count < threshold


def remainder_disclosed(residents: int, low: int, high: int, threshold: int) -> bool:
    """2 RATE: DUO's total (from ``low`` to ``high``) may leave 1 ≤ r < R non-residents."""
    return residents > 0 and low - residents < threshold and high - residents >= 1


def changed_by_few(now: int, before: int, threshold: int) -> bool:
    """6: a correction that is about 1 ≤ n < T children.

    Children whose changes cancel cannot be seen in two counts. At least as many are affected as
    the counts differ by; that there are more is never assumed.
    """
    return 1 <= abs(now - before) < threshold


def rate_unreliable(denominator: int, least: int) -> bool:
    """3 "rate": resident pupils fewer than the minimum denominator."""
    return denominator < least


def amount_dominated(width: int, dominated: int, bit: int) -> bool:
    """3 "cost, volume, duration": the p % rule asks for room, or one has more than its share."""
    return width > 0 or bool(dominated & bit)


def amount_level(value: int, width: int, p_percent: int) -> int:
    """3 "cost, volume, duration": how much larger a withheld amount must be able to be.

    At least what the p % rule asks, and at least p per cent of the amount itself: so nobody can
    tell what few children cost more closely than one contributor may be estimated.
    """
    return max(width, -(-p_percent * abs(value) // 100), 1)


def few_providers(providers: int) -> bool:
    """3 "providers": bands 0, 1 to 2 (withheld), 3 and more."""
    return 1 <= providers <= 2


def supplier_remainder_disclosed(children: int, own: int, least: int) -> bool:
    """3 "supplier's remainder": 1 ≤ r < R children are left for who knows its own."""
    return own > 0 and 1 <= children - own < least
