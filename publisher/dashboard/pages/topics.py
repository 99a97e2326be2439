"""Topics: one page per question, with its figures for the region and at every other level."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import (
    ChartImage,
    Origin,
    UnitTable,
    answers,
    image_of,
    origin_of,
    sections,
    subject_of,
    unit_rows,
    unit_table,
)
from publisher.dashboard.charts.data import ChartKey, ChartKind
from publisher.dashboard.findings import Findings
from publisher.dashboard.language import _, msg
from publisher.dashboard.pages.latest import page_of_latest
from publisher.dashboard.pages.problems import none_yet, not_found
from publisher.dashboard.pages.schools import school_table
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.series import by_name, period_words
from publisher.dashboard.site import Site
from publisher.dashboard.topics import (
    Part,
    Topic,
    columns_of,
    held_parts,
    released_topics,
    topic_of,
)
from publisher.dashboard.units import (
    MUNICIPALITY,
    REGION_UNIT,
    RESIDENCE,
    SCHOOL,
    SCHOOL_TYPE,
    SWV_PO,
    SWV_VO,
    UnitKind,
)
from shared.contract.codes import SchoolType
from shared.reference import Level

_ALL = Crumb(msg("Onderwerpen"), "/onderwerpen")
_KINDS = (MUNICIPALITY, SWV_PO, SWV_VO, SCHOOL_TYPE, SCHOOL, RESIDENCE)
"""Kinds of unit by which a topic is shown, in the order in which readers meet them."""


def routes(site: Site) -> APIRouter:
    """The addresses of the list of topics and of each topic."""
    router = APIRouter()

    @router.get("/onderwerpen")
    def topics(request: Request) -> Response:
        """Every topic of which the latest release has figures."""
        return page_of_latest(request, site, _ALL.href, "topics", _list_html)

    @router.get("/onderwerpen/{topic_id}")
    def topic(request: Request, topic_id: str, niveau: str = "", soort: str = "") -> Response:
        """One topic at one level; schools may be those of one type."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, _ALL.href, site)
        found = topic_of(topic_id)
        if found is None or found not in released_topics(findings):
            return not_found(
                request,
                _("Over dit onderwerp zijn geen cijfers"),
                _("Controleer het adres, of kies een onderwerp uit de lijst."),
                _ALL,
            )
        kinds = _kinds(findings, found)
        kind = next((each for each in kinds if each.level == niveau), kinds[0] if kinds else None)
        types = _types(findings) if kind is SCHOOL else ()
        school_type = soort if soort in types else ""
        is_asked = kind is not None and kind.level == niveau
        html = site.page(
            findings,
            ("topic", topic_id, kind.level if kind else "", school_type, is_asked),
            lambda: _html(findings, found, kind, school_type, is_asked=is_asked),
        )
        return reply(request, html)

    return router


def _list_html(findings: Findings) -> bytes:
    page = Page(_(_ALL.label), _ALL.href, (HOME,), findings.manifest)
    return render("topics.html", page, topics=released_topics(findings))


def _kinds(findings: Findings, topic: Topic) -> tuple[UnitKind, ...]:
    return tuple(kind for kind in _KINDS if held_parts(findings, topic, kind.level))


def _absent(findings: Findings, topic: Topic) -> list[str]:
    """The kinds of unit by which the release has nothing of a topic, in a running sentence."""
    held = _kinds(findings, topic)
    return [_(kind.list_label).lower() for kind in _KINDS if kind not in held]


def _types(findings: Findings) -> tuple[str, ...]:
    return tuple(findings.units(Level.TYPE)) if findings.knows_schools else ()


def _html(
    findings: Findings, topic: Topic, kind: UnitKind | None, school_type: str, *, is_asked: bool
) -> bytes:
    chosen = {"niveau": kind.level.value if kind and is_asked else "", "soort": school_type}
    query = urlencode({name: value for name, value in chosen.items() if value})
    shown = () if kind is None else held_parts(findings, topic, kind.level)
    region_first = not is_asked and _is_split(findings, topic)
    return render(
        "topic.html",
        Page(
            _(topic.title), _ALL.href, (HOME, _ALL), findings.manifest,
            f"{topic.address}?{query}" if query else topic.address,
        ),
        topic=topic,
        when=period_words(findings.latest),
        answers=answers(findings, topic),
        kind=kind,
        region_first=region_first,
        ways=_ways(findings, topic, None if region_first else kind, school_type),
        absent=_absent(findings, topic),
        tables=[
            (*_shown(findings, topic, part, kind, school_type), _strip(findings, part, school_type))
            for part in shown
            if kind
        ],
        sections=sections(findings, Level.REGION, REGION_UNIT, (topic.id,)),
    )  # fmt: skip


def _is_split(findings: Findings, topic: Topic) -> bool:
    """Whether the answer for the region is a row of groups, which no few large figures can be."""
    parts = held_parts(findings, topic, Level.REGION, REGION_UNIT)
    return bool(parts) and parts[0].split


def _ways(
    findings: Findings, topic: Topic, kind: UnitKind | None, school_type: str
) -> list[tuple[str, str, bool]]:
    """Label, address and whether it is the one that is shown, of every level and school type."""
    ways = []
    for each in _kinds(findings, topic):
        address = f"{topic.address}?{urlencode({'niveau': each.level.value})}"
        ways.append((_(each.list_label), address, each is kind and not school_type))
        if each is SCHOOL:
            for code in _types(findings):
                label = _("Scholen: {kind}", kind=_(SchoolType(code).label))
                ways.append((label, f"{address}&soort={code}", school_type == code))
    return ways


def _strip(findings: Findings, part: Part, school_type: str) -> ChartImage | None:
    """The schools of a type side by side, where one measure of them is shown."""
    if not school_type or part.split:
        return None
    key = ChartKey(ChartKind.STRIP, part.table, part.of_schools, Level.TYPE, school_type)
    return image_of(findings, key)


def _shown(
    findings: Findings, topic: Topic, part: Part, kind: UnitKind, school_type: str
) -> tuple[UnitTable, Origin]:
    columns = columns_of(findings, part)
    origin = origin_of(findings, part, kind.level)
    units = list(findings.units(kind.level, part.table))
    subject = subject_of(findings, topic, part)
    caption = f"{subject}: {_(kind.list_label).lower()}, {findings.latest.label}"
    if kind is SCHOOL:
        if school_type:
            units = findings.schools_in(Level.TYPE, school_type)
        return school_table(findings, units, columns=columns, caption=caption), origin
    rows = by_name(unit_rows(findings, kind, units, columns))
    return unit_table(findings, kind, rows, columns, caption=caption), origin
