"""The manifest of a linkage, and the MAC that names its tally."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from linker.linkage.database import ENGINE, EngineSettings
from linker.linkage.indicators import DERIVED, catalogue
from linker.tallying import manifest
from linker.tallying.course import Course
from linker.tallying.manifest import PACKAGES, Manifest, differences, tally_mac
from shared.contract.periods import school_year
from shared.contract.tally import CELLS, Tally, TallyHeader
from shared.redaction import Secret

KEY = Secret(b"k" * 32)
SETTINGS = EngineSettings(memory_limit_mb=256, threads=1)
HEADER = TallyHeader(
    round_id="proef", round_statement="a" * 64, revision=1, synthetic=True, policy="b" * 64,
    reference="c" * 64, linker_version="1.0.0", engine=ENGINE, periods=(school_year(2024),),
    covered={"24": (197,)}, tables=catalogue(None), derived=DERIVED, quality=(), double_claims=0,
    inputs=("d" * 64, "e" * 64),
)  # fmt: skip


def cells(*values: int) -> pa.Table:
    rows: list[dict[str, Any]] = [
        {field.name: 0 for field in CELLS}
        | {"table": "pupils", "level": "school", "unit": f"99XA{place:02d}", "category": ""}
        | {"measure": "pupils", "value": value, "contributions": []}
        for place, value in enumerate(values)
    ]
    return pa.Table.from_pylist(rows, schema=CELLS)


def mac(tally: Tally) -> str:
    return tally_mac(tally, KEY)


TALLY = Tally(HEADER, cells(3, 4, 5))


def test_the_same_tally_has_the_same_mac_however_it_lies_in_memory() -> None:
    pieces = pa.concat_tables([cells(3), cells(3, 4, 5).slice(1)])
    assert mac(Tally(HEADER, pieces)) == mac(TALLY)
    assert mac(Tally(HEADER, cells(3, 4, 5, 9).slice(0, 3))) == mac(TALLY)
    assert mac(Tally.from_bytes(TALLY.to_bytes())) == mac(TALLY)


def test_what_made_it_is_not_what_it_is() -> None:
    upgraded = HEADER.model_copy(update={"linker_version": "2.0.0", "engine": "another 1"})
    assert mac(Tally(upgraded, TALLY.cells)) == mac(TALLY)


def test_any_other_tally_has_another_mac() -> None:
    others = [
        Tally(HEADER, cells(3, 4, 6)),
        Tally(HEADER, cells(4, 3, 5)),
        Tally(HEADER, cells(3, 4)),
        Tally(HEADER.model_copy(update={"double_claims": 1}), TALLY.cells),
        Tally(HEADER.model_copy(update={"policy": "f" * 64}), TALLY.cells),
    ]
    macs = {mac(each) for each in (TALLY, *others)} | {tally_mac(TALLY, Secret(b"x" * 32))}
    assert len(macs) == len(others) + 2


def test_the_mac_reads_the_cells_piece_by_piece_to_the_last() -> None:
    rows = 3
    with pytest.MonkeyPatch.context() as patch:
        whole = mac(TALLY)
        patch.setattr(manifest, "_ROWS", rows - 1)
        pieces = {mac(Tally(HEADER, cells(3, 4, value))) for value in (5, 6)}
        pieces |= {mac(Tally(HEADER, cells(2, 4, 5))), mac(Tally(HEADER, cells(3, 2, 5)))}
    assert len(pieces) == 4, "a cell of some piece is not in the MAC"
    assert whole not in pieces, "the size of a piece is part of the definition"


def test_a_manifest_reads_back_and_has_no_count() -> None:
    made = Manifest.of(HEADER, SETTINGS)
    assert Manifest.from_bytes(made.to_bytes()) == made
    assert made.settings == {name: getattr(SETTINGS, name) for name in SETTINGS.__slots__}
    assert set(made.packages) == {"python", *PACKAGES}
    assert made.inputs == HEADER.inputs
    counted = HEADER.model_copy(update={"double_claims": 7})
    assert Manifest.of(counted, SETTINGS).to_bytes() == made.to_bytes()


def test_what_differs_is_named_and_settings_never_are() -> None:
    made = Manifest.of(HEADER, SETTINGS)
    assert differences(made, Manifest.of(HEADER, replace(SETTINGS, shards=8))) == ()
    other = made.model_copy(
        update={
            "linker_version": "2.0.0",
            "packages": made.packages | {"duckdb": "9.9.9"},
            "inputs": made.inputs[:1],
        }
    )
    found = {each.what: (each.then, each.now) for each in differences(made, other)}
    assert found["linker version"] == ("1.0.0", "2.0.0")
    assert found["duckdb"][1] == "9.9.9"
    assert set(found) == {"linker version", "duckdb", "inputs"}
    assert set(differences(made, made.model_copy(update={"catalogue": "0" * 64})))


def test_a_course_has_the_seconds_of_every_step() -> None:
    ticks = iter([10.0, 11.5, 14.0])
    seen: list[tuple[str, int, int]] = []
    course = Course(lambda *step: seen.append(step), lambda: next(ticks))
    course("open", 0, 1)
    course("laws", 1, 2)
    assert course.steps == (("open", 1.5),)
    course.finish()
    assert list(course.steps) == [("open", 1.5), ("laws", 2.5)]
    assert course.document()["seconds"] == course.seconds == 4.0
    assert seen == [("open", 0, 1), ("laws", 1, 2)]
