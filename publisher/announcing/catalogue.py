"""The entry of every release in a catalogue of data sets, in JSON-LD.

Source: DCAT-AP-NL 3.0: for each class the properties that it obliges, with values from the lists
that it names. Docs: docs/announcing.md has them in a table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from publisher.announcing.place import CATALOGUE, Place
from publisher.downloads.addresses import (
    API_ROOT,
    download_address,
    release_address,
    release_download_address,
)
from publisher.downloads.formats import FORMATS, RELEASE_FORMATS
from publisher.downloads.words import MARK
from publisher.released import Release, TableEntry

MEDIA_TYPE = "application/ld+json"
CONTEXT = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_LISTS = "http://publications.europa.eu/resource/authority"
_DUTCH = {"@id": f"{_LISTS}/language/NLD"}
_THEMES = [{"@id": f"{_LISTS}/data-theme/{each}"} for each in ("EDUC", "SOCI")]
_FILE_TYPES = {"nl-csv": "CSV", "csv": "CSV", "xlsx": "XLSX", "parquet": "PARQUET", "json": "JSON",
               "data-package": "ZIP"}  # fmt: skip
_IANA = "http://www.iana.org/assignments/media-types/"
_SHOWN = "published"


def catalogue(releases: Sequence[Release], place: Place) -> bytes:
    """The catalogue, with a data set per release whose figures may be used by default.

    What was superseded stays at its permalink and in the feed; a catalogue names what there is.
    """
    shown = [each for each in releases if each.state == _SHOWN]
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "@id": place.absolute(CATALOGUE),
        "@type": "dcat:Catalog",
        "dct:title": _nl("Monitor Onderwijs-Jeugdhulp"),
        "dct:description": _nl("Cijfers over jeugdhulp per school, gemeente en regio."),
        "dct:publisher": _agent(place),
        "dct:language": _DUTCH,
        "dcat:contactPoint": _contact(place),
        "foaf:homepage": {"@id": place.absolute("/")},
        "dcat:dataset": [_dataset(each, place) for each in shown],
        "dcat:service": _service(shown, place),
    }
    if shown:
        document["dct:modified"] = _moment(max(each.published_at for each in shown).isoformat())
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _dataset(release: Release, place: Place) -> dict[str, Any]:
    manifest = release.manifest
    starts = min(period.starts_on for period in manifest.periods)
    ends = max(period.ends_on for period in manifest.periods)
    mark = f"{MARK}: " if manifest.synthetic else ""
    about = (
        f"{mark}{manifest.title}, {manifest.region_name}. Kleine aantallen worden niet getoond; "
        "een cijfer dat ontbreekt is geen nul."
    )
    return {
        "@id": place.permalink(manifest.release_id),
        "@type": "dcat:Dataset",
        "dct:identifier": place.permalink(manifest.release_id),
        "dct:title": _nl(f"{mark}{manifest.title}"),
        "dct:description": _nl(about),
        "dct:creator": _agent(place),
        "dct:publisher": _agent(place),
        "dcat:contactPoint": _contact(place),
        "dcat:theme": _THEMES,
        "dct:accessRights": _rights(place),
        "dct:language": _DUTCH,
        "dct:issued": _moment(release.published_at.isoformat()),
        "dcat:version": manifest.version,
        "dcat:landingPage": {"@id": place.permalink(manifest.release_id)},
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@type": "xsd:date", "@value": starts.isoformat()},
            "dcat:endDate": {"@type": "xsd:date", "@value": ends.isoformat()},
        },
        "dcat:distribution": list(_distributions(release, place)),
    }


def _distributions(release: Release, place: Place) -> Iterator[dict[str, Any]]:
    release_id = release.manifest.release_id
    for offered in RELEASE_FORMATS:
        path = release_download_address(release_id, offered.id)
        yield _distribution(offered.id, offered.media_type, offered.label, path, place)
    for entry in release.manifest.tables:
        for format_ in FORMATS:
            path = download_address(release_id, entry.id, format_.id)
            title = _table_title(entry, format_.label)
            yield _distribution(format_.id, format_.media_type, title, path, place)


def _table_title(entry: TableEntry, label: str) -> str:
    return f"{entry.title} ({label})"


def _distribution(
    format_id: str, media_type: str, title: str, path: str, place: Place
) -> dict[str, Any]:
    address = {"@id": place.absolute(path)}
    return {
        "@id": f"{place.absolute(path)}#bestand",
        "@type": "dcat:Distribution",
        "dct:title": _nl(title),
        "dcat:accessURL": address,
        "dcat:downloadURL": address,
        "dct:license": {"@id": place.licence},
        "dct:format": {"@id": f"{_LISTS}/file-type/{_FILE_TYPES[format_id]}"},
        "dcat:mediaType": {"@id": f"{_IANA}{media_type.partition(';')[0]}"},
    }


def _service(releases: Sequence[Release], place: Place) -> dict[str, Any]:
    """The API; it serves every data set of the catalogue."""
    return {
        "@id": place.absolute(f"{API_ROOT}#dienst"),
        "@type": "dcat:DataService",
        "dct:identifier": place.absolute(f"{API_ROOT}#dienst"),
        "dct:title": _nl("API van de Monitor Onderwijs-Jeugdhulp"),
        "dct:description": _nl("Dezelfde cijfers voor programma's, als JSON en CSV."),
        "dct:publisher": _agent(place),
        "dcat:contactPoint": _contact(place),
        "dcat:theme": _THEMES,
        "dct:accessRights": _rights(place),
        "dct:license": {"@id": place.licence},
        "dcat:endpointURL": {"@id": place.absolute(API_ROOT)},
        "dcat:endpointDescription": {"@id": place.absolute(f"{API_ROOT}/openapi.json")},
        "dcat:servesDataset": [{"@id": place.permalink(each.manifest.release_id)}
                               for each in releases],
        "foaf:page": [{"@id": place.absolute(release_address(each.manifest.release_id))}
                      for each in releases],
    }  # fmt: skip


def _agent(place: Place) -> dict[str, Any]:
    return {
        "@id": place.absolute("/#organisatie"),
        "@type": "foaf:Agent",
        "foaf:name": _nl(place.organisation),
    }


def _contact(place: Place) -> dict[str, Any]:
    key = "vcard:hasEmail" if place.contact.startswith("mailto:") else "vcard:hasURL"
    return {
        "@id": place.absolute("/#contact"),
        "@type": "vcard:Organization",
        "vcard:fn": place.organisation,
        key: {"@id": place.contact},
    }


def _rights(place: Place) -> dict[str, str]:
    return {"@id": f"{_LISTS}/access-right/{'RESTRICTED' if place.is_closed else 'PUBLIC'}"}


def _nl(text: str) -> dict[str, str]:
    return {"@language": "nl", "@value": text}


def _moment(text: str) -> dict[str, str]:
    return {"@type": "xsd:dateTime", "@value": text}
