"""The publisher's settings: what an operator sets beside what both services have."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from shared.settings import ServiceSettings

Address = Annotated[str, Field(pattern=r"^(https?://[A-Za-z0-9.:/_-]+)?$")]
WebPage = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.:/_-]+$")]
Contact = Annotated[str, Field(pattern=r"^(https://|mailto:)[A-Za-z0-9@.:/_-]+$")]


class Settings(ServiceSettings):
    """What an operator sets.

    Attributes:
        access: whether released figures are for everybody, or for known readers only.
        public_address: where readers find this service; needed for signing in.
        sign_in_issuer: address of the OpenID provider; empty where nobody signs in.
        sign_in_client: under which id the provider knows this service.
        sign_in_secret: file with the secret that the provider gave; empty for none.
        contact_address: where readers can ask, as ``https:`` or ``mailto:``.
        data_licence: address of the terms under which figures may be used.
        session_idle_minutes: after which a session ends that asked nothing.
        session_hours: after which every session ends.
    """

    OPTIONAL_PATHS: ClassVar[tuple[str, ...]] = (
        *ServiceSettings.OPTIONAL_PATHS,
        "sign_in_secret",
    )

    access: Literal["public", "closed"] = "public"
    public_address: Address = ""
    sign_in_issuer: Address = ""
    sign_in_client: str = ""
    sign_in_secret: str = ""
    contact_address: Contact = "mailto:monitor@example.org"
    data_licence: WebPage = "https://creativecommons.org/licenses/by/4.0/"
    session_idle_minutes: Annotated[int, Field(ge=1, le=120)] = 30
    session_hours: Annotated[int, Field(ge=1, le=12)] = 8

    @model_validator(mode="after")
    def _signing_in_is_whole(self) -> Self:
        if not self.sign_in_issuer:
            return self
        if not (self.sign_in_client and self.public_address):
            raise ValueError("signing in needs sign_in_client and public_address")
        for address in (self.sign_in_issuer, self.public_address):
            if not _is_secured(address):
                raise ValueError("signing in goes over https, or stays on this machine")
        return self


def _is_secured(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in ("127.0.0.1", "localhost")
