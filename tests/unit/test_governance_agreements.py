"""Agreements name clauses, countries and documents that are checked; anything else is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from deploy.demo.documents import agreements_text
from shared.agreements import EEA, load_agreements
from shared.canonical import sha256_hex
from shared.errors import ConfigurationError
from shared.identity import Role
from shared.settings import ServiceSettings, load_settings
from tests.support.parties import identity, signed_parties

DAY = date(2026, 10, 5)
PDF = b"%PDF-1.7 overeenkomst"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    parties = {"gm0197": identity("gm0197", Role.SUPPLIER)}
    found = tmp_path / "agreements.toml"
    found.write_text(agreements_text(signed_parties(parties), DAY))
    return found


def add(path: Path, lines: str) -> None:
    path.write_text(path.read_text() + lines + "\n")


def with_hash(path: Path, data: bytes) -> None:
    lines = [
        f'document_sha256 = "{sha256_hex(data)}"' if each.startswith("document_sha256") else each
        for each in path.read_text().splitlines()
    ]
    path.write_text("\n".join(lines) + "\n")


def test_a_country_outside_the_eea_is_refused(path: Path) -> None:
    add(path, 'locations = ["NL", "US"]')
    with pytest.raises(ConfigurationError, match="agreements-invalid") as refused:
        load_agreements(path)
    assert "agreements.0.locations.1" in refused.value.message


def test_a_sub_processor_has_a_place_in_the_eea(path: Path) -> None:
    add(path, '[[agreements.sub_processors]]\nname = "X"\ndoes = "beheer"\nlocation = "GB"')
    with pytest.raises(ConfigurationError, match="sub_processors"):
        load_agreements(path)


def test_the_eea_has_its_thirty_countries() -> None:
    assert len(EEA) == 30
    assert {"NL", "NO", "IS", "LI"} <= EEA
    assert not {"GB", "CH", "US"} & EEA


@pytest.mark.parametrize("clause", ["28(3)(i): iets", "28(2): iets", "artikel 32", "28(3)(a)"])
def test_an_unknown_clause_is_refused(path: Path, clause: str) -> None:
    add(path, f'[[clauses]]\nclause = "{clause}"\nfulfilled_by = "x"')
    with pytest.raises(ConfigurationError, match=r"clauses\.0\.clause"):
        load_agreements(path)


def test_an_agreement_that_ends_before_it_begins_is_refused(path: Path) -> None:
    text = path.read_text().replace("in_force_until = 2027", "in_force_until = 2020")
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="agreements-invalid"):
        load_agreements(path)


def test_the_document_that_was_signed_is_taken(path: Path) -> None:
    (path.parent / "gm0197-supplier.pdf").write_bytes(PDF)
    with_hash(path, PDF)
    assert load_agreements(path, path.parent).agreements.agreements[0].party == "gm0197"


def test_a_document_can_have_a_name_of_its_own(path: Path) -> None:
    with_hash(path, PDF)
    add(path, 'document = "aalten-2027.pdf"')
    with pytest.raises(ConfigurationError, match="agreement-document-missing") as refused:
        load_agreements(path, path.parent)
    assert refused.value.about == "gm0197"
    (path.parent / "aalten-2027.pdf").write_bytes(PDF)
    assert load_agreements(path, path.parent)


def test_another_document_than_was_signed_is_refused(path: Path) -> None:
    (path.parent / "gm0197-supplier.pdf").write_bytes(PDF + b" ")
    with_hash(path, PDF)
    with pytest.raises(ConfigurationError, match="agreement-document-differs") as refused:
        load_agreements(path, path.parent)
    assert "gm0197-supplier.pdf" in refused.value.message
    assert load_agreements(path)  # no folder, nothing to compare


@pytest.mark.parametrize("name", ["../x.pdf", "x.doc", "/etc/x.pdf", ".pdf"])
def test_the_name_of_a_document_is_never_a_path(path: Path, name: str) -> None:
    add(path, f'document = "{name}"')
    with pytest.raises(ConfigurationError, match="document"):
        load_agreements(path)


def test_a_service_compares_where_its_settings_say_so(path: Path) -> None:
    settings = path.parent / "service.toml"
    text = (
        'database_url = "sqlite:///x.db"\nkey_folder = "keys"\nidentity = "identity.json"\n'
        'policy = "policy.toml"\nagreements = "agreements.toml"\nport = 1\n'
    )
    settings.write_text(text)
    assert load_settings(settings, ServiceSettings).load_agreements()
    settings.write_text(text + 'signed_documents = "getekend"\n')
    with pytest.raises(ConfigurationError, match="agreement-document-missing"):
        load_settings(settings, ServiceSettings).load_agreements()
    (path.parent / "getekend").mkdir()
    (path.parent / "getekend" / "gm0197-supplier.pdf").write_bytes(PDF)
    with_hash(path, PDF)
    assert load_settings(settings, ServiceSettings).load_agreements()
