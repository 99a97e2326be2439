"""Sealing: parts in order, whole or absent, and objections that do not tell their number."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.clock import today
from shared.contract.deliveries import OBJECTION_BLOCK
from shared.envelope import check_body, open_body, read_header
from shared.files import write_whole
from shared.hashing.custody.home import Home, OpenRound, OwnPins
from shared.hashing.delivering.replacing import Part
from shared.hashing.delivering.sealing import SealedPart, seal_delivery
from shared.round import SchemaName
from shared.statement import Statement
from tests.support.parties import ROUND, MiniRegion, care_table, objection_table, pseudonym


@pytest.fixture
def opened(region: MiniRegion, accepted: Statement) -> OpenRound:
    home = Home(region.folder / "gm0197")
    home.write_pins(OwnPins(pins=region.pins(), agreement="demo-1"))
    region.identities["gm0197"].save(home.identity_path)
    return home.import_round(
        accepted.to_bytes(),
        region.register.to_bytes(),
        region.policy_bytes,
        region.grant("gm0197", accepted),
        today(region.clock),
    )


def opened_rows(region: MiniRegion, part: SealedPart) -> list[dict[str, object]]:
    data = part.path.read_bytes()
    header = read_header(data)
    header.check_signature(region.identities["gm0197"].card)
    body = data[header.size :]
    check_body(header, body)
    plain = open_body(header, body, region.linker_keys.opening_key(ROUND))
    rows: list[dict[str, object]] = pq.read_table(io.BytesIO(plain)).to_pylist()
    return rows


def pieces(table: pa.Table) -> list[Part]:
    starts = range(0, table.num_rows, 20)
    return [Part(table.slice(start, 20), last=start == starts[-1]) for start in starts]


def test_a_large_delivery_goes_in_parts_that_follow_each_other(
    region: MiniRegion, opened: OpenRound, tmp_path: Path
) -> None:
    table = care_table([{"pseudonym": pseudonym(n)} for n in range(50)])
    sender = region.identities["gm0197"]
    parts = seal_delivery(pieces(table), SchemaName.CARE, opened, sender, tmp_path / "uit")
    assert len(parts) > 2
    headers = [read_header(part.path.read_bytes()).context for part in parts]
    assert [header.part for header in headers] == list(range(1, len(parts) + 1))
    assert [header.last for header in headers] == [0] * (len(parts) - 1) + [1]
    assert [header.previous for header in headers] == ["", *(part.sha256 for part in parts[:-1])]
    assert sum(header.rows for header in headers) == 50
    rows = [row for part in parts for row in opened_rows(region, part)]
    assert rows == table.to_pylist()


def test_a_failure_leaves_no_part_behind(
    region: MiniRegion, opened: OpenRound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Path] = []

    def fails_at_the_third(path: Path, data: bytes, *, mode: int) -> None:
        calls.append(path)
        if len(calls) == 3:
            raise OSError("disk full")
        write_whole(path, data, mode=mode)

    monkeypatch.setattr("shared.hashing.delivering.sealing.write_whole", fails_at_the_third)
    table = care_table([{"pseudonym": pseudonym(n)} for n in range(80)])
    sender = region.identities["gm0197"]
    before = list(tmp_path.iterdir())
    with pytest.raises(OSError, match="disk full"):
        seal_delivery(pieces(table), SchemaName.CARE, opened, sender, tmp_path / "uit")
    assert list(tmp_path.iterdir()) == before


def test_objections_do_not_tell_how_many_there_are(
    region: MiniRegion, opened: OpenRound, tmp_path: Path
) -> None:
    sizes, rows = set(), set()
    for count in (0, 1, 3, OBJECTION_BLOCK):
        table = objection_table(list(range(count)))
        folder = tmp_path / str(count)
        sender = region.identities["gm0197"]
        (part,) = seal_delivery(
            [Part(table, last=True)], SchemaName.OBJECTION, opened, sender, folder
        )
        header = read_header(part.path.read_bytes())
        inside = [row["pseudonym"] for row in opened_rows(region, part)]
        assert {pseudonym(n) for n in range(count)} <= set(inside)
        assert len(set(inside)) == len(inside)
        sizes.add(header.seal.bytes)
        rows.add((header.context.rows, len(inside)))
    assert rows == {(0, OBJECTION_BLOCK)}
    assert len(sizes) == 1
