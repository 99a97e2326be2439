"""The page that explains: what is counted, what the symbols mean, and what is not shown."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.findings import Findings
from publisher.dashboard.rendering import HOME, Page, render, reply
from publisher.dashboard.site import Site
from publisher.dashboard.words import MEASURE_WORDS, capital
from publisher.released import MeasureNote


@dataclass(frozen=True, slots=True)
class MeasureText:
    """A measure as the page explains it."""

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
    notes = () if manifest is None else manifest.measures
    return render(
        "method.html",
        Page("Uitleg bij de cijfers", "/methode", crumbs=(HOME,), manifest=manifest),
        periods=() if findings is None else findings.periods,
        measures=_texts(notes),
        notes=notes,
    )


def _texts(notes: tuple[MeasureNote, ...]) -> tuple[MeasureText, ...]:
    """Each measure in plain words; one that the pages have no words for, as it was signed."""
    if not notes:
        return tuple(
            MeasureText(words.heading, words.meaning, words.limits)
            for words in MEASURE_WORDS.values()
        )
    return tuple(
        MeasureText(capital(note.label), words.meaning, words.limits)
        for note in notes
        if (words := MEASURE_WORDS.get(note.id)) is not None
    )
