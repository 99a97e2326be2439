"""What is left out of a release that can be neither protected nor proven as it was asked.

A policy says what may be published, never what must be. With ``fallback``, a number that nothing
protects, or whose proof the verifier does not accept, costs its table the level at which it
stands, in every period; never the whole release. A table of parts that has no level left goes
itself; one of totals keeps its last level, for without it there is nothing to release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from publisher.protection.certificates import Certificate
from publisher.protection.grid import LEVEL_ORDER, Published
from publisher.protection.verification.check import check_claim
from publisher.protection.verification.claim import Claim, Demand, Relation
from shared.contract.tally import Table
from shared.errors import ProtectionError

_Made = TypeVar("_Made")
_NARROWED = frozenset({"protection-unmet", "verification-failed"})


def narrowed_until_made(
    make: Callable[[tuple[Published, ...]], _Made],
    published: Sequence[Published],
    tables: Sequence[Table],
) -> _Made:
    """Make a release of what may be published, or of less where that cannot be protected.

    Args:
        make: protects these tables; its error is about the place that it could not.
        published: tables and levels that policy allows.
        tables: what each table counts.

    Raises:
        ProtectionError: what ``make`` raised, where leaving something out is no remedy.
    """
    kept, known = tuple(published), {table.id: table for table in tables}
    while True:
        try:
            return make(kept)
        except ProtectionError as error:
            fewer = without_level(kept, known, error.about) if error.code in _NARROWED else kept
            if fewer == kept:
                raise
            kept = fewer


def without_level(
    published: Sequence[Published], tables: Mapping[str, Table], key: str
) -> tuple[Published, ...]:
    """The tables that show a quantity without the level of this cell.

    A cell that no table shows lies between published ones: then without their innermost level.

    Args:
        published: tables and levels.
        tables: what each table counts.
        key: of the quantity, as in certificates; empty where there is none.
    """
    if key.count("/") != _SLASHES:
        return tuple(published)
    _, measure, level, _, part = key.split("/")
    showing = {
        each.table
        for each in published
        if _shows(tables[each.table], measure, part.partition("=")[0])
    }
    levels = {of for each in published if each.table in showing for of in each.levels}
    if not levels:
        return tuple(published)
    gone = next(
        (of for of in levels if of.value == level), min(levels, key=LEVEL_ORDER.__getitem__)
    )
    fewer = (
        replace(each, levels=tuple(of for of in each.levels if of is not gone))
        if each.table in showing
        else each
        for each in published
    )
    return tuple(
        each if each.levels else before
        for each, before in zip(fewer, published, strict=True)
        if each.levels or not tables[before.table].breakdown
    )


_SLASHES = 4


def _shows(table: Table, measure: str, breakdown: str) -> bool:
    """Whether a table has this measure: split like this, or in total where it is not split."""
    return measure in {each.id for each in table.measures} and breakdown in ("", table.breakdown)


def refused_cell(claims: Iterable[Claim], certificates: Sequence[Certificate]) -> str:
    """The first sensitive cell whose own proof the verifier does not accept; empty without one.

    Or the first one of what this pattern tells, where a proof does not know that. Everything else
    of the proof has to hold: what is wrong there is no number that is hard to protect, but a fault.

    Raises:
        ProtectionError: ``verification-failed``.
    """
    owned: dict[str, list[Certificate]] = {}
    for certificate in certificates:
        owned.setdefault(certificate.cell, []).append(certificate)
    for claim in claims:
        known = [each for cell in claim.true for each in owned.get(cell, ())]
        told = _told_by_pattern(claim, known)
        if told:
            return told
        check_claim(replace(claim, demands=()), known)
        for demand in claim.demands:
            if claim.is_hidden(demand.cell) and _is_refused(claim, demand, owned):
                return demand.cell
    return ""


def _told_by_pattern(claim: Claim, certificates: Iterable[Certificate]) -> str:
    """The first quantity of a relation of the pattern alone that a certificate breaks."""
    told: dict[str, list[Relation]] = {}
    for relation in claim.relations:
        for key, _ in relation.terms if relation.of_pattern else ():
            told.setdefault(key, []).append(relation)
    for certificate in certificates:
        step = dict(certificate.delta)
        for relation in (each for key in step for each in told.get(key, ())):
            total = sum(
                factor * (claim.true[key] + step.get(key, 0)) for key, factor in relation.terms
            )
            if relation.low is not None and total < relation.low:
                return relation.terms[0][0]
    return ""


def _is_refused(claim: Claim, demand: Demand, owned: Mapping[str, list[Certificate]]) -> bool:
    own = owned.get(demand.cell, [])
    true = claim.true[demand.cell]
    ends = [true + dict(each.delta)[demand.cell] for each in own]
    if claim.direction == "either" and any(_is_plain(demand, true, end) for end in ends):
        return False
    alone = replace(claim, demands=(demand,), unions=(), additive=())
    try:
        check_claim(alone, own)
    except ProtectionError:
        return True
    return False


def _is_plain(demand: Demand, true: int, end: int) -> bool:
    """An alternative of the class, of which nothing else is asked: the verifier accepts it."""
    within = demand.low <= end and (demand.high is None or end <= demand.high)
    return within and abs(end - true) >= demand.level and not demand.guards
