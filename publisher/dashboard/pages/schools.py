"""The list of schools, with a search by name."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import MAIN_PART, UnitTable, origin_of, unit_rows, unit_table
from publisher.dashboard.findings import MAIN_TABLE, PUPILS, RATE, Findings
from publisher.dashboard.language import _, msg
from publisher.dashboard.pages.problems import none_yet
from publisher.dashboard.rendering import HOME, Page, render, reply
from publisher.dashboard.series import UnitRow, by_figure, by_name, profile_columns
from publisher.dashboard.site import Site
from publisher.dashboard.topics import Column
from publisher.dashboard.units import SCHOOL
from publisher.dashboard.verdicts import Share, position, share_of
from publisher.dashboard.words import POSITION_WORDS
from shared.reference import Level

_LONGEST_SEARCH = 100
BY_NAME = "naam"
ORDERS = {
    BY_NAME: msg("naam"),
    "leerlingen": msg("aantal leerlingen"),
    "per-100": msg("per 100 leerlingen"),
}
"""Orders that readers can choose; every one is of released figures only."""
_ORDERED_BY = {"leerlingen": Column(MAIN_TABLE, PUPILS), "per-100": Column(MAIN_TABLE, RATE)}


def routes(site: Site) -> APIRouter:
    """The address of the list."""
    router = APIRouter()

    @router.get("/scholen")
    def schools(request: Request, zoek: str = "", volgorde: str = BY_NAME) -> Response:
        """Every released school, or the ones whose name or code has ``zoek`` in it."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, "/scholen", site)
        wanted = " ".join(zoek[:_LONGEST_SEARCH].split())
        order = volgorde if volgorde in ORDERS else BY_NAME
        html = site.page(
            findings, ("schools", wanted, order), lambda: _html(findings, wanted, order)
        )
        return reply(request, html)

    return router


def _html(findings: Findings, wanted: str, order: str) -> bytes:
    asked = {"zoek": wanted, "volgorde": "" if order == BY_NAME else order}
    query = urlencode({name: value for name, value in asked.items() if value})
    address = f"/scholen?{query}" if query else "/scholen"
    return render(
        "schools.html",
        Page(_(SCHOOL.list_label), "/scholen", (HOME,), findings.manifest, address),
        wanted=wanted,
        order=order,
        orders=ORDERS,
        table=school_table(findings, _matching(findings, wanted), order),
        total=len(findings.units(Level.SCHOOL)),
    )


def school_table(
    findings: Findings,
    schools: list[str],
    order: str = BY_NAME,
    columns: tuple[Column, ...] | None = None,
    beside: Share | None = None,
    caption: str = "",
) -> UnitTable:
    """Schools with their municipality, type and figures of the last period.

    Args:
        beside: the mean that each school is set beside, in words; None leaves that out.
    """
    shown = profile_columns(findings, Level.SCHOOL) if columns is None else columns
    rows = unit_rows(findings, SCHOOL, schools, shown, with_facts=findings.knows_schools)
    facts = (_("Gemeente"), _("Soort")) if findings.knows_schools else ()
    if beside is not None:
        facts = (*facts, _("Naast het gemiddelde"))
        rows = tuple(
            replace(row, facts=(*row.facts, _beside(findings, row.code, beside))) for row in rows
        )
    ordered = _ordered(rows, order, shown)
    origin = origin_of(findings, MAIN_PART, SCHOOL.level) if columns is None else None
    return unit_table(
        findings, SCHOOL, ordered, shown, caption=caption, fact_headings=facts, origin=origin
    )


def _beside(findings: Findings, school: str, whole: Share) -> str:
    own = share_of(findings, Level.SCHOOL, school, findings.latest.code)
    return _("niet te zeggen") if own is None else _(POSITION_WORDS[position(own, whole)])


def _matching(findings: Findings, wanted: str) -> list[str]:
    words = wanted.casefold().split()
    return [
        code
        for code, name in findings.units(Level.SCHOOL).items()
        if all(word in f"{name} {code}".casefold() for word in words)
    ]


def _ordered(
    rows: tuple[UnitRow, ...], order: str, shown: tuple[Column, ...]
) -> tuple[UnitRow, ...]:
    column = _ORDERED_BY.get(order)
    return by_figure(rows, shown.index(column)) if column in shown else by_name(rows)
