"""Roles, and the one table of what each may use; what may be used at all stands in addresses.py."""

from __future__ import annotations

from enum import StrEnum

from shared.errors import PolicyError


class Resource(StrEnum):
    """A kind of thing that this service offers; the log of access has no finer one."""

    PAGES = "pages"  # the dashboard
    DOWNLOADS = "downloads"  # files of released tables
    API = "api"  # released tables for programs
    APPROVAL = "approval"  # a release that awaits approval
    OVERSIGHT = "oversight"  # what is held and was destroyed
    METRICS = "metrics"  # counters for the operator


class AccessRole(StrEnum):
    """What somebody does with this publisher."""

    ANALYST = "analyst"  # reads released figures
    APPROVER = "approver"  # looks at a release before it is published, and approves it
    AUDITOR = "auditor"  # the privacy officer or who audits for one
    OPERATOR = "operator"  # keeps the service running; needs no figure for that


FIGURES = frozenset({Resource.PAGES, Resource.DOWNLOADS, Resource.API})
"""Where released figures are."""

MAY: dict[AccessRole, frozenset[Resource]] = {
    AccessRole.ANALYST: FIGURES,
    AccessRole.APPROVER: FIGURES | {Resource.APPROVAL},
    AccessRole.AUDITOR: FIGURES | {Resource.OVERSIGHT},
    AccessRole.OPERATOR: frozenset({Resource.OVERSIGHT, Resource.METRICS}),
}
"""What each role may use; what is not named here, it may not."""

TOKEN_ROLES = (AccessRole.ANALYST, AccessRole.AUDITOR, AccessRole.OPERATOR)
"""Roles that a program can have: an approval is given by a person, who signs or signs in."""


def check_scopes(role: AccessRole, scopes: frozenset[Resource]) -> None:
    """Refuse scopes that the role does not have.

    Raises:
        PolicyError: ``scope-beyond-role``.
    """
    if not scopes or not scopes <= MAY[role]:
        raise PolicyError(
            "scope-beyond-role",
            f"expected one or more of {', '.join(sorted(MAY[role]))}, found others or none",
            hint="give a scope that this role has, or another role",
        )
