"""The linker shows its certificate to the publisher's proxy, and trusts only whom it is told to."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from linker.settings import Settings
from linker.tallying.outbox import Connection, _put
from shared.errors import ConfigurationError, StateError
from shared.settings import load_settings


@dataclass(frozen=True)
class Certificates:
    """One authority, and what it signed: PEM files."""

    ca: str
    server: str
    linker: str


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, path: Path) -> str:
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return str(path)


def _made(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    *,
    is_ca: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=False, key_encipherment=False,
                data_encipherment=False, key_agreement=False, key_cert_sign=is_ca,
                crl_sign=is_ca, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(signer, hashes.SHA256())
    )  # fmt: skip


def certificates(folder: Path) -> Certificates:
    folder.mkdir()
    root = ec.generate_private_key(ec.SECP256R1())
    ca = _made("proef", root, "proef", root, is_ca=True)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    files = []
    for name in ("server", "linker"):
        key = ec.generate_private_key(ec.SECP256R1())
        made = _made(name, key, "proef", root, is_ca=False)
        files.append(_pem(key, made, folder / f"{name}.pem"))
    return Certificates(str(folder / "ca.pem"), *files)


class _Refuses(BaseHTTPRequestHandler):
    """A publisher that has no room; who gets this answer was let in."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(507)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return None


class _Quiet(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """Who is refused at the door is no error of the proxy."""


@pytest.fixture
def known(tmp_path: Path) -> Certificates:
    return certificates(tmp_path / "tls")


@pytest.fixture
def address(known: Certificates) -> Iterator[str]:
    """A proxy that lets in who shows a certificate of the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(known.server)
    context.load_verify_locations(known.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    server = _Quiet(("127.0.0.1", 0), _Refuses)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/tallies/x"
    server.shutdown()
    thread.join()
    server.server_close()


def test_with_both_the_proxy_lets_the_linker_in(known: Certificates, address: str) -> None:
    tls = Connection(known.ca, known.linker).context()
    with pytest.raises(StateError, match="publisher-refused"):
        _put(address, b"telling", tls)


def test_without_a_certificate_the_proxy_does_not(known: Certificates, address: str) -> None:
    with pytest.raises(StateError, match="publisher-unreachable"):
        _put(address, b"telling", Connection(known.ca).context())


def test_a_proxy_of_an_unknown_authority_gets_nothing(
    known: Certificates, address: str, tmp_path: Path
) -> None:
    other = certificates(tmp_path / "ander")
    for connection in (Connection("", known.linker), Connection(other.ca, known.linker)):
        with pytest.raises(StateError, match="publisher-unreachable"):
            _put(address, b"telling", connection.context())


def test_a_file_that_is_no_certificate_is_named(known: Certificates, tmp_path: Path) -> None:
    (tmp_path / "leeg.pem").write_text("")
    for connection, name in (
        (Connection(str(tmp_path / "leeg.pem")), "publisher_ca"),
        (Connection(str(tmp_path / "weg.pem")), "publisher_ca"),
        (Connection(known.ca, str(tmp_path / "weg.pem")), "client_certificate"),
        (Connection(known.ca, known.ca), "client_certificate"),  # without its key
    ):
        with pytest.raises(ConfigurationError, match="certificate-unusable") as refused:
            connection.context()
        assert refused.value.about == name


def test_the_settings_name_files_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "linker.toml"
    path.write_text(
        'database_url = "sqlite:///x.db"\nkey_folder = "keys"\nidentity = "identity.json"\n'
        'policy = "policy.toml"\nagreements = "agreements.toml"\nport = 1\n'
        'publisher_url = "https://x"\nclient_certificate = "tls/linker.pem"\n'
    )
    settings = load_settings(path, Settings)
    assert settings.client_certificate == str(tmp_path / "tls" / "linker.pem")
    assert settings.publisher_ca == ""
