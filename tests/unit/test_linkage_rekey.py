"""The linker's second key, against the definition written out with the standard library."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import pyarrow as pa
import pytest

from linker.linkage.inputs import Delivered
from linker.linkage.rekey import link_ids, link_key
from shared.contract.deliveries import OBJECTION

SEED = bytes(range(32))
PSEUDONYMS = [hashlib.sha256(bytes([number])).digest() for number in range(5)]


def test_the_link_key_is_hkdf_with_the_round_in_its_info() -> None:
    extracted = hmac.digest(bytes(32), SEED, "sha256")
    expected = hmac.digest(extracted, b"MOJ/1 link\x00round-1\x01", "sha256")
    assert link_key(SEED, "round-1") == expected
    assert link_key(SEED, "round-2") != expected


def test_a_link_id_is_sixteen_bytes_of_hmac_in_the_rows_order() -> None:
    rows = [PSEUDONYMS[number] for number in (0, 0, 3, 3, 3, 1, 0)]
    ids = link_ids(b"k" * 32, pa.array(rows, pa.binary(32)))
    assert ids.type == pa.binary(16)
    assert ids.to_pylist() == [hmac.digest(b"k" * 32, row, "sha256")[:16] for row in rows]


@pytest.mark.parametrize("differing_byte", [0, 15, 31])
def test_neighbours_that_differ_in_one_byte_are_two_persons(differing_byte: int) -> None:
    other = bytearray(PSEUDONYMS[0])
    other[differing_byte] ^= 1
    rows = [PSEUDONYMS[0], bytes(other)]
    ids = link_ids(b"k", pa.array(rows, pa.binary(32))).to_pylist()
    assert ids == [hmac.digest(b"k", row, "sha256")[:16] for row in rows]


def test_chunks_slices_and_empty_columns_are_rekeyed_alike() -> None:
    whole = pa.array(PSEUDONYMS, pa.binary(32))
    chunked = pa.chunked_array([whole[2:4], whole[:0], whole[1:]])
    expected = link_ids(b"k", whole).to_pylist()
    assert link_ids(b"k", chunked).to_pylist() == expected[2:4] + expected[1:]
    assert link_ids(b"k", whole[:0]).to_pylist() == []


@pytest.mark.parametrize("column", [pa.array([b"short"]), pa.array([None], pa.binary(32))])
def test_another_column_than_pseudonyms_is_refused(column: pa.Array) -> None:
    with pytest.raises(RuntimeError, match="expected 32 bytes without nulls"):
        link_ids(b"k", column)


def test_a_delivery_is_rekeyed_column_for_column() -> None:
    rows = pa.table([pa.array(PSEUDONYMS, pa.binary(32))], schema=OBJECTION.arrow)
    delivered = Delivered.rekeyed("gm1", "objection/1", [1], rows, b"k")
    assert delivered.rows.column_names == ["link_id"]
    assert delivered.rows["link_id"].to_pylist() == link_ids(b"k", rows["pseudonym"]).to_pylist()


def test_every_person_is_in_exactly_one_shard() -> None:
    numbers = np.arange(300, dtype=np.uint64)
    rows = pa.table(
        [
            pa.array(
                [hashlib.sha256(number.tobytes()).digest() for number in numbers], pa.binary(32)
            )
        ],
        schema=OBJECTION.arrow,
    )
    delivered = Delivered.rekeyed("gm1", "objection/1", [1], rows, b"k")
    shards = [delivered.shard(index, 4).rows["link_id"].to_pylist() for index in range(4)]
    assert sorted(each for shard in shards for each in shard) == sorted(
        delivered.rows["link_id"].to_pylist()
    )
    assert min(len(shard) for shard in shards) > 40
    assert delivered.shard(0, 1) is delivered
