"""The page that explains: what is counted, what the symbols mean, and what is not shown."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.findings import Findings
from publisher.dashboard.language import _
from publisher.dashboard.rendering import HOME, Page, render, reply
from publisher.dashboard.site import Site
from publisher.dashboard.words import MEASURE_WORDS, capital, limits_of, meaning_of


@dataclass(frozen=True, slots=True)
class MeasureText:
    """A measure as the page explains it."""

    id: str
    label: str
    meaning: str
    limits: str


def routes(site: Site) -> APIRouter:
    """The address of the explanation."""
    router = APIRouter()

    @router.get("/methode")
    def method(request: Request) -> Response:
        """The explanation of the latest release; in general terms before the first."""
        findings = site.latest()
        if findings is None:
            return reply(request, _html(None))
        return reply(request, site.page(findings, "method", lambda: _html(findings)))

    return router


def _html(findings: Findings | None) -> bytes:
    manifest = None if findings is None else findings.manifest
    return render(
        "method.html",
        Page(_("Uitleg bij de cijfers"), "/methode", crumbs=(HOME,), manifest=manifest),
        periods=() if findings is None else findings.periods,
        measures=_texts(findings),
        notes=() if manifest is None else manifest.measures,
    )


def _texts(findings: Findings | None) -> tuple[MeasureText, ...]:
    """Each measure in plain words; before the first release those that the pages know."""
    if findings is None:
        return tuple(
            MeasureText(id_, _(words.heading), _(words.meaning), _(words.limits))
            for id_, words in MEASURE_WORDS.items()
            if words.meaning
        )
    return tuple(
        MeasureText(
            note.id,
            capital(_(note.label)),
            meaning_of(findings, note.id),
            limits_of(findings, note.id),
        )
        for note in findings.manifest.measures
    )
