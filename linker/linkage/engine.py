"""The linkage: from re-keyed deliveries to cells, shard by shard, on one engine.

Same deliveries, same cells: nothing depends on row order, on the split of a delivery, on the
number of shards or on the link key.

Source: DESIGN 5.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from linker.linkage.cell_store import CellsKey, CellStore
from linker.linkage.counter import Engine, give_back
from linker.linkage.database import Database, EngineSettings
from linker.linkage.feedback import Match, matches
from linker.linkage.gathering import Gathering
from linker.linkage.indicators import catalogue
from linker.linkage.inputs import Delivered, Inputs, Suppliers, suppliers_of
from linker.linkage.laws import Laws
from linker.linkage.levels import Maker, make_cells
from linker.linkage.protecting import SHIPPED_RULE, PercentRule
from linker.linkage.public_cells import public_cells
from linker.linkage.quality import supplier_quality
from linker.linkage.sealed_file import SealedFile
from linker.linkage.shards import Counting
from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION
from shared.contract.periods import Period
from shared.contract.tally import SupplierQuality
from shared.errors import StateError
from shared.reference import Reference

HELD_SHARDS = 6
"""Shards of which facts and cells fit in memory together; of more they are staged."""
Progress = Callable[[str, int, int], None]
"""Called with the name of the step that begins, steps done and steps in all."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What a linkage gives.

    Attributes:
        store: the cells, sorted by key; only those that are not zero.
        quality: per supplier and schema, in that order.
        double_claims: clients of the population that more than one municipality claims,
            counted once in each period in which that is so.
        matches: exact, by supplier and schema; a supplier is only told a blurred share of it.
        laws: how many laws the cells were checked against.
    """

    store: CellStore
    quality: tuple[SupplierQuality, ...]
    double_claims: int
    matches: Mapping[tuple[str, str], Match]
    laws: int

    @property
    def cells(self) -> pa.Table:
        """All cells at once, in the schema ``CELLS``."""
        return self.store.table()


def silent(step: str, done: int, steps: int) -> None:
    """Progress for who needs none."""


def link(
    deliveries: Sequence[Delivered],
    objections: Sequence[Delivered],
    reference: Reference,
    periods: Sequence[Period],
    covered: Mapping[int, Collection[int]],
    settings: EngineSettings,
    progress: Progress = silent,
    rule: PercentRule = SHIPPED_RULE,
) -> Linked:
    """Count every table of the catalogue and check the result against its own laws.

    Args:
        deliveries: current enrolment and care deliveries, re-keyed with one link key.
        objections: objection deliveries, re-keyed with the same key.
        reference: the bundle that the round pins.
        periods: the periods of the round.
        covered: per period code, the municipalities whose residents are the population.
        settings: what this machine allows.
        progress: told of every step that begins.
        rule: the p % rule of the policy, for amounts.

    Raises:
        StateError: ``covered-without-delivery``, ``period-not-in-round`` or
            ``covered-not-in-reference`` when the inputs do not belong together;
            ``linkage-out-of-memory``; ``tally-breaks-law``.
    """
    check_inputs(deliveries, objections, reference, periods, covered)
    suppliers = suppliers_of(deliveries)

    def shards() -> Iterator[Inputs]:
        for index in range(settings.shards):
            rows = [each.shard(index, settings.shards) for each in (*deliveries, *objections)]
            yield Inputs.of(rows, suppliers)

    return link_shards(
        shards(), suppliers, reference, periods, covered, settings, progress, rule,
        count=settings.shards,
    )  # fmt: skip


def link_shards(
    shards: Iterable[Inputs],
    suppliers: Suppliers,
    reference: Reference,
    periods: Sequence[Period],
    covered: Mapping[int, Collection[int]],
    settings: EngineSettings,
    progress: Progress = silent,
    rule: PercentRule = SHIPPED_RULE,
    *,
    count: int,
    engine: Engine | None = None,
    file: SealedFile | None = None,
) -> Linked:
    """``link`` for inputs that come as shards of disjoint persons.

    Every hand of the engine drops a shard before it asks for the next. Whoever makes the shards
    has checked that they belong to the round, as ``link`` does.

    Args:
        suppliers: of all shards; the numbers in the inputs are places in it.
        count: how many shards there will be, for progress.
        engine: another engine than DuckDB in this process; it is left open.
        file: where to stage what grows with the population: rows that wait and, from more than
            ``HELD_SHARDS`` shards, facts and cells. Cells can be read for as long as it is open.
    """
    steps = _Steps(progress, count + (3 if count > 1 else 2))
    own = Database(settings, hands=min(count, settings.threads)) if engine is None else None
    tables = catalogue(reference)
    staging = file if count > HELD_SHARDS else None
    laws, store = Laws(tables, reference, periods), CellStore(staging)
    maker = Maker.of(reference, tables, rule, tuple(public_cells(reference, periods)))
    codes = [period.code for period in periods]
    gathering = Gathering(maker.levels, codes, staging) if staging is not None else None

    def take(found: Mapping[CellsKey, pa.Table]) -> None:
        laws.check_units({key[0]: cells for key, cells in found.items()})
        for key, cells in found.items():
            store.add(key, cells)

    with own if own is not None else nullcontext(engine) as used:
        assert used is not None
        counting = Counting(used, reference, covered, periods, count, steps.begin, file, gathering)
        counting.count(shards)
    steps.begin("roll-up")
    if gathering is None:
        make_cells(counting.totals.facts(), maker, take, settings.threads)
    else:
        gathering.add(counting.totals.facts())  # of pupils: those of all shards
        gathering.make(maker, take, settings.threads)
    give_back()
    steps.begin("laws")
    laws.check_levels(store)
    return Linked(
        store,
        supplier_quality(suppliers, counting.figures.quality),
        counting.figures.double_claims,
        matches(suppliers, counting.figures.quality, counting.figures.objected),
        laws.checked,
    )


class _Steps:
    """Counts steps for a progress callback."""

    def __init__(self, progress: Progress, steps: int) -> None:
        self._progress = progress
        self._steps = steps
        self._begun = 0

    def begin(self, step: str) -> None:
        self._progress(step, self._begun, self._steps)
        self._begun += 1


def check_inputs(
    deliveries: Sequence[Delivered],
    objections: Sequence[Delivered],
    reference: Reference,
    periods: Sequence[Period],
    covered: Mapping[int, Collection[int]],
) -> None:
    """Refuse what would count wrongly in silence."""
    if any(delivered.schema == OBJECTION.name for delivered in deliveries) or any(
        delivered.schema != OBJECTION.name for delivered in objections
    ):
        raise RuntimeError("objections stand apart from the other deliveries")
    codes = {period.code for period in periods}
    for delivered in deliveries:
        if strange := sorted(set(pc.unique(delivered.rows["period"]).to_pylist()) - codes):
            raise StateError(
                "period-not-in-round",
                f"expected periods of the round in {delivered.schema} of {delivered.supplier}, "
                f"got period {strange[0]}",
                hint="refuse the delivery, or link it in the round that it was made for",
            )
    if strange := sorted(set(covered) - codes):
        raise StateError(
            "period-not-in-round",
            f"expected covered municipalities for periods of the round, got {strange[0]}",
            hint="take the covered municipalities from the round itself",
        )
    for place in sorted({place for places in covered.values() for place in places}):
        _check_covered(place, deliveries, reference)


def _check_covered(place: int, deliveries: Sequence[Delivered], reference: Reference) -> None:
    if all(municipality.code != place for municipality in reference.municipalities):
        raise StateError(
            "covered-not-in-reference",
            f"expected covered municipalities of the reference bundle, got {place:04d}",
            hint="the round pins the bundle; make the round again with the right one",
        )
    # Without care rows every resident would count as a pupil without care: a false zero.
    for missing in _missing_schemas(place, deliveries):
        raise StateError(
            "covered-without-delivery",
            f"expected {missing} for covered municipality {place:04d}, got no such delivery",
            hint="leave the municipality out of the population until it has delivered both",
        )


def _missing_schemas(place: int, deliveries: Sequence[Delivered]) -> Iterator[str]:
    for schema in (ENROLMENT.name, CARE.name):
        if not any(each.schema == schema and place in each.municipalities for each in deliveries):
            yield schema
