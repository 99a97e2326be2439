from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from deploy.demo.documents import agreements_text, policy_text, shipped_policy
from shared.agreements import Agreements, load_agreements
from shared.errors import ConfigurationError, PolicyError
from shared.identity import Role
from shared.policy import read_policy
from shared.settings import ServiceSettings, load_settings
from tests.support.parties import identity, signed_parties

DAY = date(2026, 10, 5)


def test_the_shipped_policy_is_read_and_named_by_its_bytes() -> None:
    data = shipped_policy().encode()
    one, other = read_policy(data), read_policy(data + b"\n# opmerking\n")
    assert one.policy == other.policy
    assert one.sha256 != other.sha256


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("threshold = 5", "threshold = 2", "protection.threshold"),
        ("threshold = 5", "threshhold = 5", "protection"),
        ("from_different_organisations = true", "from_different_organisations = false", "approval"),
        ("approvers = 2", "approvers = 1", "approval.approvers"),
        ('status = "concept"', 'status = "definitief"', "document"),
        ("synthetic = false", "synthetic = 3", "synthetic"),
    ],
)
def test_an_incomplete_or_lax_policy_is_refused_with_its_place(
    old: str, new: str, place: str
) -> None:
    text = shipped_policy()
    assert old in text
    with pytest.raises(ConfigurationError, match="policy-invalid") as refused:
        read_policy(text.replace(old, new, 1).encode())
    assert place in refused.value.message


def test_what_is_no_toml_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="toml-invalid"):
        read_policy(b"[[[")


def test_an_undeclared_schema_has_no_attributes() -> None:
    with pytest.raises(PolicyError, match="schema-not-declared"):
        read_policy(shipped_policy().encode()).policy.attributes("care/2")


def test_synthetic_data_needs_a_policy_that_says_so() -> None:
    real = read_policy(shipped_policy().encode()).policy
    synthetic = read_policy(policy_text(shipped_policy()).encode()).policy
    synthetic.check_round_allowed(synthetic=True)
    for policy, mode in ((real, True), (synthetic, False)):
        with pytest.raises(PolicyError, match="synthetic-mismatch"):
            policy.check_round_allowed(synthetic=mode)


@pytest.fixture
def agreements(tmp_path: Path) -> Agreements:
    parties = {"gm0197": identity("gm0197", Role.SUPPLIER)}
    path = tmp_path / "agreements.toml"
    path.write_text(agreements_text(signed_parties(parties), DAY))
    return load_agreements(path).agreements


@pytest.mark.parametrize(
    ("day", "in_force"),
    [
        (date(2026, 10, 3), False),
        (date(2026, 10, 4), True),
        (date(2027, 10, 5), True),
        (date(2027, 10, 6), False),
    ],
)
def test_an_agreement_is_in_force_from_its_first_to_its_last_day(
    agreements: Agreements, day: date, in_force: bool
) -> None:
    if in_force:
        assert agreements.check_in_force("gm0197", Role.SUPPLIER, day).version == "demo-1"
    else:
        with pytest.raises(PolicyError, match="agreement-not-in-force"):
            agreements.check_in_force("gm0197", Role.SUPPLIER, day)


def test_an_agreement_counts_for_its_own_party_and_role(agreements: Agreements) -> None:
    for party, role in (("gm0222", Role.SUPPLIER), ("gm0197", Role.APPROVER)):
        with pytest.raises(PolicyError, match="agreement-missing"):
            agreements.check_in_force(party, role, DAY)


def test_the_shipped_agreements_bind_nobody() -> None:
    root = Path(__file__).resolve().parents[2]
    shipped = load_agreements(root / "docs" / "dpia" / "agreements.toml").agreements
    for agreement in shipped.agreements:
        assert not agreement.in_force_on(DAY)
        with pytest.raises(PolicyError, match="agreement-not-signed"):
            shipped.fingerprint(agreement.party, agreement.role)


def test_a_definitive_agreement_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "agreements.toml"
    parties = {"gm0197": identity("gm0197", Role.SUPPLIER)}
    lines = agreements_text(signed_parties(parties), DAY).splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("document_sha256")))
    with pytest.raises(ConfigurationError, match="agreements-invalid"):
        load_agreements(path)


def test_settings_start_at_their_own_file(tmp_path: Path) -> None:
    (tmp_path / "service.toml").write_text(
        'database_url = "sqlite:///state.db"\nkey_folder = "keys"\nidentity = "identity.json"\n'
        'policy = "policy.toml"\nagreements = "/etc/agreements.toml"\nport = 8000\n'
    )
    settings = load_settings(tmp_path / "service.toml", ServiceSettings)
    assert settings.database_url == f"sqlite:///{tmp_path / 'state.db'}"
    assert settings.key_folder == tmp_path / "keys"
    assert settings.agreements == Path("/etc/agreements.toml")


@pytest.mark.parametrize("line", ["port = 'x'", "unknown = 1", "port = 8000"])
def test_incomplete_settings_are_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "service.toml").write_text(line)
    with pytest.raises(ConfigurationError, match="settings-invalid"):
        load_settings(tmp_path / "service.toml", ServiceSettings)
