"""The check of one block, in numbered steps and in integers (PROTECTION section 5).

1. Every rule-sensitive cell is withheld.
2. The true table satisfies every relation.
3. The withheld children of a published parent reach the threshold together, and no group below
   it, named by a cell or not, is a sum or difference of published cells.
4. Every certificate is an alternative table that a reader can believe in: it changes nothing
   that is published, takes nothing below its lower bound, and every relation still holds.
5. Every rule-sensitive quantity owns certificates that move it far enough, within its class; and
   where the rule on a supplier's rest holds, ones that every supplier thinks possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NoReturn

from publisher.protection.certificates import Certificate
from publisher.protection.primary import Rule
from publisher.protection.verification.bounds import LeastPossible
from publisher.protection.verification.claim import Claim, Demand, Relation
from publisher.protection.verification.groups import tells_small_group
from shared.errors import ProtectionError


def check_claim(claim: Claim, certificates: Iterable[Certificate]) -> int:
    """Check a block and return how many certificates were verified.

    Raises:
        ProtectionError: ``verification-failed``, naming the step but no cell and no value.
    """
    _check_withheld(claim)
    _check_truth(claim)
    _check_unions(claim)
    if tells_small_group(claim):
        _refuse(3, "published cells tell a group below the threshold that no cell names")
    index = _RelationIndex(claim)
    deltas: dict[str, list[dict[str, int]]] = {}
    for certificate in certificates:
        delta = dict(certificate.delta)
        if len(delta) != len(certificate.delta) or not delta.get(certificate.cell):
            _refuse(4, "a certificate repeats a cell or does not move its own")
        index.check(delta)
        deltas.setdefault(certificate.cell, []).append(delta)
    _check_ownership(claim, deltas)
    return sum(len(owned) for owned in deltas.values())


def _refuse(step: int, what: str) -> NoReturn:
    raise ProtectionError(
        "verification-failed",
        f"step {step}: {what}",
        hint="do not publish; protect the table again and keep its certificates with it",
    )


def _check_withheld(claim: Claim) -> None:
    if any(not claim.is_hidden(demand.cell) for demand in claim.demands):
        _refuse(1, "a cell that a rule withholds is published")


def _check_truth(claim: Claim) -> None:
    for relation in claim.relations:
        if not _holds(relation, claim.true):
            _refuse(2, "the true table does not satisfy a relation")


def _holds(relation: Relation, values: Mapping[str, int]) -> bool:
    total = sum(factor * values[key] for key, factor in relation.terms)
    return (relation.low is None or relation.low <= total) and (
        relation.high is None or total <= relation.high
    )


def _check_unions(claim: Claim) -> None:
    for union in claim.unions:
        if union.parent in claim.withheld:
            continue
        hidden = sum(
            claim.persons.get(child, claim.true[child])
            for child in union.children
            if child in claim.withheld
        )
        if 1 <= hidden < union.threshold:
            _refuse(3, "the withheld children of a published parent stay below the threshold")


class _RelationIndex:
    """Which relations a cell stands in, and what each amounts to in the true table."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._of: dict[str, list[tuple[int, int]]] = {}
        self._truth: list[int] = []
        for number, relation in enumerate(claim.relations):
            self._truth.append(sum(factor * claim.true[key] for key, factor in relation.terms))
            for key, factor in relation.terms:
                self._of.setdefault(key, []).append((number, factor))

    def check(self, delta: Mapping[str, int]) -> None:
        """Step 4 for one certificate."""
        claim = self._claim
        totals: dict[int, int] = {}
        for key, step in delta.items():
            if not step or key not in claim.true or not claim.is_hidden(key):
                _refuse(4, "a certificate changes a cell that is published or unknown")
            if claim.true[key] + step < claim.floor(key):
                _refuse(4, "a certificate takes a cell below its lower bound")
            for number, factor in self._of.get(key, ()):
                totals[number] = totals.get(number, self._truth[number]) + factor * step
        for number, total in totals.items():
            relation = claim.relations[number]
            if (relation.low is not None and total < relation.low) or (
                relation.high is not None and total > relation.high
            ):
                _refuse(4, "a certificate breaks a relation")


def _check_ownership(claim: Claim, deltas: Mapping[str, list[dict[str, int]]]) -> None:
    of_everybody = _Lazily(claim)
    of_suppliers = _Lazily(replace(claim, least={**claim.known, **claim.least}))
    for demand in claim.demands:
        least = of_suppliers if demand.faces_suppliers else of_everybody
        owned = deltas.get(demand.cell, [])
        if demand.faces_suppliers:
            owned = [delta for delta in owned if _is_possible_for_suppliers(claim, delta)]
        steps = [delta[demand.cell] for delta in owned]
        if not any(abs(step) >= demand.level for step in steps):
            _refuse(5, "a sensitive cell owns no certificate that moves it far enough")
        within = any(_within_class(claim, demand, delta) for delta in owned)
        if not within and not _class_has_no_room(claim, demand, least):
            _refuse(5, "the alternative of a sensitive cell lies outside its rule's class")
        if claim.direction != "either" and demand.level and max(steps) < demand.level:
            _refuse(5, "a sensitive cell has no certificate upward")
        if demand.below and min(steps) > -demand.below:
            _refuse(5, "a sensitive cell has no certificate as far downward as its rule asks")
        if claim.direction == "both" and min(steps) > -demand.level:
            lowest = max(least.possible().of(demand.cell), demand.low)
            if claim.true[demand.cell] - demand.level >= lowest:
                _refuse(5, "a sensitive cell has no certificate downward")


class _Lazily:
    """Bounds that are worked out once, and only if they are asked for."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._possible: LeastPossible | None = None

    def possible(self) -> LeastPossible:
        if self._possible is None:
            self._possible = LeastPossible(_with_most_hidden(self._claim))
        return self._possible


def _is_possible_for_suppliers(claim: Claim, delta: Mapping[str, int]) -> bool:
    """Whether a certificate leaves every supplier at least its own clients, in every count."""
    return all(claim.true[key] + step >= claim.known.get(key, 0) for key, step in delta.items())


def _within_class(claim: Claim, demand: Demand, delta: Mapping[str, int]) -> bool:
    value = claim.true[demand.cell] + delta[demand.cell]
    if abs(delta[demand.cell]) < demand.level or value < demand.low:
        return False
    if demand.high is not None and value > demand.high:
        return False
    return all(
        _holds(guard, {key: claim.true[key] + delta.get(key, 0) for key, _ in guard.terms})
        for guard in demand.guards
    )


def _with_most_hidden(claim: Claim) -> Claim:
    """The same cells with every positive one withheld: no pattern leaves more room than this.

    A pattern may not excuse an alternative outside the class by what it publishes itself.
    """
    positive = {key for key, value in claim.true.items() if value > 0}
    always = tuple(relation for relation in claim.relations if not relation.of_pattern)
    return replace(claim, withheld=claim.withheld | (positive - claim.latent), relations=always)


def _class_has_no_room(claim: Claim, demand: Demand, least: _Lazily) -> bool:
    """Whether no pattern at all leaves an alternative within a threshold's class."""
    true = claim.true[demand.cell]
    return (
        demand.rule in (Rule.THRESHOLD, Rule.SUPPLIER)
        and demand.high is not None
        and true + demand.level > demand.high
        and true - demand.level < max(least.possible().of(demand.cell), demand.low)
    )
