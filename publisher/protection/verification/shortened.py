"""The same relations in fewer terms: a sum over many units told through the sums inside it.

Whole = Σ parts stays true when some of its parts are replaced by the whole that they make up in
another relation. What is published then splits the relations into small groups.
"""

from __future__ import annotations

from collections.abc import Sequence

from publisher.protection.verification.claim import Relation


def shortened(relations: Sequence[Relation]) -> tuple[Relation, ...]:
    """Equivalent relations: every sum over the widest sums of fewer parts inside it."""
    parts_of = [_parts(relation) for relation in relations]
    around: dict[str, list[int]] = {}
    for number in sorted(range(len(relations)), key=lambda number: -len(parts_of[number])):
        for part in parts_of[number]:
            around.setdefault(part, []).append(number)
    found = []
    for number, relation in enumerate(relations):
        parts = parts_of[number]
        if not parts:
            found.append(relation)
            continue
        terms, rest = [next(term for term in relation.terms if term[1] == 1)], set(parts)
        for part in parts:
            if part not in rest:
                continue
            inside = next(
                (
                    other
                    for other in around[part]
                    if len(parts_of[other]) < len(parts) and rest.issuperset(parts_of[other])
                ),
                None,
            )
            if inside is None:
                terms.append((part, -1))
                rest.discard(part)
            else:
                terms.append((_whole(relations[inside]), -1))
                rest.difference_update(parts_of[inside])
        found.append(Relation(tuple(terms), 0, 0))
    return tuple(found)


def _whole(relation: Relation) -> str:
    return next(key for key, factor in relation.terms if factor == 1)


def _parts(relation: Relation) -> tuple[str, ...]:
    """The parts of ``whole - Σ parts = 0``; empty for any other relation."""
    parts = tuple(key for key, factor in relation.terms if factor == -1)
    one_whole = sum(factor == 1 for _, factor in relation.terms) == 1
    exact = relation.low == relation.high == 0
    return parts if exact and one_whole and len(parts) + 1 == len(relation.terms) else ()
