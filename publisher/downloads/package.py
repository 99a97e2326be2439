"""The data package: every table of a release in every format, with all that explains it.

Source: Data Package standard (datapackage.org), version 2.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

from publisher.downloads.columnar import parquet
from publisher.downloads.columns import ENGLISH
from publisher.downloads.document import json_
from publisher.downloads.extract import Extract
from publisher.downloads.legend import CODEBOOK_HEADER, codebook, footnotes, provenance
from publisher.downloads.separated import lines, neutral, nl_csv, rfc4180_csv
from publisher.downloads.workbook import workbook
from publisher.released import Release
from shared.canonical import sha256_hex

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_SCHEMA = "https://datapackage.org/profiles/2.0/datapackage.json"
SUMS = "SHA256SUMS"


def data_package(release: Release, extracts: Sequence[Extract]) -> bytes:
    """A zip with the same bytes for the same extracts.

    Args:
        release: has the signed statement and tables, which go along where a table is whole.
        extracts: every table of the release, all with the same filters.
    """
    files: dict[str, bytes] = {}
    for extract in extracts:
        name = extract.table.id
        files[f"data/{name}.csv"] = rfc4180_csv(extract)
        files[f"data/{name}.parquet"] = parquet(extract)
        files[f"data/{name}.json"] = json_(extract)
        files[f"excel/{name}.csv"] = nl_csv(extract)
        if extract.is_whole:
            files[f"signed/{name}.parquet"] = extract.table.to_bytes()
    files["excel/tabellen.xlsx"] = workbook(extracts)
    files["signed/release.json"] = release.statement
    rows = ([neutral(text) for text in row] for row in codebook(extracts))
    files["codebook.csv"] = lines(CODEBOOK_HEADER, rows)
    notes = "\n".join(f"{n}. {text}" for n, text in enumerate(footnotes(extracts), 1))
    files["voetnoten.txt"] = f"{notes}\n".encode()
    files["herkomst.json"] = _json(provenance(extracts, release.sha256))
    files["datapackage.json"] = _json(_description(extracts, files))
    sums = "".join(f"{sha256_hex(data)}  {name}\n" for name, data in sorted(files.items()))
    files[SUMS] = sums.encode()
    return _zipped(files)


def _description(extracts: Sequence[Extract], files: dict[str, bytes]) -> dict[str, Any]:
    manifest = extracts[0].manifest
    fields = [
        {"name": column.name, "type": column.kind.value, "description": column.meaning}
        for column in ENGLISH
    ]
    return {
        "$schema": _SCHEMA,
        "name": manifest.release_id,
        "title": f"{extracts[0].mark} {manifest.title}".strip(),
        "version": manifest.version,
        "created": manifest.made_at.isoformat(),
        "sources": [{"title": source} for source in manifest.sources],
        "resources": [
            {
                "name": extract.table.id.replace("_", "-"),
                "title": extract.table.title,
                "path": path,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": len(files[path]),
                "hash": f"sha256:{sha256_hex(files[path])}",
                "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "header": True},
                "schema": {"fields": fields, "missingValues": [""]},
            }
            for extract in extracts
            for path in (f"data/{extract.table.id}.csv",)
        ],
    }


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def _zipped(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # the same on every machine
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return sink.getvalue()
