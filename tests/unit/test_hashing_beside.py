"""Pseudonyms made in a process beside this one are those made here."""

from __future__ import annotations

import hmac
import os
import signal

import pyarrow as pa
import pytest

from shared.contract.deliveries import ENROLMENT, OBJECTION
from shared.hashing.delivering import replacing
from shared.hashing.delivering.beside import beside
from shared.hashing.deriving.context import NUMBER

KEY = bytes(range(32))


def numbers(first: int, count: int) -> list[str]:
    return [f"bsn:{value:09d}" for value in range(first, first + count)]


def test_block_after_block() -> None:
    with beside(KEY) as process:
        for first, count in ((999_000_000, 1), (999_000_100, 30_000), (999_050_000, 3)):
            block = [text.encode() for text in numbers(first, count)]
            process.ask(b"".join(block), 13)
            expected = b"".join(hmac.digest(KEY, each, "sha256") for each in block)
            assert process.take() == expected


def test_a_process_that_was_killed_is_an_error_and_leaves_none_behind() -> None:
    pids = []

    def ask() -> None:
        with beside(KEY) as process:
            pids.append(process._pid)
            os.kill(process._pid, signal.SIGKILL)
            process.ask(b"bsn:999000007", 13)
            process.take()

    with pytest.raises((RuntimeError, BrokenPipeError)):
        ask()
    with pytest.raises(ChildProcessError):
        os.waitpid(pids[0], os.WNOHANG)


@pytest.mark.parametrize("worth", [1, 4, 1_000])
def test_tables_come_in_order_however_they_are_made(
    worth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replacing, "WORTH_ROWS", worth)
    schema = OBJECTION.arrow
    sizes = (2, 5, 1, 7, 3)
    tables = [
        pa.table({NUMBER: numbers(999_000_000 + 10 * k, size)}) for k, size in enumerate(sizes)
    ]
    made = list(replacing.all_replaced(iter(tables), schema, KEY))
    assert [table.num_rows for table in made] == list(sizes)
    for table, source in zip(made, tables, strict=True):
        assert table.equals(replacing.replaced(source, schema, KEY))
    assert list(replacing.all_replaced(iter(()), ENROLMENT.arrow, KEY)) == []


def test_a_dictionary_and_a_slice_are_their_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "WORTH_ROWS", 1)
    texts = pa.array(numbers(999_000_000, 6)).slice(2, 3)
    coded = pa.chunked_array([texts]).take(pa.array([2, 0, 0, 1])).dictionary_encode()
    tables = [pa.table({NUMBER: texts}), pa.table({NUMBER: coded})]
    made = list(replacing.all_replaced(tables, OBJECTION.arrow, KEY))
    assert [table.num_rows for table in made] == [3, 4]
    for table, source in zip(made, tables, strict=True):
        assert table.equals(replacing.replaced(source, OBJECTION.arrow, KEY))
