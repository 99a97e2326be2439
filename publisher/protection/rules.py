"""The parameters of disclosure control, with the defaults of PROTECTION section 3.

One frozen value holds them all, so that a policy, a release and its verification name the
same numbers. An unknown name cannot be given and an impossible value cannot exist.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args

from shared.errors import ProtectionError

Zeros = Literal["publish", "protect", "parent"]
Direction = Literal["either", "up", "both"]
AmountOver = Literal["clients", "providers", "suppliers"]

MAX_SLIDE = 2
MAX_THRESHOLD = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is withheld, and how uncertain a withheld count has to stay.

    Attributes:
        threshold: a total of 1 to ``threshold - 1`` children is withheld; 0 or 1 is off.
        split_threshold: the same where a total is split by form, age or referrer.
        zeros: ``publish``: a zero is never withheld; ``protect``: every zero is; ``parent``: a
            zero of a split is withheld unless the total that it splits is published and at
            least ``zero_parent_min`` (a published total of 0 has no split to protect).
        zero_parent_min: see ``zeros``.
        slide: the least distance between a withheld total and its alternative.
        split_slide: the same for a split.
        direction: where an alternative must lie; ``up`` and ``both`` ask for more witnesses.
        union: the withheld children of a published parent must together reach the threshold.
        group: a count that (nearly) exhausts its parent or the resident pupils is withheld.
        remainder: resident pupils are withheld where DUO's total leaves 1 to ``remainder - 1``
            others; 0 is off.
        remainder_min: an amount is withheld where for one supplier, which knows its own clients,
            1 to ``remainder_min - 1`` others are left; 0 is off.
        split_remainder_min: the same for a count of a sensitive split; 0 is off.
        total_remainder_min: the same for a count in total; 0 is off.
        p_percent: how closely nobody may estimate an amount, in per cents.
        amount_over: whose share in an amount is protected: clients, providers, suppliers.
        rate_min: a rate needs this many resident pupils; 0 is off.
        fallback: withhold zeros that are otherwise shown, where nothing else protects.
    """

    threshold: int = 5
    split_threshold: int = 10
    zeros: Zeros = "parent"
    zero_parent_min: int = 10
    slide: int = 1
    split_slide: int = 2
    direction: Direction = "either"
    union: bool = True
    group: bool = True
    remainder: int = 0
    remainder_min: int = 10
    split_remainder_min: int = 0
    total_remainder_min: int = 0
    p_percent: int = 15
    amount_over: tuple[AmountOver, ...] = ("clients", "providers")
    rate_min: int = 50
    fallback: bool = False

    def __post_init__(self) -> None:
        """Refuse what no policy can mean."""
        for name in (
            "threshold", "split_threshold", "zero_parent_min", "remainder", "remainder_min",
            "split_remainder_min", "total_remainder_min", "rate_min",
        ):  # fmt: skip
            self._check_integer(name, 0, MAX_THRESHOLD)
        self._check_integer("p_percent", 1, 100)
        if len(set(self.amount_over)) != len(self.amount_over) or not (
            set(self.amount_over) <= set(get_args(AmountOver))
        ):
            raise _invalid("amount_over", "some of " + ", ".join(get_args(AmountOver)))
        for name in ("slide", "split_slide"):
            self._check_integer(name, 1, MAX_SLIDE)
        for name in ("union", "group", "fallback"):
            if not isinstance(getattr(self, name), bool):
                raise _invalid(name, "true or false")
        if self.zeros not in get_args(Zeros):
            raise _invalid("zeros", " or ".join(get_args(Zeros)))
        if self.direction not in get_args(Direction):
            raise _invalid("direction", " or ".join(get_args(Direction)))

    @property
    def faces_suppliers(self) -> bool:
        """Whether an alternative to a count must be possible for who knows its own clients."""
        return bool(self.split_remainder_min or self.total_remainder_min)

    def _check_integer(self, name: str, low: int, high: int) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _invalid(name, f"a whole number from {low} to {high}")

    def as_dict(self) -> dict[str, int | str | bool | tuple[str, ...]]:
        """Every parameter by name, for reports."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _invalid(name: str, expected: str) -> ProtectionError:
    return ProtectionError(
        "rule-invalid",
        f"rule {name}: expected {expected}",
        hint="docs/protection.md lists every rule with its default",
    )
