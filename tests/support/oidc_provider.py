"""An OpenID provider as a process of its own, made of Authlib's provider side.

It asks nobody for a password: the test says at the address of signing in as whom it comes
(``as``), and with which lie the provider answers (``lie``). Run with ``python -m``; it prints its
address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import os
import secrets
import sys
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # it never leaves the loopback interface

from authlib.oauth2.rfc6749 import (
    AuthorizationCodeMixin,
    AuthorizationServer,
    ClientMixin,
    OAuth2Payload,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "monitor", "geheim-van-de-proef"
KEY = RSAKey.generate_key(2048, parameters={"kid": "een", "use": "sig", "alg": "RS256"})
STRANGE_KEY = RSAKey.generate_key(2048, parameters={"kid": "een", "use": "sig", "alg": "RS256"})
LIES = ("party", "nonce",
        "no-nonce", "audience", "issuer", "expired", "early", "unsigned", "shared-key",
        "strange-key", "no-subject", "access-token", "no-token")  # fmt: skip


class Client(ClientMixin):
    def __init__(self, redirect: str) -> None:
        self.redirect = redirect

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self.redirect

    def get_allowed_scope(self, scope: Collection[str] | str) -> str:
        return "openid" if scope == "openid" else ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret, SECRET)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):
    redirect_uri: str
    subject: str
    nonce: str
    lie: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return "openid"


class Payload(OAuth2Payload):
    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._data = dict(pairs)
        self._lists: defaultdict[str, list[str]] = defaultdict(list)
        for key, value in pairs:
            self._lists[key].append(value)

    @property
    def data(self) -> dict[str, str]:
        return self._data

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return self._lists


class Asked(OAuth2Request):
    """A request as Authlib reads it."""

    def __init__(self, method: str, uri: str, headers: dict[str, str], pairs: Any) -> None:
        super().__init__(method, uri, headers=headers)
        self.payload: Any = Payload(pairs)

    @property
    def args(self) -> Any:
        return self.payload.data

    @property
    def form(self) -> Any:
        return self.payload.data


class Server(AuthorizationServer):
    def __init__(self, client: Client, issuer: str, now: int) -> None:
        super().__init__(scopes_supported=["openid"])
        self.client, self.issuer, self.now = client, issuer, now
        self.codes: dict[str, Code] = {}
        self.register_token_generator(
            "default", BearerTokenGenerator(lambda **_more: secrets.token_urlsafe(16))
        )
        self.register_grant(Grant, [CodeChallenge(required=True)])

    def query_client(self, client_id: str) -> Any:
        return self.client if client_id == CLIENT else None

    def save_token(self, token: object, request: object) -> None:
        return None

    def send_signal(self, name: str, *args: object, **more: object) -> None:
        return None

    def create_oauth2_request(self, request: Any) -> Any:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> Any:
        return status, body, dict(headers)


class Grant(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]  # noqa: RUF012 - as its parent
    server: Any
    request: Any

    def save_authorization_code(self, code: str, request: Any) -> None:
        data = request.payload.data
        assert data["code_challenge_method"] == "S256"
        self.server.codes[code] = Code(
            data["redirect_uri"], data.get("as", "iemand"), data["nonce"], data.get("lie", ""),
            data["code_challenge"], data["code_challenge_method"],
        )  # fmt: skip

    def query_authorization_code(self, code: str, client: object) -> Code | None:
        found: Code | None = self.server.codes.get(code)
        return found

    def delete_authorization_code(self, authorization_code: Code) -> None:
        codes = self.server.codes
        for code in [key for key, value in codes.items() if value is authorization_code]:
            del codes[code]

    def authenticate_user(self, authorization_code: Code) -> str:
        return authorization_code.subject

    def create_token_response(self) -> Any:
        code = self.request.authorization_code
        answer: Any = super().create_token_response()
        status, token, headers = answer
        if code.lie != "no-token":
            token["id_token"] = id_token(
                code, token["access_token"], self.server.issuer, self.server.now
            )
        if code.lie == "access-token":
            token["access_token"] = "een ander"
        return status, token, headers


def id_token(code: Code, access_token: str, issuer: str, now: int) -> str:
    """An id token as it should be, or with one lie."""
    lie = code.lie
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    claims: dict[str, Any] = {
        "iss": "https://een.ander" if lie == "issuer" else issuer,
        "aud": "een ander" if lie in ("audience", "party") else CLIENT,
        "sub": code.subject,
        "iat": now + 3600 if lie == "early" else now,
        "exp": now - 3600 if lie == "expired" else now + 48 * 3600,
        "nonce": "een ander" if lie == "nonce" else code.nonce,
        "at_hash": _url(half),
        "name": "Een Naam",
        "email": "iemand@voorbeeld.nl",
    }
    if lie == "party":  # said to be for another, and to be asked by us
        claims["azp"] = CLIENT
    for gone, name in (("no-nonce", "nonce"), ("no-subject", "sub")):
        if lie == gone:
            del claims[name]
    if lie in ("unsigned", "shared-key"):  # the public key as if it were a shared secret
        head = {"alg": "none"} if lie == "unsigned" else {"alg": "HS256", "kid": "een"}
        said = f"{_url(json.dumps(head).encode())}.{_url(json.dumps(claims).encode())}"
        mac = hmac.digest(KEY.as_pem(private=False), said.encode(), "sha256")
        return f"{said}.{_url(mac) if lie == 'shared-key' else ''}"
    key = STRANGE_KEY if lie == "strange-key" else KEY
    return jwt.encode({"alg": "RS256", "kid": "een"}, claims, key)


def _url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def serve(redirect: str, now: int) -> None:
    """Serve on a free port of the loopback interface until the process is ended."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/.well-known/openid-configuration":
                return self.tell(200, {
                    "issuer": issuer, "authorization_endpoint": f"{issuer}/authorize",
                    "token_endpoint": f"{issuer}/token", "jwks_uri": f"{issuer}/keys",
                })  # fmt: skip
            if parts.path == "/keys":
                return self.tell(200, KeySet([KEY]).as_dict(private=False))
            if parts.path == "/authorize":
                asked = self.asked(parse_qsl(parts.query))
                made: Any = server
                grant = made.get_consent_grant(asked, end_user="iemand")
                return self.tell(
                    *made.create_authorization_response(asked, grant_user="iemand", grant=grant)
                )
            return self.tell(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            made: Any = server
            self.tell(*made.create_token_response(self.asked(parse_qsl(body))))

        def asked(self, pairs: list[tuple[str, str]]) -> Asked:
            headers = {key.title(): value for key, value in self.headers.items()}
            return Asked(self.command, f"{issuer}{self.path}", headers, pairs)

        def tell(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
            data = json.dumps(body).encode() if isinstance(body, dict) else str(body).encode()
            self.send_response(status)
            for key, value in {"content-type": "application/json", **(headers or {})}.items():
                self.send_header(key, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            return None

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = f"http://127.0.0.1:{listening.server_address[1]}"
    server = Server(Client(redirect), issuer, now)
    sys.stdout.write(f"{issuer}\n")
    sys.stdout.flush()
    listening.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
