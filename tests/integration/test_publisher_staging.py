"""Staging: protected, verified, labelled, sealed at rest."""

from __future__ import annotations

from sqlalchemy import select

from publisher.released import CellStatus, ReleasedTable
from publisher.store import (
    InternalDocumentRow,
    ReleasedTableRow,
)
from tests.support.parties import ROUND
from tests.support.publishing import RELEASE, Publisher


def test_a_staged_release_holds_exactly_what_policy_allows(publisher: Publisher) -> None:
    manifest = publisher.releases.stage(ROUND)
    assert manifest.release_id == RELEASE
    assert manifest.synthetic
    allowed = {t.id: {level.value for level in t.levels}
               for t in publisher.region.policy.policy.tables}  # fmt: skip
    publisher.submit(publisher.region.folder / "pakket")
    with publisher.releases.database.reading() as session:
        stored = session.scalars(select(ReleasedTableRow)).all()
    assert {row.table_id for row in stored} <= set(allowed)
    for row in stored:
        assert row.data is not None
        table = ReleasedTable.from_bytes(row.table_id, row.title, row.data)
        assert set(table.cells["level"].to_pylist()) <= allowed[row.table_id]


def test_no_withheld_cell_has_a_value_and_no_small_count_is_shown(publisher: Publisher) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(publisher.region.folder / "pakket")
    threshold = publisher.region.policy.policy.protection.threshold
    shown = 0
    for path in sorted(folder.glob("*.parquet")):
        table = ReleasedTable.from_bytes(path.stem, path.stem, path.read_bytes())
        for row in table.cells.to_pylist():
            if row["status"] == CellStatus.WITHHELD.value:
                assert row["value"] is None
            elif row["measure"] == "clients":
                assert not 1 <= row["value"] < threshold
                shown += 1
    assert shown > 20


def test_counts_that_are_not_released_are_sealed_at_rest(publisher: Publisher) -> None:
    publisher.releases.stage(ROUND)
    with publisher.releases.database.reading() as session:
        boxes = [row.box for row in session.scalars(select(InternalDocumentRow))]
    assert len(boxes) == 3
    assert all(box and b'"cell"' not in box and b'"rules"' not in box for box in boxes)


def test_the_manifest_says_what_the_auditor_found(publisher: Publisher) -> None:
    manifest = publisher.releases.stage(ROUND)
    proof = manifest.proof
    assert (proof.exactly_exposed, proof.too_narrow) == (0, 0)
    assert proof.verified
    assert publisher.releases.verify(RELEASE) > 0
