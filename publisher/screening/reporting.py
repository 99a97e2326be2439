"""The outcome of a screening as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator

from publisher.screening.screen import Outcome, Screening, Verdict

_WORDS = {Verdict.PASS: "goed", Verdict.ADVISORY: "let op", Verdict.FAIL: "fout"}


def as_text(screening: Screening) -> str:
    """What needs attention, worst first, and how many checks there were, in Dutch."""
    return "\n".join(_lines(screening)) + "\n"


def _lines(screening: Screening) -> Iterator[str]:
    counts = ", ".join(
        f"{len(screening.with_verdict(verdict))} {words}" for verdict, words in _WORDS.items()
    )
    yield f"Controle van {screening.release_id}: {len(screening.outcomes)} punten, {counts}"
    for verdict in (Verdict.FAIL, Verdict.ADVISORY):
        for outcome in screening.with_verdict(verdict):
            yield from _outcome_lines(outcome)
    yield f"Oordeel: {screening.verdict}"


def _outcome_lines(outcome: Outcome) -> Iterator[str]:
    yield f"{outcome.verdict} {outcome.check.id}: {outcome.check.asks}"
    for place in outcome.places:
        yield f"  - {place}"
    if outcome.found > len(outcome.places):
        yield f"  - en nog {outcome.found - len(outcome.places)}"
    yield f"  {outcome.check.remedy}"


def as_json(screening: Screening) -> str:
    """Every check with its verdict, in a fixed order."""
    document = {
        "releaseId": screening.release_id,
        "verdict": screening.verdict.value,
        "checks": [
            {
                "id": outcome.check.id,
                "verdict": outcome.verdict.value,
                "severity": outcome.check.severity.value,
                "asks": outcome.check.asks,
                "found": outcome.found,
                "places": list(outcome.places),
            }
            for outcome in screening.outcomes
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
