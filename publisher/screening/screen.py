"""Running the checks: what each found, and whether the release may be submitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from publisher.screening.checks import CHECKS, Check
from publisher.screening.subject import Screened
from shared.errors import PolicyError

PLACES_SHOWN = 5


class Verdict(StrEnum):
    """The outcome of a check."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    ADVISORY = "ADVISORY"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found.

    Attributes:
        places: the first places; never a figure.
        found: how many there are.
    """

    check: Check
    places: tuple[str, ...]
    found: int

    @property
    def verdict(self) -> Verdict:
        """Pass when nothing was found, else as severe as the check is."""
        return Verdict(self.check.severity.value) if self.found else Verdict.PASS


@dataclass(frozen=True, slots=True)
class Screening:
    """The outcome of every check of a release."""

    release_id: str
    outcomes: tuple[Outcome, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        return max((each.verdict for each in self.outcomes), key=list(Verdict).index)

    def with_verdict(self, verdict: Verdict) -> tuple[Outcome, ...]:
        """The outcomes that have this verdict."""
        return tuple(each for each in self.outcomes if each.verdict is verdict)


def screen(it: Screened, checks: Sequence[Check] = CHECKS) -> Screening:
    """Run the checks on a release."""
    outcomes = []
    for check in checks:
        found = list(check.function(it))
        outcomes.append(Outcome(check, tuple(found[:PLACES_SHOWN]), len(found)))
    return Screening(it.manifest.release_id, tuple(outcomes))


def check_screening(screening: Screening) -> None:
    """Refuse a release that a check failed.

    Raises:
        PolicyError: ``screening-failed``, naming the checks.
    """
    failed = [each.check.id for each in screening.with_verdict(Verdict.FAIL)]
    if failed:
        raise PolicyError(
            "screening-failed",
            f"expected a release that passes every check, found {', '.join(failed)}",
            hint="see `publisher screen` for the places and what to do about them",
        )
