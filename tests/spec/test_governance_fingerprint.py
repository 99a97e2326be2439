"""What is allowed does not change under a version of the DPIA that exists."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from deploy.governance import fingerprint as module
from deploy.governance.documents import VERSIONS
from deploy.governance.fingerprint import PARTS, fingerprints
from deploy.governance.sources import DPIA, Sources, read_sources
from deploy.governance.versions import (
    changed_parts,
    read_versions,
    versions_text,
    with_this_version,
)
from shared.contract import codes
from shared.errors import ConfigurationError
from shared.policy import Policy, Status

SOURCES = read_sources()


def test_nothing_that_is_allowed_changed_without_a_new_version() -> None:
    last = read_versions(DPIA / VERSIONS)[-1]
    assert last.dpia == SOURCES.policy.dpia_version == SOURCES.answers.version
    assert changed_parts(last, SOURCES) == (), (
        "what is allowed changed: raise the version of the DPIA, see docs/dpia/wijzigen.md"
    )


def changed_policy(**update: Any) -> Policy:
    return SOURCES.policy.model_copy(update=update)


def policies() -> dict[str, Policy]:
    """One small change per part of the policy."""
    policy = SOURCES.policy
    first = policy.schemas[0]
    fewer = first.model_copy(update={"attributes": first.attributes[:-1]})
    return {
        "purposes": changed_policy(purposes=policy.purposes[:-1]),
        "attributes": changed_policy(schemas=(fewer, *policy.schemas[1:])),
        "thresholds": changed_policy(
            protection=policy.protection.model_copy(update={"rate_min": 40})
        ),
        "tables": changed_policy(tables=policy.tables[:-1]),
        "terms": changed_policy(retention=policy.retention.model_copy(update={"ledger_days": 9})),
    }


@pytest.mark.parametrize("part", policies())
def test_a_change_shows_in_its_own_part_only(part: str) -> None:
    before, after = fingerprints(SOURCES.policy), fingerprints(policies()[part])
    assert [name for name in PARTS if before[name] != after[name]] == [part]


def test_a_code_more_and_another_constant_show(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprints(SOURCES.policy)
    monkeypatch.setattr(codes, "NO_PROVIDER", "99999999")
    monkeypatch.setattr(module, "OBJECTION_BLOCK", 26)
    after = fingerprints(SOURCES.policy)
    assert [name for name in PARTS if before[name] != after[name]] == ["code_lists", "scheme"]


def test_words_and_comments_do_not_show() -> None:
    said = changed_policy(version="9.9.9", fg_advice_on=date(2030, 1, 1))
    assert fingerprints(said) == fingerprints(SOURCES.policy)


def other(policy: Policy, version: str | None = None) -> Sources:
    if version is None:
        return replace(SOURCES, policy=policy)
    return replace(
        SOURCES,
        policy=policy.model_copy(update={"dpia_version": version}),
        answers=SOURCES.answers.model_copy(update={"version": version}),
    )


def test_a_version_that_exists_refuses_a_change_and_names_it() -> None:
    known = with_this_version((), SOURCES)
    assert with_this_version(known, SOURCES) == known
    with pytest.raises(ConfigurationError, match="dpia-version-unchanged") as refused:
        with_this_version(known, other(policies()["terms"]))
    assert "terms" in refused.value.message
    assert "wijzigen.md" in refused.value.hint


def test_the_next_version_is_added_and_the_old_one_stays() -> None:
    known = with_this_version((), SOURCES)
    later = with_this_version(known, other(policies()["terms"], "9.0"))
    assert later[:1] == known
    assert later[1].dpia == "9.0"
    with pytest.raises(ConfigurationError, match="dpia-version-unchanged"):
        with_this_version(later, SOURCES)  # never back


def test_only_a_concept_is_fingerprinted_anew() -> None:
    known = with_this_version((), SOURCES)
    changed = other(policies()["tables"])
    assert with_this_version(known, changed, remake=True)[0].parts != known[0].parts
    settled = (known[0].model_copy(update={"status": Status.DEFINITIEF}),)
    with pytest.raises(ConfigurationError, match="dpia-version-unchanged"):
        with_this_version(settled, changed, remake=True)


def test_answers_and_policy_name_one_version() -> None:
    changed = replace(SOURCES, answers=SOURCES.answers.model_copy(update={"version": "8.0"}))
    with pytest.raises(ConfigurationError, match="dpia-versions-differ"):
        with_this_version((), changed)


def test_the_list_comes_back_and_is_in_order(tmp_path: Path) -> None:
    known = with_this_version((), SOURCES)
    both = with_this_version(known, other(SOURCES.policy, "0.10"))
    path = tmp_path / "versies.toml"
    path.write_text(versions_text(both))
    assert read_versions(path) == both
    path.write_text(versions_text(both[::-1]))
    with pytest.raises(ConfigurationError, match="dpia-versions-invalid"):
        read_versions(path)
