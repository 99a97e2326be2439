"""Staged shards: every row comes back in one shard, and the file alone is worth nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from linker.linkage.inputs import Delivered, Inputs, rekeyed_schema, suppliers_of
from linker.linkage.staged import StagedShards, shards_for
from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION
from shared.errors import StorageError, TrustError

SHARDS, CHUNK_ROWS = 4, 300
WIRES = {wire.name: wire for wire in (ENROLMENT, CARE, OBJECTION)}


def drawn(supplier: str, schema: str, place: int, rows: int, seed: int) -> Delivered:
    """Rows of drawn bytes and small numbers; persons repeat."""
    draws = np.random.default_rng(seed)
    persons = np.frombuffer(np.random.default_rng(1).bytes(16 * 500), dtype="V16")
    columns = []
    for field in rekeyed_schema(WIRES[schema]):
        if field.name == "link_id":
            values = [bytes(each) for each in draws.choice(persons, rows)]
            columns.append(pa.array(values, field.type))
        elif pa.types.is_fixed_size_binary(field.type):
            columns.append(pa.array([b"0" * field.type.byte_width] * rows, field.type))
        elif pa.types.is_boolean(field.type):
            columns.append(pa.array(draws.random(rows) < 0.5))
        else:
            columns.append(pa.array(draws.integers(0, 100, rows)).cast(field.type))
    table = pa.table(columns, schema=rekeyed_schema(WIRES[schema]))
    return Delivered(supplier, schema, (place,), table)


@pytest.fixture
def deliveries() -> list[Delivered]:
    return [
        drawn("gm0002", "care/1", 2, 700, 1),
        drawn("duo", "enrolment/1", 1, 2_000, 2),
        drawn("gm0001", "care/1", 1, 900, 3),
        drawn("duo", "enrolment/1", 1, 1_500, 4),
        drawn("gm0001", "objection/1", 1, 40, 5),
    ]


@pytest.fixture
def shards(deliveries: list[Delivered]) -> Iterator[StagedShards]:
    with StagedShards(SHARDS, chunk_rows=CHUNK_ROWS) as shards:
        for each in deliveries:
            shards.add(each)
        yield shards


def rows_of(table: pa.Table) -> list[tuple[object, ...]]:
    return sorted(tuple(row.values()) for row in table.to_pylist())


def file_of(shards: StagedShards) -> int:
    return shards.file._file.fileno()


def bytes_of(shards: StagedShards) -> bytes:
    list(shards)  # seals what waits
    return os.pread(file_of(shards), os.fstat(file_of(shards)).st_size, 0)


@pytest.mark.parametrize("relation", ["enrolment_rows", "care_rows", "objection_rows"])
def test_every_row_comes_back_once(
    deliveries: list[Delivered], shards: StagedShards, relation: str
) -> None:
    suppliers = suppliers_of(each for each in deliveries if each.schema != "objection/1")
    assert shards.suppliers == suppliers
    expected = getattr(Inputs.of(deliveries, suppliers), relation)
    together = pa.concat_tables([getattr(inputs, relation) for inputs in shards])
    assert together.schema == expected.schema
    assert rows_of(together) == rows_of(expected)


def test_a_person_is_in_one_shard(shards: StagedShards) -> None:
    seen: set[bytes] = set()
    counts = []
    for inputs in shards:
        persons = {
            person
            for relation in (inputs.enrolment_rows, inputs.care_rows, inputs.objection_rows)
            for person in relation["link_id"].to_pylist()
        }
        assert not persons & seen
        seen |= persons
        counts.append(len(persons))
    assert len(counts) == SHARDS
    assert min(counts) > 0


def test_the_inputs_can_be_read_again(shards: StagedShards) -> None:
    first = [rows_of(inputs.care_rows) for inputs in shards]
    assert [rows_of(inputs.care_rows) for inputs in shards] == first


def test_nothing_delivered_gives_empty_relations() -> None:
    with StagedShards(2) as shards:
        found = [inputs.enrolment_rows for inputs in shards]
    assert [len(rows) for rows in found] == [0, 0]
    assert found[0].schema == Inputs.of((), ()).enrolment_rows.schema


def test_the_file_shows_no_link_id(deliveries: list[Delivered], shards: StagedShards) -> None:
    written = bytes_of(shards)
    assert len(written) > 100_000
    for each in deliveries:
        for person in each.rows["link_id"].unique().to_pylist():
            assert person not in written
            assert person[:6] not in written
    assert b"link_id" not in written
    assert b"0" * 8 not in written


def test_the_file_has_no_name(tmp_path: Path) -> None:
    with StagedShards(1, tmp_path) as shards:
        shards.add(drawn("duo", "enrolment/1", 1, 50, 1))
        bytes_of(shards)
        assert os.fstat(file_of(shards)).st_nlink == 0
        assert list(tmp_path.iterdir()) == []


def test_another_key_opens_nothing(shards: StagedShards) -> None:
    bytes_of(shards)
    with StagedShards(1) as other:
        shards.file._box = other.file._box
    with pytest.raises(TrustError, match="staged-chunk-altered"):
        next(iter(shards))


def test_every_altered_bit_is_found() -> None:
    with StagedShards(1) as shards:
        shards.add(drawn("duo", "enrolment/1", 1, 3, 1))
        written = bytes_of(shards)
        for place in range(0, len(written), 37):
            os.pwrite(file_of(shards), bytes([written[place] ^ 1]), place)
            with pytest.raises(TrustError, match="staged-chunk-altered"):
                next(iter(shards))
            os.pwrite(file_of(shards), written[place : place + 1], place)
        assert len(next(iter(shards)).enrolment_rows) == 3


def test_swapped_chunks_do_not_open() -> None:
    with StagedShards(1, chunk_rows=50) as shards:
        for seed in (1, 2):
            shards.add(drawn("duo", "enrolment/1", 1, 50, seed))
        written = bytes_of(shards)
        half = len(written) // 2
        os.pwrite(file_of(shards), written[half:] + written[:half], 0)
        with pytest.raises(TrustError, match="staged-chunk-altered"):
            next(iter(shards))


def test_a_chunk_of_another_shard_or_schema_does_not_open(shards: StagedShards) -> None:
    bytes_of(shards)
    places = {(0, "enrolment_rows"): (1, "enrolment_rows"), (0, "care_rows"): (0, "enrolment_rows")}
    for target, origin in places.items():
        kept = shards._chunks[target]
        shards._chunks[target] = shards._chunks[origin]
        with pytest.raises(TrustError, match="staged-chunk-altered"):
            next(iter(shards))
        shards._chunks[target] = kept
    next(iter(shards))


def test_a_missing_end_is_found(shards: StagedShards) -> None:
    written = bytes_of(shards)
    os.ftruncate(file_of(shards), len(written) - 1)
    with pytest.raises(TrustError, match="staged-chunk-altered"):
        list(shards)


def test_no_nonce_is_used_twice(shards: StagedShards) -> None:
    bytes_of(shards)
    uses = [chunk.use for chunks in shards._chunks.values() for chunk in chunks]
    assert len(uses) > SHARDS
    assert len(set(uses)) == len(uses)


def test_a_full_volume_is_a_coded_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _data: bytes, _offset: int) -> int:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(os, "pwrite", full)
    with StagedShards(1, chunk_rows=10) as shards, pytest.raises(StorageError, match="staging"):
        shards.add(drawn("duo", "enrolment/1", 1, 50, 1))


def test_the_error_names_no_value(shards: StagedShards) -> None:
    written = bytes_of(shards)
    os.pwrite(file_of(shards), bytes(len(written)), 0)
    with pytest.raises(TrustError) as caught:
        next(iter(shards))
    assert caught.value.message == (
        "expected chunk 1 of enrolment_rows in shard 1 as it was written, found other bytes"
    )


@pytest.mark.parametrize(
    ("rows", "shards"), [(0, 1), (1, 1), (1_000_000, 1), (1_000_001, 2), (20_000_000, 20)]
)
def test_as_many_shards_as_the_rows_need(rows: int, shards: int) -> None:
    assert shards_for(rows) == shards


def test_on_an_encrypted_volume_rows_come_back_and_an_accident_shows(
    deliveries: list[Delivered], tmp_path: Path
) -> None:
    with StagedShards(1, tmp_path, CHUNK_ROWS, sealed=False) as shards:
        for each in deliveries:
            shards.add(each)
        (found,) = shards
        (wanted,) = [Inputs.of(deliveries, suppliers_of(deliveries[:-1]))]
        assert rows_of(found.care_rows) == rows_of(wanted.care_rows)
        assert list(tmp_path.iterdir()) == []
        os.pwrite(file_of(shards), b"?", 1_000)
        with pytest.raises(TrustError, match="found other bytes"):
            list(shards)
