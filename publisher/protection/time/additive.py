"""Cells of several releases as sums over the same innermost groups, for groups without a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from publisher.protection.problem import Additive, Kind, Node


def joined(
    nodes: Sequence[Node],
    known: Sequence[Additive],
    earlier: Sequence[Additive],
    place_of: Mapping[int, int],
) -> list[Additive]:
    """What is known, with the cells of an earlier release beside those of the same quantity.

    Args:
        nodes: of all releases so far.
        known: quantities of the release of now, and what was joined to them.
        earlier: quantities of the earlier release, by its own nodes.
        place_of: where each of its nodes stands in ``nodes``.
    """
    found = {_quantity(nodes, additive): additive for additive in known}
    for additive in earlier:
        moved = _moved(additive, place_of)
        quantity = _quantity(nodes, moved)
        found[quantity] = _both(found[quantity], moved) if quantity in found else moved
    return list(found.values())


def only_cells(nodes: Sequence[Node], known: Sequence[Additive]) -> tuple[Additive, ...]:
    """The same without units that no release shows or may show, and every unit once."""
    return tuple(_without_latent(nodes, additive) for additive in known)


def _quantity(nodes: Sequence[Node], additive: Additive) -> tuple[str, str]:
    """Measure and part, as in the names of its innermost groups."""
    fields = nodes[additive.columns[0]].keys[0].split("/")
    return fields[-4], fields[-1]


def _moved(additive: Additive, place_of: Mapping[int, int]) -> Additive:
    return replace(
        additive,
        columns=tuple(place_of[node] for node in additive.columns),
        units=tuple((place_of[node], columns) for node, columns in additive.units),
    )


def _both(now: Additive, then: Additive) -> Additive:
    """The units of both over the groups of both; a group that did not change is one group."""
    columns = tuple(dict.fromkeys((*now.columns, *then.columns)))
    at = {node: place for place, node in enumerate(columns)}
    after = len(now.units)
    units = tuple(
        (node, tuple(sorted(at[then.columns[column]] for column in of_unit)))
        for node, of_unit in then.units
    )
    return replace(
        now,
        columns=columns,
        units=(*now.units, *units),
        pairs=(*now.pairs, *_shifted(then.pairs, after)),
        levels=(*now.levels, *_shifted(then.levels, after)),
        ties=(
            *((*tie, *[0] * (len(columns) - len(tie))) for tie in now.ties),
            *(_spread(tie, then, at, len(columns)) for tie in then.ties),
        ),
    )


def _shifted(places: Sequence[Sequence[int]], by: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(place + by for place in each) for each in places)


def _spread(
    tie: Sequence[int], then: Additive, at: Mapping[int, int], width: int
) -> tuple[int, ...]:
    row = [0] * width
    for column, factor in zip(then.columns, tie, strict=True):
        row[at[column]] += factor
    return tuple(row)


def _without_latent(nodes: Sequence[Node], additive: Additive) -> Additive:
    new: dict[int, int] = {}
    place_of: dict[int, int] = {}
    units = list[tuple[int, tuple[int, ...]]]()
    for place, (node, columns) in enumerate(additive.units):
        if nodes[node].kind is Kind.LATENT:
            continue
        if node not in new:
            new[node] = len(units)
            units.append((node, columns))
        place_of[place] = new[node]
    return replace(
        additive,
        units=tuple(units),
        pairs=tuple(_kept(each, place_of) for each in additive.pairs),
        levels=tuple(_kept(each, place_of) for each in additive.levels),
    )


def _kept(places: Sequence[int], place_of: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(place_of[place] for place in places if place in place_of))
