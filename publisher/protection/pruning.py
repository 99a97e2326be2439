"""Pruning: publish a cell again where every need that relied on it finds another witness."""

from __future__ import annotations

from collections.abc import Iterable

from publisher.protection.needs import Need
from publisher.protection.parts import HiddenParts
from publisher.protection.served import Served
from publisher.protection.solver import Witness


class Pruner:
    """Takes needless cells out of a pattern; witnesses are replaced in place.

    Only needs whose witness moves a cell are solved again when that cell is tried.
    """

    def __init__(self, served: Served, parts: HiddenParts, *, everywhere: bool) -> None:
        self._served = served
        self._parts = parts
        self._everywhere = everywhere
        self._moving: dict[int, set[int]] = {}
        for number, witness in enumerate(served.witness_of):
            self._note(number, witness or {})

    def prune(self, cells: Iterable[int]) -> set[int]:
        """Try the cells in this order; the ones that are needed."""
        return {cell for cell in cells if not self._spared(cell)}

    def _spared(self, cell: int) -> bool:
        """Publish a cell, unless a need is left without a witness; then nothing changes."""
        before = {}
        for number in sorted(self._moving.get(cell, ())):
            before[number] = self._served.witness_of[number] or {}
            self._served.witness_of[number] = None
        self._parts.close(cell)
        if all(self._served_without(number, cell) for number in before):
            for number, witness in before.items():
                self._forget(number, witness)
                self._note(number, self._served.witness_of[number] or {})
            return True
        self._parts.hide(cell)
        for number, witness in before.items():
            self._served.witness_of[number] = witness
        return False

    def _served_without(self, number: int, cell: int) -> bool:
        if self._served.witness_of[number] is not None:
            return True
        need = self._served.needs[number]
        for other in sorted(self._moving.get(self._served.node_of(number), ())):
            witness = self._served.witness_of[other]
            if witness is not None and cell not in witness and need.met_by(witness):
                self._served.witness_of[number] = witness
                return True
        found = self._found(need)
        if found is not None:
            self._served.keep(found)
        return found is not None

    def _found(self, need: Need) -> Witness | None:
        """A witness by the quick means only; without one the cell stays withheld."""
        for move in need.moves:
            witness = self._parts.cheapest(move, everywhere=self._everywhere)
            if witness is not None:
                return witness
        return None

    def _note(self, number: int, witness: Witness) -> None:
        for node in witness:
            self._moving.setdefault(node, set()).add(number)

    def _forget(self, number: int, witness: Witness) -> None:
        for node in witness:
            self._moving[node].discard(number)
