"""Vectors of what is sealed: parts of deliveries and a tally, in Parquet.

Another version of the Parquet library may spell the same table otherwise, so a body is kept for
as long as it reads back to the same table.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from deploy.vectors.parties import ROUND, Json, b64, seed
from deploy.vectors.statements import round_statements
from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION, SCHEMAS
from shared.contract.periods import school_year
from shared.contract.tally import CELLS, Measure, Table, Tally, TallyHeader
from shared.hashing.delivering.sealing import to_parquet
from shared.reference import Level

_PUPIL: Json = {"period": 25, "school": b"99XA00", "education": 0, "residence": 197, "age": 9,
                "linkable": True, "main": True}  # fmt: skip
_TRAJECTORY: Json = {
    "period": 25, "form": 2, "domain": 1, "provider": b"22000001", "referrer": 2, "funding": 1,
    "started": True, "first": True, "ended": False, "end_reason": 0, "days_in_period": 120,
    "days_since_start": 120, "age_at_start": 9, "cost_eur": 1500, "half_days": 0, "arrangement": 0,
}  # fmt: skip


def _pseudonyms(count: int) -> list[bytes]:
    return sorted(seed(f"pseudonym {number}") for number in range(count))


ROWS: dict[str, list[Json]] = {
    "enrolment/1": [{"pseudonym": each, **_PUPIL} for each in _pseudonyms(2)],
    "care/1": [{"pseudonym": each, **_TRAJECTORY} for each in _pseudonyms(1)],
    "objection/1": [{"pseudonym": each} for each in _pseudonyms(25)],
}


_STATED = {"enrolment/1": 2, "care/1": 1, "objection/1": 0}
"""Rows that the header of a part states."""


def rows_as_json(rows: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Rows with bytes in hexadecimal."""
    return [
        {name: v.hex() if isinstance(v, bytes) else v for name, v in row.items()} for row in rows
    ]


def _table(schema: str) -> pa.Table:
    return pa.Table.from_pylist(ROWS[schema], schema=SCHEMAS[schema].arrow)


def _kept(old: str, table: pa.Table) -> str:
    """The body of the document where it reads back to ``table``, else a new one."""
    if old:
        found = pq.ParquetFile(io.BytesIO(base64.b64decode(old))).read()
        if found.equals(table, check_metadata=True):
            return old
    return b64(bytes(to_parquet(table)))


def body_vectors(old: Json) -> Json:
    """A part of each schema, and a tally."""
    known = {each["schema"]: each["body"] for each in old.get("parts", [])}
    header, cells = _tally_header(), _tally_cells()
    tally = Tally(header, cells)
    kept = base64.b64decode(old.get("tally", {}).get("body", ""))
    same = bool(kept) and Tally.from_bytes(kept).header == header
    if not (same and Tally.from_bytes(kept).cells.equals(cells)):
        kept = tally.to_bytes()
    return {
        "parts": [
            {
                "schema": schema,
                "rows": rows_as_json(rows),
                "body": _kept(known.get(schema, ""), _table(schema)),
            }
            for schema, rows in ROWS.items()
        ],
        "tally": {
            "header": header.model_dump(mode="json"),
            "cells": cells.to_pylist(),
            "body": b64(kept),
        },
    }


def refused_body_vectors(old: list[Json]) -> list[Json]:
    """Bodies that an inspection refuses, by the code of the refusal."""
    enrolment, objection = _table("enrolment/1"), _table("objection/1").slice(0, 1)
    name = objection.schema.field("pseudonym")
    nullable = pa.schema([name.with_nullable(True)])
    text, whole = b"999000007" + b" " * 23, _table("objection/1")
    beside = pa.table([objection["pseudonym"], pa.array([1], pa.uint8())], ["pseudonym", "sex"])
    tables: tuple[tuple[str, str, pa.Table | bytes, str], ...] = (
        ("no Parquet", "objection/1", b"PAR1", "body-not-parquet"),
        ("a column that no policy declares", "objection/1", beside, "attribute-undeclared"),
        ("a column that may be null", "objection/1", objection.cast(nullable), "schema-differs"),
        ("columns in another order", "enrolment/1",
         enrolment.select([*reversed(ENROLMENT.arrow.names)]), "schema-differs"),
        ("metadata beside the columns", "objection/1",
         objection.replace_schema_metadata({"note": "x"}), "metadata-not-allowed"),
        ("metadata of a column", "objection/1",
         objection.cast(pa.schema([name.with_metadata({"note": "x"})])), "metadata-not-allowed"),
        ("another number of rows than stated", "enrolment/1", enrolment.slice(0, 1),
         "row-count-differs"),
        ("an age out of range", "enrolment/1", _with("age", 121), "value-not-allowed"),
        ("another municipality", "enrolment/1", _with("residence", 222), "residence-not-expected"),
        ("a school that is no BRIN", "enrolment/1", _with("school", b"99xa00"), "code-malformed"),
        ("text for a pseudonym among others", "objection/1",
         pa.table([pa.array([text, *whole["pseudonym"].to_pylist()[1:]], pa.binary(32))],
                  schema=OBJECTION.arrow), "raw-identifier"),
        ("objections that are not padded", "objection/1", objection, "objections-not-padded"),
        ("rows that are not sorted", "enrolment/1", enrolment.take([1, 0]), "rows-not-sorted"),
        ("another codec", "enrolment/1", _written(enrolment, compression="gzip"),
         "parquet-form-differs"),
        ("statistics of a column", "enrolment/1", _written(enrolment, write_statistics=["age"]),
         "parquet-form-differs"),
        ("pseudonyms with a dictionary", "enrolment/1",
         _written(enrolment, use_dictionary=["pseudonym"]), "parquet-form-differs"),
        ("a page index", "enrolment/1",
         _written(enrolment, write_statistics=True, write_page_index=True),
         "parquet-form-differs"),
        ("no rows", "objection/1", OBJECTION.arrow.empty_table(), "objections-not-padded"),
        ("an AGB type that is not listed", "care/1",
         pa.Table.from_pylist([{**ROWS["care/1"][0], "provider": b"99000001"}],
                              schema=CARE.arrow), "raw-identifier"),
    )  # fmt: skip
    known = {each["why"]: each["body"] for each in old}
    return [
        {
            "why": why,
            "schema": schema,
            "rows_stated": _STATED[schema],
            "body": known.get(why) or b64(t if isinstance(t, bytes) else bytes(to_parquet(t))),
            "refused": code,
        }
        for why, schema, t, code in tables
    ]


def _written(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    form = {"compression": "zstd", "write_statistics": False, "use_dictionary": False}
    pq.write_table(table, sink, **{**form, **options})
    return sink.getvalue()


def _with(column: str, value: Any) -> pa.Table:
    rows = [{**each, column: value} for each in ROWS["enrolment/1"]]
    return pa.Table.from_pylist(rows, schema=ENROLMENT.arrow)


def objection_body(bodies: Json) -> bytes:
    """The part of objections of the vectors."""
    (body,) = (each["body"] for each in bodies["parts"] if each["schema"] == "objection/1")
    return base64.b64decode(body)


def tally_body(bodies: Json) -> bytes:
    """The tally of the vectors."""
    return base64.b64decode(bodies["tally"]["body"])


def _tally_header() -> TallyHeader:
    measure = Measure(
        id="clients", label="cliënten", unit="persons", explanation="Kinderen met jeugdhulp.",
        population="pupils", numerator="pupils with care", source="methodology",
    )  # fmt: skip
    return TallyHeader(
        round_id=ROUND, round_statement=round_statements()["round"].sha256, revision=1,
        synthetic=True, policy=seed("policy").hex(), reference=seed("reference").hex(),
        linker_version="1", engine="vectors", periods=(school_year(2025),),
        covered={"25": (197,)},
        tables=(Table(id="clients", title="Cliënten", levels=(Level.TOTAL,), measures=(measure,)),),
        derived=(), quality=(), double_claims=0, inputs=(seed("input").hex(),),
    )  # fmt: skip


def _tally_cells() -> pa.Table:
    contributions = [{"municipality": 197, "clients": 12}]
    cell = {"table": "clients", "level": "total", "unit": "total", "period": 25, "category": "",
            "measure": "clients", "value": 12, "contributions": contributions,
            "contributors": 12, "providers": 3, "largest_share": 584, "protect_clients": 0,
            "protect_providers": 0, "protect_suppliers": 0, "dominated": 0}  # fmt: skip
    return pa.Table.from_pylist([cell], schema=CELLS)
