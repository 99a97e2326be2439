"""docs/formats.md names every field, column, event, kind and refusal, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import BaseModel

from deploy.make_vectors import with_vectors
from publisher.access.four_eyes import AccessMandate
from publisher.released import Manifest
from publisher.releasing.approvals import Approval
from publisher.releasing.decisions import PageDecision
from publisher.releasing.releases import Withdrawal
from publisher.releasing.requests import ChangeRequest
from shared.contract.deliveries import SCHEMAS
from shared.contract.tally import CELLS, TallyHeader
from shared.destruction import Destruction
from shared.envelope import Context, Seal
from shared.errors import InputError
from shared.identity import (
    Card,
)
from shared.ledger import Event
from shared.mirror import Mirror
from shared.receipt import Receipt
from shared.register import Register
from shared.round import Offer, Round
from shared.statement import Kind
from tests.support import vectors as second
from tests.support.formats import (
    BODIES,
    TEXT,
    VECTORS,
)
from tests.support.markdown import ROOT, code, tables

# --- the text ----------------------------------------------------------------------------------


FIELDS: dict[str, type[BaseModel]] = {
    "Card": Card, "Register": Register, "Offer": Offer, "Round": Round, "Context": Context,
    "Seal": Seal, "TallyHeader": TallyHeader, "Receipt": Receipt, "Mirror": Mirror,
    "Destruction": Destruction, "Manifest": Manifest, "Approval": Approval,
    "ChangeRequest": ChangeRequest, "Withdrawal": Withdrawal, "PageDecision": PageDecision,
    "AccessMandate": AccessMandate,
}  # fmt: skip


def documented(heading: str, first: str) -> list[tuple[str, ...]]:
    (found,) = [
        each for each in tables(TEXT) if each.heading == heading and each.columns[0] == first
    ]
    return [(code(row[0]), *row[1:]) for row in found.rows]


@pytest.mark.parametrize("name", FIELDS)
def test_the_document_has_every_field_in_order(name: str) -> None:
    fields = [row[0] for row in documented(f"Fields of `{name}`", "Field")]
    assert fields == list(FIELDS[name].model_fields)


def test_the_document_has_a_field_table_for_every_body() -> None:
    headings = {each.heading for each in tables(TEXT)}
    assert {f"Fields of `{body.__name__}`" for body in BODIES.values()} <= headings


def written(type_: pa.DataType) -> str:
    """A type as it stands in Parquet, where a dictionary is only how text is held."""
    return str(type_.value_type if pa.types.is_dictionary(type_) else type_)


@pytest.mark.parametrize("name", [*SCHEMAS, "tally/1"])
def test_the_document_has_every_column(name: str) -> None:
    arrow = CELLS if name == "tally/1" else SCHEMAS[name].arrow
    rows = documented(f"Columns of `{name}`", "Column")
    assert [row[:2] for row in rows] == [(field.name, written(field.type)) for field in arrow]
    if name == "tally/1":
        return
    for column, (_, _, allowed) in zip(SCHEMAS[name].columns, rows, strict=True):
        if column.name in {"pseudonym", "period", "school", "provider", "residence"}:
            continue  # said in words
        codes = column.codes and ", ".join(str(value) for value in sorted(column.codes))
        bounds = "any" if column.low is None else f"{column.low} to {column.high}"
        assert allowed == (codes or bounds), column.name


def test_the_document_has_every_event_and_kind() -> None:
    assert [row[0] for row in documented("Fields of a ledger line", "Event")] == [
        e.value for e in Event
    ]
    assert [row[0] for row in documented("3 Statement", "Kind")] == [kind.value for kind in Kind]


def test_every_refusal_that_the_document_names_is_one_of_the_product() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("shared", "linker", "publisher")
        for path in (ROOT / folder).rglob("*.py")
    )
    prose = TEXT.split("<!-- vectors: begin -->", maxsplit=1)[0]
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", prose)) - set(VECTORS)
    made = {"round-statement-differs", "policy-differs", "calibration-differs",
            "synthetic-differs", "policy-not-pinned", "reference-not-pinned",
            *(f"number-{why}" for why in ("empty", "characters", "length", "checksum",
                                          "sentinel"))}  # fmt: skip
    assert len(named) > 40
    assert {each for each in named - made if f'"{each}"' not in sources} == set()


def test_the_vectors_are_those_that_the_program_makes() -> None:
    assert with_vectors(TEXT) == TEXT


def test_every_vector_is_explained_and_used() -> None:
    explained = [row[0] for row in documented("15 Vectors", "Vector")]
    assert explained == list(VECTORS)


def test_the_second_implementation_shares_no_code() -> None:
    source = Path(second.__file__).read_text(encoding="utf-8")
    modules = re.findall(r"^(?:from|import) ([a-z_0-9]+)", source, re.MULTILINE)
    assert set(modules) <= {
        "__future__", "base64", "hashlib", "hmac", "json", "re", "struct", "collections",
        "datetime", "pathlib", "typing", "cryptography",
    }  # fmt: skip
    assert InputError.__module__ not in source
