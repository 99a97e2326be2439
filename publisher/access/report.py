"""Who saw what: the log of access beside everybody who has access, for the privacy officer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from publisher.access.journal import Journal, Passage
from publisher.access.mandates import Mandates
from publisher.access.roles import AccessRole, Resource
from publisher.access.tokens import Tokens
from shared.errors import InputError
from shared.identity import PartyId
from shared.statement import Body


class UseLine(Body):
    """That an organisation used a kind of thing, came in or went out on a day."""

    day: date
    organisation: str
    role: AccessRole
    resource: Resource | Passage


class AccessLine(Body):
    """A token or a role that counts at the instant of the report.

    Attributes:
        kind: ``token`` or ``account``.
        id: of the token or the mandate.
        confirmed_by_another: whether a second organisation confirmed it, as approvers need.
    """

    kind: str
    id: str
    organisation: str
    role: AccessRole
    area: str
    until: datetime
    last_used_on: date | None
    confirmed_by_another: bool


class AccessReport(Body):
    """Everything that is known of who saw what; it names organisations and no person."""

    service: PartyId
    as_of: datetime
    first: date
    last: date
    uses: tuple[UseLine, ...]
    access: tuple[AccessLine, ...]


def access_report(
    tokens: Tokens, mandates: Mandates, journal: Journal, first: date, last: date, now: datetime
) -> AccessReport:
    """The report about the days from ``first`` to ``last``.

    Raises:
        InputError: ``days-turned-round``.
    """
    if last < first:
        raise InputError(
            "days-turned-round",
            f"expected a last day on or after {first}, found {last}",
            hint="give the earlier day as --from",
        )
    uses = (
        UseLine(
            day=each.day, organisation=each.organisation, role=each.role, resource=each.resource
        )
        for each in journal.between(first, last)
    )
    return AccessReport(
        service=mandates.identity.party,
        as_of=now,
        first=first,
        last=last,
        uses=tuple(uses),
        access=(*_of_tokens(tokens, now), *_of_mandates(mandates, now)),
    )


def _of_tokens(tokens: Tokens, now: datetime) -> Iterator[AccessLine]:
    for each in tokens.list():
        if each.counts_at(now):
            yield AccessLine(
                kind="token",
                id=each.token_id,
                organisation=each.organisation,
                role=each.role,
                area=each.area,
                until=each.expires_at,
                last_used_on=each.last_used_on,
                confirmed_by_another=False,
            )


def _of_mandates(mandates: Mandates, now: datetime) -> Iterator[AccessLine]:
    for each in mandates.list():
        if each.counts_at(now):
            yield AccessLine(
                kind="account",
                id=each.mandate_id,
                organisation=each.organisation,
                role=each.role,
                area="",
                until=each.expires_at,
                last_used_on=None,
                confirmed_by_another=each.role is AccessRole.APPROVER,
            )


def report_lines(report: AccessReport) -> Iterator[str]:
    """The report as it is printed."""
    yield f"{report.service}, {report.first} to {report.last}"
    for use in report.uses:
        yield f"  {use.day}  {use.role:<8}  {use.resource:<9}  {use.organisation}"
    yield f"  {len(report.uses)} lines"
    yield "with access now"
    for each in report.access:
        confirmed = "  confirmed by another organisation" if each.confirmed_by_another else ""
        yield (
            f"  {each.kind:<7} {each.id}  {each.role:<8}  until {each.until.date()}  "
            f"last used {each.last_used_on or '-'}  {each.area or 'all rows'}  "
            f"{each.organisation}{confirmed}"
        )
