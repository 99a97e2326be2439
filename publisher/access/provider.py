"""The identity provider: OpenID Connect with an authorization code and PKCE, through Authlib.

Steps when somebody comes back with a code:

1. The provider's description is read anew, and is that of the issuer that the settings name.
2. The code is exchanged for an id token, with the verifier that only this sign-in can make.
3. The id token is signed with a key of the provider, by an algorithm of the list below.
4. Its issuer, audience, nonce, times and access token hash are those of this sign-in.

Of what it says only the subject is used. No name, address or other claim is asked for or kept.

Source: OpenID Connect Core 1.0, 3.1.2 and 3.1.3.7; RFC 7636; RFC 9700.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.clock import Clock
from shared.errors import BusyError, TrustError
from shared.redaction import Secret

ALGORITHMS: Final = ["RS256", "PS256", "ES256", "Ed25519"]
"""How an id token may be signed: with a public key, never with a shared secret or not at all."""
SCOPE = "openid"
LEEWAY_SECONDS = 60
TIMEOUT_SECONDS = 10
MAX_SUBJECT = 255


@dataclass(frozen=True, slots=True)
class Ours:
    """What makes one sign-in its own; only who began it can make these.

    Attributes:
        state: comes back in the address.
        nonce: comes back in the id token.
        verifier: proves at the exchange that the code was asked for here.
    """

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider, and under which name it knows this service.

    Attributes:
        issuer: its address, exactly as it names itself.
        redirect: address of this service to which it sends people back.
        transport: for tests; None asks over the network.
    """

    issuer: str
    client: str
    secret: Secret | None
    redirect: str
    clock: Clock
    transport: httpx2.BaseTransport | None = None

    def address(self, ours: Ours) -> str:
        """Where somebody signs in.

        Raises:
            BusyError: ``provider-unreachable``.
            TrustError: ``provider-untrusted``.
        """
        with self._asking() as client:
            url, _state = client.create_authorization_url(
                self._described(client)["authorization_endpoint"],
                state=ours.state,
                nonce=ours.nonce,
                code_verifier=ours.verifier,
            )
        return str(url)

    def subject(self, code: str, ours: Ours) -> str:
        """Who signed in.

        Raises:
            BusyError: ``provider-unreachable``.
            TrustError: ``provider-untrusted`` or ``sign-in-refused``.
        """
        try:
            with self._asking() as client:
                described = self._described(client)
                token = client.fetch_token(
                    described["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=ours.verifier,
                )
                answer = client.request("GET", described["jwks_uri"], withhold_token=True)
                keys = KeySet.import_key_set(answer.raise_for_status().json())
            said = jwt.decode(str(token["id_token"]), keys, algorithms=ALGORITHMS)
            claims = CodeIDToken(
                said.claims,
                said.header,
                {"iss": {"value": self.issuer}, "aud": {"value": self.client}},
                {
                    "nonce": ours.nonce,
                    "client_id": self.client,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(int(self.clock().timestamp()), LEEWAY_SECONDS)
        except httpx2.HTTPError as error:
            raise _unreachable() from error
        except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError) as error:
            # What went wrong says something about the attempt; who made it needs no more.
            raise _refused() from error
        subject = claims["sub"]
        if not isinstance(subject, str) or not 1 <= len(subject) <= MAX_SUBJECT:
            raise _refused()
        return subject

    def _asking(self) -> OAuth2Client:
        return OAuth2Client(
            client_id=self.client,
            client_secret=None if self.secret is None else self.secret.reveal().decode(),
            scope=SCOPE,
            redirect_uri=self.redirect,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
            **({} if self.transport is None else {"transport": self.transport}),
        )

    def _described(self, client: OAuth2Client) -> dict[str, str]:
        address = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            answer = client.request("GET", address, withhold_token=True)
            found: Any = answer.raise_for_status().json()
        except httpx2.HTTPError as error:
            raise _unreachable() from error
        except ValueError as error:
            raise _untrusted() from error
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if not isinstance(found, dict) or found.get("issuer") != self.issuer:
            raise _untrusted()
        if not all(_is_secured(found.get(name)) for name in names):
            raise _untrusted()
        return {name: found[name] for name in names}


def _is_secured(address: object) -> bool:
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in ("127.0.0.1", "localhost")


def _unreachable() -> BusyError:
    return BusyError(
        "provider-unreachable",
        "expected an answer of the identity provider, found none",
        hint="try again in a moment; if it goes on, tell whoever runs this service",
    )


def _untrusted() -> TrustError:
    return TrustError(
        "provider-untrusted",
        "expected the description of the identity provider of the settings, found another",
        hint="tell whoever runs this service; nobody can sign in until it is mended",
    )


def _refused() -> TrustError:
    return TrustError(
        "sign-in-refused",
        "expected a sign-in that the identity provider confirms, found another",
        hint="sign in once more from the page of this service",
    )
