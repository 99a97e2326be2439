"""The one connection that the hasher makes: to the linker, over TLS, and only when asked.

Nothing of the environment is used (no proxy, no netrc, no certificate variables): what is
trusted stands on the command line. Plain http is for a linker on this very machine.
"""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path

import httpx2

from shared.errors import InputError, StateError, TrustError

TIMEOUT_SECONDS = 60.0


def check_address(url: str) -> str:
    """The address without a slash at its end.

    Raises:
        InputError: ``address-invalid``, or ``address-not-safe`` for plain http to another machine.
    """
    try:
        address = httpx2.URL(url.strip().rstrip("/"))
    except (httpx2.InvalidURL, ValueError) as error:
        raise _invalid() from error
    if not address.host or address.userinfo or address.query or address.fragment:
        raise _invalid()
    if address.scheme != "https" and not (address.scheme == "http" and is_loopback(address.host)):
        raise InputError(
            "address-not-safe",
            f"expected an address with https://, found {address.scheme or 'nothing'}://",
            hint="ask the linker for its https address; http is only for this very machine",
        )
    return str(address).rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine; a name other than ``localhost`` is not looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def connect(proxy: str = "", ca: Path | None = None) -> httpx2.Client:
    """A client that trusts the system's certificates, or those in ``ca`` alone.

    Raises:
        InputError: ``proxy-invalid`` or ``ca-invalid``.
    """
    try:
        through = httpx2.Proxy(proxy) if proxy else None
    except (httpx2.InvalidURL, ValueError) as error:
        raise InputError(
            "proxy-invalid",
            "expected the address of a proxy, such as http://proxy.voorbeeld.nl:8080",
            hint="ask your own IT department for the address and the port",
        ) from error
    return httpx2.Client(
        trust_env=False,
        proxy=through,
        verify=_certificates(ca) if ca else True,
        timeout=TIMEOUT_SECONDS,
        follow_redirects=False,
    )


def _certificates(ca: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except (ssl.SSLError, OSError) as error:
        raise InputError(
            "ca-invalid",
            f"expected certificates in PEM form in {ca.name}, found none",
            hint="ask your own IT department for the root certificate as a .pem file",
            about=ca.name,
        ) from error


def unreachable(error: httpx2.HTTPError) -> StateError | TrustError:
    """What it means that no answer came."""
    if _has_bad_certificate(error):
        return TrustError(
            "linker-certificate",
            "expected a certificate of the linker that this computer trusts, found another",
            hint="does your organisation inspect traffic? Give its certificate with --ca; "
            "otherwise stop and call the linker",
        )
    return StateError(
        "linker-unreachable",
        "expected an answer of the linker, got none",
        hint="check the address and your network; what was received is kept, send again later",
    )


def _has_bad_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _invalid() -> InputError:
    return InputError(
        "address-invalid",
        "expected an address such as https://koppelaar.voorbeeld.nl, found something else",
        hint="copy the address from the letter of the linker, without a name or password in it",
    )
