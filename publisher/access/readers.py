"""Who asks: what the gate found out, and what it lets them use."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from publisher.access.refusals import not_allowed
from publisher.access.roles import AccessRole, Resource
from shared.errors import TrustError


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is known, by a token or by a session; never by name.

    Attributes:
        scopes: what this token or session may use.
        area: the municipality or *samenwerkingsverband* whose rows they see; empty for all.
        party: of an approver, as the agreements name it.
        mandate: id of what gave an account its role; empty for a token.
        form_token: what every form of this session must carry; empty for a token.
    """

    organisation: str
    role: AccessRole
    scopes: frozenset[Resource]
    area: str = ""
    party: str = ""
    mandate: str = ""
    form_token: str = field(default="", repr=False)

    def check_may(self, resource: Resource) -> None:
        """Refuse what this reader may not use.

        Raises:
            PolicyError: ``access-not-allowed``.
        """
        if resource not in self.scopes:
            raise not_allowed()

    def check_form(self, sent: str) -> None:
        """Refuse a form that another page may have made the browser send.

        Raises:
            TrustError: ``form-not-ours``.
        """
        if not self.form_token or not hmac.compare_digest(
            self.form_token.encode(), sent.encode("utf-8", "replace")
        ):
            raise TrustError(
                "form-not-ours",
                "expected a form of this service in this session, found another",
                hint="open the page again and send its form once more; nothing was changed",
            )
