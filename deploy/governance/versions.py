"""The versions of the DPIA with their fingerprints: docs/dpia/versies.toml.

What is allowed never changes under a version that exists: a change asks for the next number, and
with it for the FG's advice. Only a version that is still a concept can be fingerprinted anew, and
only by who says so.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deploy.governance.fingerprint import PARTS, fingerprints
from deploy.governance.sources import Sources
from shared.errors import ConfigurationError
from shared.identity import Sha256
from shared.policy import Status, explain, parse_toml

_HEAD = """\
# De versies van de DPIA, elk met een vingerafdruk van wat er toen mocht. Gemaakt met `make pages`.
#
# Verandert een attribuut, codelijst, schema, grens, tabel of termijn, dan past de vingerafdruk niet
# meer. Er is dan een nieuwe versie nodig: zie wijzigen.md. Een regel die hier staat, blijft staan.
"""


class Version(BaseModel):
    """One version of the DPIA and what was allowed under it, part by part."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dpia: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")]
    written_on: date
    status: Status
    note: str
    parts: dict[str, Sha256]


def read_versions(path: Path) -> tuple[Version, ...]:
    """Every version in order; none where the file is not there yet.

    Raises:
        ConfigurationError: ``dpia-versions-invalid``.
    """
    if not path.exists():
        return ()
    document = parse_toml(path.read_bytes(), path.name)
    try:
        found = tuple(Version.model_validate(each) for each in document.get("versions", ()))
    except ValidationError as error:
        raise ConfigurationError(
            "dpia-versions-invalid",
            f"expected versions in {path.name}: {explain(error)}",
            hint="put the file back as it was; it is only ever added to",
        ) from error
    numbers = [_number(each.dpia) for each in found]
    if numbers != sorted(set(numbers)):
        raise ConfigurationError(
            "dpia-versions-invalid",
            f"expected versions in {path.name} in order and once each",
            hint="put the file back as it was; it is only ever added to",
        )
    return found


def changed_parts(known: Version, sources: Sources) -> tuple[str, ...]:
    """The parts of which the fingerprint is not that of ``known`` any more."""
    now = fingerprints(sources.policy)
    return tuple(name for name in PARTS if known.parts.get(name) != now[name])


def with_this_version(
    versions: tuple[Version, ...], sources: Sources, *, remake: bool = False
) -> tuple[Version, ...]:
    """The versions with the one of ``sources`` in it.

    Args:
        remake: fingerprint the last version anew, as long as it is a concept.

    Raises:
        ConfigurationError: ``dpia-version-unchanged``, naming what changed, or
            ``dpia-versions-differ`` where answers and policy name another version.
    """
    answers, policy = sources.answers, sources.policy
    if answers.version != policy.dpia_version:
        raise ConfigurationError(
            "dpia-versions-differ",
            f"expected one version of the DPIA, found {answers.version} in dpia.toml and "
            f"{policy.dpia_version} in policy.toml",
            hint="enter the same version in both",
        )
    fresh = Version(
        dpia=answers.version,
        written_on=answers.edited_on,
        status=policy.status,
        note=answers.note,
        parts=fingerprints(policy),
    )
    if not versions or _number(versions[-1].dpia) < _number(fresh.dpia):
        return (*versions, fresh)
    last = versions[-1]
    changed = changed_parts(last, sources)
    if last.dpia != fresh.dpia or (changed and not (remake and last.status is Status.CONCEPT)):
        raise ConfigurationError(
            "dpia-version-unchanged",
            f"expected a version after {last.dpia}, for these changed: {', '.join(changed)}",
            hint="raise version in dpia.toml and dpia_version in policy.toml, say in note what "
            "changed, and ask the FG; see docs/dpia/wijzigen.md",
        )
    return (*versions[:-1], fresh) if changed else versions


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def versions_text(versions: tuple[Version, ...]) -> str:
    """The file."""
    lines = [_HEAD]
    for each in versions:
        lines += [
            "[[versions]]",
            f'dpia = "{each.dpia}"',
            f"written_on = {each.written_on.isoformat()}",
            f'status = "{each.status.value}"',
            f'note = "{each.note}"',
            "",
            "[versions.parts]",
            *(f'{name} = "{each.parts[name]}"' for name in PARTS),
            "",
        ]
    return "\n".join(lines)
