"""All pages of the dashboard as one router; a page type is a further line in ``_PAGES``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse

from publisher.context.shown import Context
from publisher.dashboard.governance import Governance
from publisher.dashboard.language import LANGUAGES, Language, spoken_by
from publisher.dashboard.pages import (
    accessibility,
    arrangements,
    assets,
    changes,
    charts,
    compare,
    context,
    context_charts,
    explore,
    governance,
    home,
    method,
    profiles,
    providers,
    releases,
    reports,
    schools,
    topics,
)
from publisher.dashboard.site import ContextNow, GovernanceNow, NotesNow, ReferenceOf, Site
from publisher.notes.shown import Notes
from publisher.released import Release, ReleaseReader
from shared.reference import Reference

_PAGES = (
    home, schools, profiles, reports, topics, compare, explore, arrangements, providers, method,
    releases, changes, governance, accessibility, charts, context, context_charts,
)  # fmt: skip


def _no_reference(_release: Release) -> Reference | None:
    return None


def _no_governance() -> Governance | None:
    return None


def dashboard_router(
    reader: ReleaseReader,
    reference_of: ReferenceOf = _no_reference,
    governance_now: GovernanceNow = _no_governance,
    context_now: ContextNow = Context.of,
    notes_now: NotesNow = Notes,
) -> APIRouter:
    """The pages, once in every language.

    Args:
        reader: the only door to releases.
        reference_of: finds the public reference bundle of a release, which says in which
            municipality a school stands; without it, pages leave that out.
        governance_now: reads the policy and the agreements, which are public; without it, the
            page about them says only where they are.
        context_now: reads the figures from elsewhere; without it, there are none.
        notes_now: reads the notes about signals and measures; without it, there are none.
    """
    site = Site(reader, reference_of, governance_now, context_now, notes_now)
    router = APIRouter(include_in_schema=False)
    router.include_router(assets.routes(site))
    for language in LANGUAGES:
        rooms = APIRouter(prefix=language.prefix, dependencies=[Depends(spoken_by(language))])
        for page in _PAGES:
            rooms.include_router(page.routes(site))
        router.include_router(rooms)
        if language.prefix:  # what people type
            router.add_api_route(language.prefix, _to(language), methods=["GET"])
    return router


def _to(language: Language) -> Callable[[], Awaitable[RedirectResponse]]:
    async def lead() -> RedirectResponse:
        return RedirectResponse(f"{language.prefix}/")

    return lead
