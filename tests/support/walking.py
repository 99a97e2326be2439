"""Every address that an app's own routes allow, filled in from what a release holds.

A crawl finds what pages link to; this finds what the routes take: every sort, filter, page and
format, alone and together, for cells of every table, level, measure, period, category and status.
A route with a parameter that nobody named here is an error: a new page is covered or told of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from publisher.context.catalogue import catalogue
from publisher.context.surveys.questions import questionnaires
from publisher.dashboard.charts.data import ChartKind
from publisher.dashboard.charts.looks import LOOKS
from publisher.dashboard.pages.schools import ORDERS
from publisher.dashboard.topics import TOPICS
from publisher.downloads.formats import FORMATS, RELEASE_FORMATS
from publisher.released import Release
from shared.reference import Reference

Scene = Mapping[str, str]
"""Values of parameters that belong together: those of one released cell."""

_CELL = {
    "table": ("tableId", "table", "tabel"),
    "level": ("level", "niveau"),
    "unit": ("unit", "eenheid"),
    "measure": ("measure", "maat"),
    "period": ("period", "periode"),
    "category": ("category",),
}
"""By column of a released table, the names that parameters have for it."""
_RELEASE = ("releaseId", "release_id", "uitgave", "since")


def scenes_of(release: Release) -> list[Scene]:
    """Cells such that every table, level, measure, period, category and status occurs."""
    seen: set[tuple[str, str, str]] = set()
    found: list[Scene] = []
    for table in release.tables:
        for row in table.cells.to_pylist():
            news = {(table.id, column, str(row[column])) for column in
                    ("level", "measure", "period", "category", "status")} - seen  # fmt: skip
            if news:
                seen |= news
                found.append(_scene(release.manifest.release_id, {**row, "table": table.id}))
    return found


def _scene(release_id: str, row: Mapping[str, Any]) -> Scene:
    scene = dict.fromkeys(_RELEASE, release_id)
    for column, names in _CELL.items():
        scene |= dict.fromkeys(names, str(row[column]))
    return scene | {"kies": f"{row['level']}:{row['unit']}", "soort": str(row["unit"])}


def choices_of(reference: Reference) -> dict[str, tuple[str, ...]]:
    """Values of the parameters that do not depend on a cell."""
    places = (each.key for each in reference.municipalities if each.in_region)
    areas = {code for each in reference.schools for code in (each.swv_po, each.swv_vo) if code}
    return {
        "formatId": tuple({each.id: "" for each in (*FORMATS, *RELEASE_FORMATS)}),
        "area": (*places, *sorted(areas)),
        "page": ("1", "2"),
        "pageSize": ("7", "10000"),
        "zoek": ("", "school", "XA"),
        "volgorde": tuple(ORDERS),
        "topic_id": tuple(each.id for each in TOPICS),
        "number": ("1",),
        "shown": ("0123456789abcdef",),
        "indicator": tuple(each.id for each in catalogue().indicators),
        "group": tuple(each.id for each in questionnaires().groups),
        "kind": tuple(ChartKind),
        "look": tuple(LOOKS),
        "suffix": ("svg", "png"),
        "onderwerp": ("kosten", "ggz"),
    }


def addresses(
    app: FastAPI,
    release: Release,
    choices: Mapping[str, Sequence[str]],
    most: int,
) -> Iterator[str]:
    """Addresses of each route that is asked by GET: every key by itself, and ``most`` others."""
    scenes = scenes_of(release)
    for route in iter_route_contexts(app.routes):
        if "GET" in (route.methods or ()) and route.path:
            keys = [each.alias for each in _query_of(route.dependant)]
            found = list(dict.fromkeys(_filled(route.path, keys, scenes, choices)))
            yield from found[: len(keys) + 3]
            yield from _spread(found[len(keys) + 3 :], most)


def _spread(found: list[str], most: int) -> list[str]:
    """As many as wanted, from the whole list and not only from its start."""
    step = max(1, len(found) / most)
    return [found[int(place * step)] for place in range(min(most, len(found)))]


def _query_of(dependant: Any) -> list[Any]:
    return [*dependant.query_params, *chain(*map(_query_of, dependant.dependencies))]


def _filled(
    path: str, keys: Sequence[str], scenes: Sequence[Scene], choices: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    names = re.findall(r"{(\w+)(?::\w+)?}", path)
    unknown = {*names, *keys} - scenes[0].keys() - choices.keys()
    assert not unknown, f"say in tests/support/walking.py which values {unknown} take on {path}"
    first = {name: values[0] for name, values in choices.items()}
    wholes: list[dict[str, str]] = [{**first, **scene} for scene in scenes]
    # Each choice of its own beside cells of every kind, so that no choice meets one cell only.
    varied = [name for name in choices if name in names or name in keys]
    turns = max((len(choices[name]) for name in varied), default=0)
    wholes += [
        {**whole, **{name: choices[name][turn % len(choices[name])] for name in varied}}
        for turn in range(turns)
        for whole in wholes[turn :: max(1, turns)][:8]
    ]
    for whole in wholes:
        place = path
        for name in names:
            place = re.sub(rf"{{{name}(:\w+)?}}", quote(whole[name], safe="*"), place)
        cell = {key: whole[key] for key in keys if key in scenes[0]}
        yield place
        for asked in ({key: whole[key]} for key in keys):
            yield f"{place}?{urlencode(asked)}"
        if cell:
            yield f"{place}?{urlencode(cell)}"
        if keys:
            yield f"{place}?{urlencode({key: whole[key] for key in keys if key != 'area'})}"


def answered(app: FastAPI, asked: Mapping[str, int]) -> dict[str, bool]:
    """Of every route that is asked by GET, whether one of the addresses was answered."""
    good = [address.partition("?")[0] for address, status in asked.items() if status in (200, 307)]
    found = {}
    for route in iter_route_contexts(app.routes):
        if "GET" in (route.methods or ()) and route.path:
            shape = re.sub(r"\\?{(\w+)\\?}", "[^/]+", re.escape(route.path))
            found[route.path] = any(re.fullmatch(shape, each) for each in good)
    return found
