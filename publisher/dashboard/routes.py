"""All pages of the dashboard as one router; a page type is a further line in ``_PAGES``."""

from __future__ import annotations

from fastapi import APIRouter

from publisher.dashboard.pages import assets, charts, home, method, profiles, releases, schools
from publisher.dashboard.site import ReferenceOf, Site
from publisher.released import Release, ReleaseReader
from shared.reference import Reference

_PAGES = (home, schools, profiles, method, releases, charts, assets)


def _no_reference(_release: Release) -> Reference | None:
    return None


def dashboard_router(reader: ReleaseReader, reference_of: ReferenceOf = _no_reference) -> APIRouter:
    """The pages.

    Args:
        reader: the only door to releases.
        reference_of: finds the public reference bundle of a release, which says in which
            municipality a school stands; without it, pages leave that out.
    """
    site = Site(reader, reference_of)
    router = APIRouter(include_in_schema=False)
    for page in _PAGES:
        router.include_router(page.routes(site))
    return router
