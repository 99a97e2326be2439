"""The linkage: from re-keyed deliveries to cells, shard by shard, on one engine.

Persons are divided over shards; a person is in exactly one, and a pupil is at one school per
period, so every count is a sum over shards. Same deliveries, same cells: nothing depends on
row order, on the split of a delivery, on the number of shards or on the link key.

Source: DESIGN 5.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from linker.linkage import stages
from linker.linkage.cells import to_cells
from linker.linkage.database import Database, EngineSettings
from linker.linkage.feedback import Match, matches
from linker.linkage.indicators import COUNTS, TABLES
from linker.linkage.inputs import Delivered, Inputs, suppliers_of
from linker.linkage.laws import check_laws
from linker.linkage.quality import supplier_quality
from linker.linkage.relations import reference_relations
from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION
from shared.contract.periods import Period
from shared.contract.tally import SupplierQuality
from shared.errors import StateError
from shared.reference import Reference

Progress = Callable[[str, int, int], None]
"""Called with the name of the step that begins, steps done and steps in all."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What a linkage gives.

    Attributes:
        cells: table in the schema ``CELLS``, sorted by key; only cells that are not zero.
        quality: per supplier and schema, in that order.
        double_claims: clients of the population that more than one municipality claims,
            counted once in each period in which that is so.
        matches: exact, by supplier and schema; a supplier is only told a blurred share of it.
    """

    cells: pa.Table
    quality: tuple[SupplierQuality, ...]
    double_claims: int
    matches: Mapping[tuple[str, str], Match]


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

    Raises:
        StateError: ``covered-without-delivery``, ``period-not-in-round`` or
            ``covered-not-in-reference`` when the inputs do not belong together;
            ``linkage-out-of-memory``; ``tally-breaks-law``.
    """
    _check_inputs(deliveries, objections, reference, periods, covered)
    steps = _Steps(progress, settings.shards + 2)
    suppliers = suppliers_of(deliveries)
    with Database(settings) as database:
        for name, relation in reference_relations(reference, periods, covered).items():
            database.load(name, relation)
        shards = []
        for index in range(settings.shards):
            steps.begin(f"shard {index + 1}")
            rows = [each.shard(index, settings.shards) for each in (*deliveries, *objections)]
            shards.append(_count(database, Inputs.of(rows, suppliers)))
        steps.begin("roll-up")
        database.load("facts", pa.concat_tables([fact for shard in shards for fact in shard.facts]))
        cells = to_cells(database.fetch(stages.ROLL_UP))
    steps.begin("laws")
    check_laws(cells, TABLES, reference, periods)
    quality = [part for shard in shards for part in shard.quality]
    return Linked(
        cells,
        supplier_quality(suppliers, quality),
        sum(shard.double_claims for shard in shards),
        matches(suppliers, quality, [shard.objected for shard in shards]),
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


@dataclass(frozen=True, slots=True)
class _Shard:
    """Counts of the persons of one shard; each adds up with those of the others."""

    facts: tuple[pa.Table, ...]
    quality: tuple[pa.Table, pa.Table]
    objected: pa.Table
    double_claims: int


def _count(database: Database, inputs: Inputs) -> _Shard:
    database.load("enrolment_rows", inputs.enrolment_rows)
    database.load("care_rows", inputs.care_rows)
    database.load("objection_rows", inputs.objection_rows)
    for stage in stages.PERSON_STAGES:
        database.define(stage)
    return _Shard(
        facts=tuple(
            database.fetch(stage) for count in COUNTS for stage in stages.count_stages(count)
        ),
        quality=(database.fetch(stages.ENROLMENT_QUALITY), database.fetch(stages.CARE_QUALITY)),
        objected=database.fetch(stages.OBJECTED_PERSONS),
        double_claims=database.fetch(stages.DOUBLE_CLAIMS)["double_claims"][0].as_py(),
    )


def _check_inputs(
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
