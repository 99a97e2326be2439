"""The claim of a period that was published before: all of its releases together.

Stated from the counts and cells of every release, by the names that certificates use:

1. Each release claims what it would claim on its own, under names of its own.
2. A quantity that did not change is the same in both releases: a reader assumes so.
3. What an earlier release published, and is so still, is known; no rule asks for it any more.
4. What an earlier release withheld is withheld now, unless another one showed just this value;
   and it has an alternative, also where no rule of its own asks for one, as for a zero.
5. A cell that changes by a few children needs another change that a reader thinks possible.

Source: PROTECTION 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from publisher.protection.grid import Grid
from publisher.protection.primary import Rule
from publisher.protection.rules import Rules
from publisher.protection.time.earlier import (
    SHIFT,
    Version,
    before_key,
    change_key,
    change_threshold,
    counted_cells,
    is_small_change,
    keys_before_merger,
    merger_key,
    over_all_levels,
)
from publisher.protection.verification.claim import Additive, Claim, Demand, Relation, Terms
from publisher.protection.verification.tally import claim_of_tally
from shared.errors import ProtectionError

Change = tuple[str, int, Relation, Demand]
"""Name and value of what a cell changed by, its relation, and what it needs."""


@dataclass(frozen=True, slots=True)
class _Told:
    """One release of the period: its claim, and which cells it shows and withholds."""

    number: int
    claim: Claim
    shown: frozenset[str]
    withheld: frozenset[str]

    @property
    def cells(self) -> frozenset[str]:
        return self.shown | self.withheld

    def name(self, key: str) -> str:
        """What the joint claim calls a quantity of this release."""
        return before_key(key, self.number)


def claim_over_time(
    grid: Grid,
    rules: Rules,
    period: int,
    withheld: frozenset[str],
    versions: Sequence[Version],
) -> Claim:
    """State what the releases of a period claim together.

    Args:
        grid: what the new release may publish, with true values.
        rules: the parameters of the new release.
        period: code of the period.
        withheld: keys of the quantities that it withholds.
        versions: what was published before, newest first.

    Raises:
        ProtectionError: ``verification-failed`` where step 4 does not hold.
    """
    whole = over_all_levels(grid, [version.grid.published for version in versions])
    counted = counted_cells(grid, period)
    claim = claim_of_tally(whole, rules, period, withheld)
    now = _Told(0, claim, counted - withheld, counted & withheld)
    told = [now, *(_told_then(version, period) for version in versions)]
    known = _known(told)
    _check_still_withheld(told, known)
    relations = [same for pair in _pairs(told) for same in _unchanged(*pair)]
    changes = [change for pair in _pairs(told) for change in _changes(*pair, rules)]
    for version, then in zip(versions, told[1:], strict=True):
        same, changed = _mergers(now, then, whole, version.grid, rules)
        relations += same
        changes += changed
    return _joint(told, known, relations, changes)


def _told_then(version: Version, period: int) -> _Told:
    """An earlier release of the period."""
    claim = claim_of_tally(version.grid, version.rules, period, version.withheld)
    return _Told(version.number, claim, frozenset(version.shown), version.withheld)


def _joint(
    told: Sequence[_Told],
    known: frozenset[tuple[str, int]],
    relations: Sequence[Relation],
    changes: Sequence[Change],
) -> Claim:
    """One claim of all releases, with what ties them and what changed between them."""
    now, claims = told[0], [_renamed(each, known) for each in told]
    changed = {name: by for name, by, _, _ in changes}
    return Claim(
        true={key: value for claim in claims for key, value in claim.true.items()} | changed,
        withheld=frozenset().union(*(claim.withheld for claim in claims)),
        latent=frozenset(changed).union(*(claim.latent for claim in claims)),
        relations=(
            *(relation for claim in claims for relation in claim.relations),
            *relations,
            *(relation for _, _, relation, _ in changes),
        ),
        demands=(
            *(demand for claim in claims for demand in claim.demands),
            *_still_withheld(told, known),
            *(demand for _, _, _, demand in changes),
        ),
        unions=tuple(
            union
            for union in now.claim.unions
            if union.parent in now.cells and now.cells.issuperset(union.children)
        ),
        direction=now.claim.direction,
        additive=_beside_each_other(told),
        least={key: least for claim in claims for key, least in claim.least.items()},
        known={key: least for claim in claims for key, least in claim.known.items()},
    )


def _pairs(told: Sequence[_Told]) -> Iterator[tuple[_Told, _Told]]:
    """Every newer and older release; a reader can subtract any two."""
    yield from combinations(told, 2)


def _known(told: Sequence[_Told]) -> frozenset[tuple[str, int]]:
    """Step 3: keys with a value that an earlier release published for them."""
    return frozenset((key, each.claim.true[key]) for each in told[1:] for key in each.shown)


def _check_still_withheld(told: Sequence[_Told], known: frozenset[tuple[str, int]]) -> None:
    """Step 4: what one release withheld is shown by none after it, but for what readers know."""
    now, *before = told
    if any((key, now.claim.true[key]) not in known for key in now.shown & _withheld_in(before)):
        raise ProtectionError(
            "verification-failed",
            "step 4 over time: a quantity that was withheld before is published",
            hint="do not publish; protect the table again and keep its certificates with it",
        )


def _still_withheld(told: Sequence[_Told], known: frozenset[tuple[str, int]]) -> Iterator[Demand]:
    """Step 4: what stays withheld is not told by the cells around it."""
    now, *before = told
    asked = {demand.cell for demand in now.claim.demands}
    for key in sorted(now.withheld & _withheld_in(before)):
        if key not in asked and (key, now.claim.true[key]) not in known:
            yield Demand(key, Rule.CLOSING, 1, 1, None)


def _withheld_in(releases: Sequence[_Told]) -> frozenset[str]:
    return frozenset[str]().union(*(each.withheld for each in releases))


def _renamed(told: _Told, known: frozenset[tuple[str, int]]) -> Claim:
    """Step 1: the claim of one release by its names in the joint claim."""
    claim, name = told.claim, told.name

    def relation(item: Relation) -> Relation:
        return replace(item, terms=_terms(item.terms, told))

    return replace(
        claim,
        true={name(key): value for key, value in claim.true.items()},
        withheld=frozenset(map(name, told.withheld)),
        # A cell that only another release publishes is in no table of this one.
        latent=frozenset(name(key) for key in claim.true if key not in told.cells),
        relations=tuple(map(relation, claim.relations)),
        least={name(key): least for key, least in claim.least.items()},
        known={name(key): least for key, least in claim.known.items()},
        demands=tuple(
            replace(demand, cell=name(demand.cell), guards=tuple(map(relation, demand.guards)))
            for demand in claim.demands
            if (demand.cell, claim.true[demand.cell]) not in known
        ),
    )


def _terms(terms: Terms, told: _Told) -> Terms:
    return tuple((told.name(key), factor) for key, factor in terms)


def _unchanged(newer: _Told, older: _Told) -> Iterator[Relation]:
    """Step 2: quantities with the same value in two releases, said to be equal."""
    for key, value in newer.claim.true.items():
        if older.claim.true.get(key) == value:
            yield Relation(((newer.name(key), 1), (older.name(key), -1)), 0, 0)


def _changes(newer: _Told, older: _Told, rules: Rules) -> Iterator[Change]:
    """Step 5: name, value, relation and demand of every change of a few children."""
    for key in sorted(newer.cells | older.cells):
        now, then = newer.claim.true.get(key), older.claim.true.get(key)
        if now is None or then is None or not is_small_change(key, now, then, rules):
            continue
        name = change_key(key, newer.number, older.number)
        terms = ((newer.name(key), 1), (older.name(key), -1), (name, -1))
        yield _change(key, name, now - then, terms, rules)


def _change(key: str, name: str, by: int, terms: Terms, rules: Rules) -> Change:
    most = change_threshold(key, rules) - 1
    demand = Demand(name, Rule.CHANGE, 1, SHIFT - most, SHIFT + most)
    return name, by + SHIFT, Relation(terms, -SHIFT, -SHIFT), demand


def _mergers(
    now: _Told, older: _Told, grid: Grid, before: Grid, rules: Rules
) -> tuple[list[Relation], list[Change]]:
    """Steps 2 and 5 for schools that were others, or several, in an earlier release."""
    same: list[Relation] = []
    changed: list[Change] = []
    for key, value in now.claim.true.items():
        was = keys_before_merger(key, grid, before)
        if not was or not all(each in older.claim.true for each in was):
            continue
        by = value - sum(older.claim.true[each] for each in was)
        terms = ((now.name(key), 1), *((older.name(each), -1) for each in was))
        if not by:
            same.append(Relation(terms, 0, 0))
        elif is_small_change(key, by, 0, rules):
            name = merger_key(key, older.number)
            changed.append(_change(key, name, by, (*terms, (name, -1)), rules))
    return same, changed


def _beside_each_other(told: Sequence[_Told]) -> tuple[Additive, ...]:
    """Cells of every release over the same innermost groups, for groups without a name."""
    first: dict[tuple[str, int], str] = {}
    for each in told:
        for key, value in each.claim.true.items():
            first.setdefault((key, value), each.name(key))
    found: dict[tuple[str, str], Additive] = {}
    for each in told:
        for additive in each.claim.additive:
            moved = _moved(additive, each, first)
            quantity = _quantity(additive)
            known = found.get(quantity)
            found[quantity] = moved if known is None else _both(known, moved)
    return tuple(found.values())


def _quantity(additive: Additive) -> tuple[str, str]:
    fields = next(iter(additive.parts)).split("/")
    return fields[1], fields[-1]


def _moved(additive: Additive, told: _Told, first: Mapping[tuple[str, int], str]) -> Additive:
    """By names of the joint claim; a group that did not change has one name in all releases."""
    true = told.claim.true

    def group(key: str) -> str:
        return first[key, true[key]]

    def own(cells: Sequence[str]) -> tuple[str, ...]:
        return tuple(told.name(cell) for cell in cells if cell in wanted)

    # Of an earlier release only what it published tells anything.
    wanted = told.shown if told.number else told.cells
    return replace(
        additive,
        parts={
            told.name(cell): frozenset(map(group, parts))
            for cell, parts in additive.parts.items()
            if cell in wanted
        },
        pairs=tuple(map(own, additive.pairs)),
        levels=tuple(frozenset(own(sorted(level))) for level in additive.levels),
        ties=tuple(tuple((group(key), factor) for key, factor in tie) for tie in additive.ties),
    )


def _both(one: Additive, other: Additive) -> Additive:
    return replace(
        one,
        parts={**one.parts, **other.parts},
        pairs=(*one.pairs, *other.pairs),
        levels=(*one.levels, *other.levels),
        ties=(*one.ties, *other.ties),
    )
