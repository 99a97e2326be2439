"""What differs between two policies, in plain Dutch, for the privacy officer who advises on it.

Each change says whether more becomes allowed, less, or only something else; what is not known to
widen or to narrow is called something else, never narrower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.policy import DeliverySchema, Policy, PublishedTable


class Effect(StrEnum):
    """What a change does to what is allowed."""

    WIDER = "ruimer"
    NARROWER = "strenger"
    OTHER = "anders"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        text: one sentence in Dutch.
    """

    effect: Effect
    text: str

    def line(self) -> str:
        """The change as it is printed."""
        return f"[{self.effect}] {self.text}"


_HIGHER_IS_STRICTER = frozenset(
    {
        "threshold", "split_threshold", "slide", "split_slide", "union", "group", "remainder",
        "remainder_min", "split_remainder_min", "total_remainder_min", "rate_min",
        "zero_parent_min", "p_percent",
        "fallback", "approvers", "from_different_organisations",
    }
)  # fmt: skip
_LOWER_IS_STRICTER = frozenset(
    {"dominance_percent", "max_rows_per_delivery", "max_objections_per_supplier"}
)
_METHODS = {"suppress": "met verborgen aantallen", "round": "met afgeronde aantallen"}
_SENSITIVE = {True: "zegt nu wel iets gevoeligs", False: "zegt niets gevoeligs meer"}
_NAMES = {
    "source_files_after_delivery_days": "bronbestanden na levering",
    "input_after_close_days": "leveringen na sluiting",
    "figures_after_delivery_days": "kengetallen na levering",
    "tally_after_receipt_days": "telling na ontvangst",
    "release_after_publication_days": "uitgave na publicatie",
    "ledger_days": "logboek",
}


def changes(old: Policy, new: Policy) -> tuple[Change, ...]:
    """Every difference, in the order of the document; none for policies that say the same."""
    return (
        *_head(old, new),
        *_purposes(old, new),
        *_schemas(old, new),
        *_tables(old, new),
        *_settings("de grens", old.protection.model_dump(), new.protection.model_dump()),
        *_terms(old, new),
        *_settings("de goedkeuring", old.approval.model_dump(), new.approval.model_dump()),
        *_settings("correcties", old.corrections.model_dump(), new.corrections.model_dump()),
        *_settings("de omvang", old.limits.model_dump(), new.limits.model_dump()),
    )


def report(old: Policy, new: Policy) -> tuple[str, ...]:
    """The lines that are printed: what differs, and what has to be done for it."""
    found = changes(old, new)
    if not found:
        return ("Er is niets veranderd.",)
    wider = sum(each.effect is Effect.WIDER for each in found)
    lines = [each.line() for each in found]
    lines.append(f"Samen {len(found)}, waarvan {wider} ruimer.")
    allowed = changes(_without_head(old), _without_head(new))
    if allowed and old.dpia_version == new.dpia_version:
        lines.append(
            "LET OP: wat mag is veranderd, maar de versie van de DPIA niet. Verhoog dpia_version "
            "en vraag de FG om advies."
        )
    return tuple(lines)


def _without_head(policy: Policy) -> Policy:
    same = {"version": "0.0.0", "dpia_version": "0.0", "id": "x", "region": "x"}
    return policy.model_copy(update={**same, "fg_advice_on": None, "status": "concept"})


def _head(old: Policy, new: Policy) -> Iterator[Change]:
    names: Mapping[str, str] = {
        "id": "de naam van het beleid",
        "version": "de versie van het beleid",
        "dpia_version": "de versie van de DPIA",
        "status": "de status",
        "synthetic": "of het om verzonnen gegevens gaat",
        "region": "de regio",
        "fg_advice_on": "de dag van het advies van de FG",
        "linker": "de koppelaar",
        "publisher": "de publicist",
        "key_office": "de sleutelbeheerder",
    }
    for name, label in names.items():
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield Change(Effect.OTHER, f"{label}: was {_said(was)}, wordt {_said(now)}.")


def _purposes(old: Policy, new: Policy) -> Iterator[Change]:
    was = {each.id: each.text for each in old.purposes}
    now = {each.id: each.text for each in new.purposes}
    yield from _added_and_gone("doel", was, now)
    for id_ in sorted(was.keys() & now.keys()):
        if was[id_] != now[id_]:
            yield Change(Effect.OTHER, f"doel {id_} heeft een andere tekst: {now[id_]}")


def _schemas(old: Policy, new: Policy) -> Iterator[Change]:
    was = {each.name: each for each in old.schemas}
    now = {each.name: each for each in new.schemas}
    yield from _added_and_gone("levering", was, now)
    for name in sorted(was.keys() & now.keys()):
        yield from _attributes(was[name], now[name])


def _attributes(old: DeliverySchema, new: DeliverySchema) -> Iterator[Change]:
    was = {each.name: each for each in old.attributes}
    now = {each.name: each for each in new.attributes}
    yield from _added_and_gone(f"gegeven van {new.name}", was, now)
    if old.source != new.source:
        yield Change(Effect.OTHER, f"{new.name} komt uit een andere bron: {new.source}.")
    for name in sorted(was.keys() & now.keys()):
        before, after = was[name], now[name]
        yield from _members(f"gegeven {name} van {new.name}, doel", before.purposes, after.purposes)
        if before.category != after.category:
            yield Change(
                Effect.OTHER,
                f"gegeven {name} van {new.name} is van een ander type: was {before.category}, "
                f"wordt {after.category}.",
            )


def _tables(old: Policy, new: Policy) -> Iterator[Change]:
    was = {each.id: each for each in old.tables}
    now = {each.id: each for each in new.tables}
    yield from _added_and_gone("tabel", was, now, lambda table: f" ({table.title})")
    for id_ in [each for each in now if each in was]:
        yield from _table(was[id_], now[id_])


def _table(old: PublishedTable, new: PublishedTable) -> Iterator[Change]:
    if (old.method, old.of) != (new.method, new.of):
        was, now = (_METHODS.get(each.method, each.method) for each in (old, new))
        yield Change(Effect.OTHER, f"tabel {new.id}: was {was}, wordt {now}.")
    if old.sensitive is not new.sensitive:
        effect = Effect.NARROWER if new.sensitive else Effect.WIDER
        yield Change(effect, f"tabel {new.id}: {_SENSITIVE[new.sensitive]}.")
    yield from _members(f"tabel {new.id}, niveau", old.levels, new.levels)
    yield from _members(f"tabel {new.id}, ontvanger", old.recipients, new.recipients)


def _members(what: str, was: tuple[str, ...], now: tuple[str, ...]) -> Iterator[Change]:
    for each in now:
        if each not in was:
            yield Change(Effect.WIDER, f"{what} {each} komt erbij.")
    for each in was:
        if each not in now:
            yield Change(Effect.NARROWER, f"{what} {each} vervalt.")


def _added_and_gone(
    what: str,
    was: Mapping[str, Any],
    now: Mapping[str, Any],
    more: Callable[[Any], str] = lambda _: "",
) -> Iterator[Change]:
    for name in now:
        if name not in was:
            yield Change(Effect.WIDER, f"{what} {name}{more(now[name])} komt erbij.")
    for name in was:
        if name not in now:
            yield Change(Effect.NARROWER, f"{what} {name}{more(was[name])} vervalt.")


def _settings(what: str, was: dict[str, Any], now: dict[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys((*was, *now)):
        before, after = was.get(name), now.get(name)
        if before != after:
            yield Change(
                _effect(name, before, after),
                f"{what} {name}: was {_said(before)}, wordt {_said(after)}.",
            )


def _terms(old: Policy, new: Policy) -> Iterator[Change]:
    was, now = old.retention.model_dump(), new.retention.model_dump()
    for name, before in was.items():
        if before != now[name]:
            effect = Effect.WIDER if now[name] > before else Effect.NARROWER
            label = _NAMES.get(name, name)
            yield Change(effect, f"bewaren van {label}: was {before}, wordt {now[name]} dagen.")


def _effect(name: str, was: Any, now: Any) -> Effect:
    if name == "amount_over":
        return _more_is_stricter(set(was or ()), set(now or ()))
    if not isinstance(was, int) or not isinstance(now, int):
        return Effect.OTHER
    if name in _HIGHER_IS_STRICTER:
        return Effect.NARROWER if now > was else Effect.WIDER
    if name in _LOWER_IS_STRICTER:
        return Effect.NARROWER if now < was else Effect.WIDER
    return Effect.OTHER


def _more_is_stricter(was: set[str], now: set[str]) -> Effect:
    """Of whom it is protected what they contribute: of more of them is stricter."""
    if was < now:
        return Effect.NARROWER
    return Effect.WIDER if now < was else Effect.OTHER


def _said(value: Any) -> str:
    if value is None:
        return "niets"
    if isinstance(value, bool):
        return "ja" if value else "nee"
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value) or "niets"
    return str(value)
