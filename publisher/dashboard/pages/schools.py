"""The list of schools, with a search by name."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import UnitTable, unit_headings, unit_rows
from publisher.dashboard.chart_data import period_words
from publisher.dashboard.findings import PUPILS, RATE, Findings
from publisher.dashboard.pages.problems import none_yet
from publisher.dashboard.rendering import HOME, Page, render, reply
from publisher.dashboard.series import UnitRow, by_figure, by_name
from publisher.dashboard.site import Site
from publisher.dashboard.units import SCHOOL
from shared.reference import Level

_LONGEST_SEARCH = 100
BY_NAME = "naam"
ORDERS = {BY_NAME: "naam", "leerlingen": "aantal leerlingen", "per-100": "per 100 leerlingen"}
"""Orders that readers can choose; every one is of released figures only."""
_MEASURES = {"leerlingen": PUPILS, "per-100": RATE}


def routes(site: Site) -> APIRouter:
    """The address of the list."""
    router = APIRouter()

    @router.get("/scholen")
    def schools(request: Request, zoek: str = "", volgorde: str = BY_NAME) -> Response:
        """Every released school, or the ones whose name or code has ``zoek`` in it."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, "/scholen")
        wanted = " ".join(zoek[:_LONGEST_SEARCH].split())
        order = volgorde if volgorde in ORDERS else BY_NAME
        html = site.page(
            findings, ("schools", wanted, order), lambda: _html(findings, wanted, order)
        )
        return reply(request, html)

    return router


def _html(findings: Findings, wanted: str, order: str) -> bytes:
    return render(
        "schools.html",
        Page("Scholen", "/scholen", crumbs=(HOME,), manifest=findings.manifest),
        wanted=wanted,
        order=order,
        orders=ORDERS,
        table=school_table(findings, _matching(findings, wanted), order),
        total=len(findings.units(Level.SCHOOL)),
    )


def school_table(findings: Findings, schools: list[str], order: str = BY_NAME) -> UnitTable:
    """Schools with their municipality, type and figures of the last period."""
    rows = unit_rows(findings, SCHOOL, schools, with_facts=findings.knows_schools)
    return UnitTable(
        caption=f"Scholen, {period_words(findings.latest)}",
        name_heading="School",
        fact_headings=("Gemeente", "Soort") if findings.knows_schools else (),
        headings=unit_headings(findings, Level.SCHOOL),
        rows=_ordered(findings, rows, order),
    )


def _matching(findings: Findings, wanted: str) -> list[str]:
    words = wanted.casefold().split()
    return [
        code
        for code, name in findings.units(Level.SCHOOL).items()
        if all(word in f"{name} {code}".casefold() for word in words)
    ]


def _ordered(findings: Findings, rows: tuple[UnitRow, ...], order: str) -> tuple[UnitRow, ...]:
    measure, shown = _MEASURES.get(order), findings.measures(Level.SCHOOL)
    return by_figure(rows, shown.index(measure)) if measure in shown else by_name(rows)
