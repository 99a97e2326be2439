"""What is kept, until when, and under which agreement: from the documents in force."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.governance import Governance
from publisher.dashboard.language import _, day, msg
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.site import Site
from shared.agreements import Agreement
from shared.errors import ConfigurationError
from shared.identity import Role
from shared.policy import Retention, Status

_HERE = Crumb(msg("Wat wij bewaren en waarom"), "/verantwoording")

_TERMS = (
    (msg("Bestanden van een gemeente of DUO"), msg("na de levering, bij de leverancier"),
     "source_files_after_delivery_days"),
    (msg("Leveringen met pseudoniemen"), msg("na het sluiten van de ronde, bij de koppelaar"),
     "input_after_close_days"),
    (msg("Aantallen over een levering"), msg("na de levering, bij de koppelaar"),
     "figures_after_delivery_days"),
    (msg("De telling met kleine aantallen"), msg("na ontvangst, bij de publicist"),
     "tally_after_receipt_days"),
    (msg("Een uitgave"), msg("na publicatie, op deze website"),
     "release_after_publication_days"),
    (msg("Het logboek van besluiten"), msg("na de laatste regel, bij beide diensten"),
     "ledger_days"),
    (msg("Het logboek van toegang: welke organisatie keek op welke dag"),
     msg("na die dag, bij de publicist"), "access_log_days"),
)  # fmt: skip
"""What is kept, from when its term runs and who has it, and the name of the term."""
_ROLES = {
    Role.SUPPLIER: msg("leverancier"),
    Role.LINKER: msg("koppelaar"),
    Role.PUBLISHER: msg("publicist"),
    Role.KEY_OFFICE: msg("sleutelbeheerder"),
    Role.APPROVER: msg("goedkeurder"),
    Role.AUDITOR: msg("auditor"),
}
_STATES = {Status.CONCEPT: msg("concept"), Status.DEFINITIEF: msg("definitief")}


@dataclass(frozen=True, slots=True)
class Term:
    """What is kept, and for how long."""

    what: str
    since: str
    days: int


@dataclass(frozen=True, slots=True)
class Signed:
    """An agreement as the page shows it."""

    organisation: str
    role: str
    state: str
    term: str
    version: str


def routes(site: Site) -> APIRouter:
    """The address of the page."""
    router = APIRouter()

    @router.get(_HERE.href)
    def governance(request: Request) -> Response:
        """Purposes, terms and agreements, as the service reads them now."""
        latest = site.latest()
        manifest = None if latest is None else latest.manifest
        page = Page(_(_HERE.label), _HERE.href, (HOME,), manifest)
        found = _readable(site)
        html = render(
            "governance.html",
            page,
            governance=found,
            terms=_terms(found.policy.retention) if found else (),
            agreements=_agreements(found) if found else (),
        )
        return reply(request, html, status=503 if found is None else 200)

    return router


def _readable(site: Site) -> Governance | None:
    """The documents, or None while they cannot be read; whoever edits them sees why elsewhere."""
    try:
        return site.governance()
    except ConfigurationError:  # readers get a page that says so, with a status that says so
        return None


def _terms(retention: Retention) -> tuple[Term, ...]:
    kept = retention.model_dump()
    named = {name for *_words, name in _TERMS}
    known = [Term(_(what), _(since), kept[name]) for what, since, name in _TERMS if name in kept]
    # A term that the policy has and these words lack is shown by its name, never left out.
    return (*known, *(Term(name, "", days) for name, days in kept.items() if name not in named))


def _agreements(found: Governance) -> tuple[Signed, ...]:
    return tuple(_signed(each) for each in found.agreements.agreements)


def _signed(agreement: Agreement) -> Signed:
    term = _("nog niet in werking")
    if agreement.in_force_from and agreement.in_force_until:
        term = _(
            "{first} tot en met {last}",
            first=day(agreement.in_force_from),
            last=day(agreement.in_force_until),
        )
    return Signed(
        agreement.organisation,
        _(_ROLES[agreement.role]),
        _(_STATES[agreement.status]),
        term,
        agreement.version,
    )
