"""The Dutch words of the report on protection, and its spelling of numbers."""

from __future__ import annotations

from publisher.oversight.protection_report import Loss, RuleValue
from publisher.policies import ReleaseState
from publisher.protection.primary import Rule

SECONDARY = "om een ander cijfer te beschermen"

FEW_OTHERS = "getoonde aantallen met een kleine rest voor een gemeente die de hare kent"
"""Name of the number of counts that a supplier can subtract its own from; see ADR 0018."""
SUBTRACTING = "gemeenten die anders van een verborgen cijfer een kleine rest zouden weten"
"""Name of the number of suppliers for whom that rule withholds something."""

REASONS: dict[str, str] = {
    Rule.THRESHOLD.value: "te weinig kinderen",
    Rule.ZERO.value: "nul die iets vertelt",
    Rule.GROUP.value: "(bijna) iedereen",
    Rule.REMAINDER.value: "rest tot het totaal van DUO",
    Rule.RATE.value: "te weinig leerlingen",
    Rule.MARGIN.value: "kleine groep zonder eigen cijfer",
    Rule.AMOUNT.value: "bedrag van te weinig kinderen",
    Rule.DOMINANCE.value: "bedrag waarin één deel te groot is",
    Rule.PROVIDERS.value: "een of twee aanbieders",
    Rule.BUNDLE.value: "hoort bij een verborgen aantal",
    Rule.SUPPLIER.value: "kleine rest voor een gemeente die de hare kent",
    Rule.CHANGE.value: "wijziging over weinig kinderen",
    Rule.ROUNDED.value: "in te nauw afgeronde tabel",
    Rule.CLOSING.value: SECONDARY,
}
"""Why a cell is withheld for its own sake."""

STATES: dict[str, str] = {
    ReleaseState.STAGED.value: "klaargezet",
    ReleaseState.SUBMITTED.value: "voorgesteld",
    ReleaseState.RETURNED.value: "teruggegeven",
    ReleaseState.APPROVED.value: "goedgekeurd",
    ReleaseState.PUBLISHED.value: "gepubliceerd",
    ReleaseState.SUPERSEDED.value: "vervangen",
    ReleaseState.WITHDRAWN.value: "ingetrokken",
    ReleaseState.EXPIRED.value: "vervallen",
}
"""Where a release is in its life."""


def reasons(loss: Loss) -> list[str]:
    """Every reason with its number of cells, the most frequent first."""
    found = {REASONS.get(name, name): cells for name, cells in loss.primary.items()}
    found[SECONDARY] = found.get(SECONDARY, 0) + loss.secondary
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [f"{whole(cells)} {reason}" for reason, cells in ordered if cells]


def whole(number: int) -> str:
    """A number in the Dutch spelling: 12.345."""
    return f"{number:,}".replace(",", ".")


def per_cent(per_10000: int) -> str:
    """A share with one decimal: 12,3 %."""
    return f"{per_10000 / 100:.1f} %".replace(".", ",")


def smallest(loss: Loss) -> str:
    """The smallest count that is shown."""
    return whole(loss.smallest_published) if loss.smallest_published else "geen"


def value_of(rule: RuleValue) -> str:
    """The value of a rule."""
    if isinstance(rule, bool):
        return "ja" if rule else "nee"
    return str(rule) if isinstance(rule, int | str) else ", ".join(rule)
