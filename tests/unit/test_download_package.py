"""The data package: whole, described, checkable, and a row subset where it is of one area."""

from __future__ import annotations

import csv
import io
import json
from hashlib import sha256
from typing import Any

import pyarrow.parquet as pq
import pytest

from publisher.downloads.areas import area_labels, area_of
from publisher.downloads.columns import ENGLISH
from publisher.downloads.extract import Extract, Filters
from publisher.downloads.legend import footnotes, trend_breaks
from publisher.downloads.package import data_package
from publisher.downloads.words import MARK
from publisher.released import ReleasedTable
from shared.errors import NotFoundError
from shared.reference import Level
from tests.support.downloads import TABLE, extract, parts_of
from tests.support.releases import make_release, reference

AALTEN = Filters(area="GM0197")


def package(filters: Filters | None = None) -> dict[str, bytes]:
    release = make_release()
    if filters is None:
        return parts_of(data_package(release, Extract.take_all(release)))
    area = area_of(reference(), filters.area or "")
    return parts_of(data_package(release, Extract.take_all(release, filters, area)))


def described(parts: dict[str, bytes], name: str) -> Any:
    return json.loads(parts[name])


def test_the_sums_are_of_every_other_file() -> None:
    parts = package()
    listed: dict[str, str] = {}
    for line in parts["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ", 1)
        listed[name] = digest
    assert listed == {
        name: sha256(data).hexdigest() for name, data in parts.items() if name != "SHA256SUMS"
    }


def test_the_description_fits_the_files() -> None:
    parts = package()
    document = described(parts, "datapackage.json")
    assert document["name"] == make_release().manifest.release_id
    assert MARK in document["title"]
    assert len(document["resources"]) == 2
    for resource in document["resources"]:
        data = parts[resource["path"]]
        assert resource["bytes"] == len(data)
        assert resource["hash"] == f"sha256:{sha256(data).hexdigest()}"
        header = next(csv.reader(io.StringIO(data.decode())))
        assert [field["name"] for field in resource["schema"]["fields"]] == header
        assert header == [column.name for column in ENGLISH]


def test_every_table_is_there_in_every_format() -> None:
    names = set(package())
    for table in make_release().tables:
        assert names >= {
            f"data/{table.id}.csv", f"data/{table.id}.parquet", f"data/{table.id}.json",
            f"excel/{table.id}.csv", f"signed/{table.id}.parquet",
        }  # fmt: skip
    assert names >= {"excel/tabellen.xlsx", "codebook.csv", "voetnoten.txt", "herkomst.json"}


def test_the_signed_bytes_are_those_that_the_statement_pins() -> None:
    release, parts = make_release(), package()
    assert parts["signed/release.json"] == release.statement
    for entry in release.manifest.tables:
        assert sha256(parts[f"signed/{entry.id}.parquet"]).hexdigest() == entry.sha256


def test_provenance_names_release_policy_and_hashes() -> None:
    release = make_release()
    found = described(package(), "herkomst.json")
    assert found["statementSha256"] == release.sha256
    assert found["policySha256"] == release.manifest.policy
    assert found["dpiaVersion"] == release.manifest.dpia_version
    assert found["signedTables"] == {e.id: e.sha256 for e in release.manifest.tables}


def test_the_codebook_explains_every_code_in_the_data() -> None:
    parts = package()
    rows = list(csv.DictReader(io.StringIO(parts["codebook.csv"].decode())))
    known = {(row["onderdeel"], row["code"]) for row in rows}
    for table in make_release().tables:
        for row in table.cells.to_pylist():
            assert ("niveau", row["level"]) in known
            assert ("maat", row["measure"]) in known
            assert ("periode", str(row["period"])) in known
            assert not row["category"] or ("categorie", row["category"]) in known
            assert not row["status"] or ("status", row["status"]) in known


def test_a_file_of_an_area_has_rows_of_the_released_table_and_no_others() -> None:
    whole = extract().rows.to_pylist()
    part = extract(AALTEN).rows.to_pylist()
    wanted = []
    for row in whole:
        schools = {s.code for s in reference().schools if s.municipality == 197}
        inside = (
            (row["level"] == "school" and row["unit"] in schools)
            or (row["level"] == "institution" and f"{row['unit']}00" in schools)
            or (row["level"] in {"municipality", "residence"} and row["unit"] == "GM0197")
            or (row["level"] == "type*municipality" and row["unit"].endswith("GM0197"))
        )
        if inside:
            wanted.append(row)
    assert part == wanted
    assert {row["level"] for row in part} >= {"school", "residence", "municipality"}


def test_a_package_of_an_area_is_that_subset_and_says_so() -> None:
    parts = package(AALTEN)
    assert "signed/release.json" in parts
    assert not [name for name in parts if name.startswith("signed/") and "parquet" in name]
    found = described(parts, "herkomst.json")
    assert found["filters"] == {"area": "GM0197"}
    table = pq.read_table(io.BytesIO(parts[f"data/{TABLE}.parquet"]))
    assert table.num_rows == extract(AALTEN).rows.num_rows


def test_an_area_has_no_unit_that_is_elsewhere_too() -> None:
    levels = {level for level, _ in area_of(reference(), "GM0222").units}
    assert levels == {
        Level.SCHOOL, Level.INSTITUTION, Level.MUNICIPALITY, Level.TYPE_MUNICIPALITY,
        Level.RESIDENCE,
    }  # fmt: skip
    shared = reference().schools[0].model_copy(update={"board": "12345"})
    elsewhere = reference().schools[2].model_copy(update={"board": "12345"})
    alone = reference().schools[1].model_copy(update={"board": "54321"})
    book = reference().model_copy(update={"schools": (shared, elsewhere, alone)})
    boards = {unit for level, unit in area_of(book, "GM0197").units if level == Level.BOARD}
    assert boards == {"54321"}


def test_areas_are_those_of_the_region() -> None:
    assert list(area_labels(reference())) == [("GM0197", "Aalten"), ("GM0222", "Doetinchem")]
    assert list(area_labels(None)) == []


@pytest.mark.parametrize("key", ["GM9999", "PO1234", ""])
def test_an_unknown_area_is_not_found_and_not_repeated(key: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        area_of(reference(), key)
    assert caught.value.code == "area-unknown"
    assert not key or key not in str(caught.value) + caught.value.hint


def test_footnotes_name_the_mark_the_break_and_the_overlap() -> None:
    release = make_release()
    entry = release.manifest.tables[1].model_copy(update={"overlaps": True})
    manifest = release.manifest.model_copy(
        update={"tables": (release.manifest.tables[0], entry), "provisional": True}
    )
    taken = [Extract.take(manifest, table) for table in release.tables]
    text = " ".join(footnotes(taken))
    assert trend_breaks(manifest) == [("2019/2020", "2020/2021")]
    for words in (MARK, "voorlopige", "nooit nul", "trendbreuk", "tellen dus niet op"):
        assert words in text
    assert text.count("tellen dus niet op") == 1


def test_a_real_package_has_no_mark() -> None:
    release = make_release(synthetic=False)
    for name, data in parts_of(data_package(release, Extract.take_all(release))).items():
        assert MARK.encode() not in data, name


def test_the_signed_table_reads_back_as_released() -> None:
    data = package()[f"signed/{TABLE}.parquet"]
    again = ReleasedTable.from_bytes(TABLE, "", data)
    assert again.cells.equals(make_release().table_by_id[TABLE].cells)
