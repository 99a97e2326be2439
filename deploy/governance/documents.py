"""Every made document of docs/dpia by its name, and one function that writes them all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from deploy.governance.dictionary import dictionary_page
from deploy.governance.figures_page import figures_page
from deploy.governance.output import dpia_document
from deploy.governance.readable import dpia_page
from deploy.governance.register import register_page
from deploy.governance.sources import DPIA, Sources, read_sources
from deploy.governance.versions import read_versions, versions_text, with_this_version
from shared.agreements import Agreements
from shared.policy import Policy

VERSIONS = "versies.toml"


def documents(sources: Sources) -> Mapping[str, bytes]:
    """Name and bytes of every document that is made, but the list of versions."""
    return {
        "dpia.md": dpia_page(sources).encode(),
        "dpia.json": dpia_document(sources),
        "cijfers.md": figures_page(sources.figures).encode(),
        "gegevenswoordenboek.md": dictionary_page(sources).encode(),
        "verwerkersregister.md": register_page(sources).encode(),
        "policy.schema.json": _schema(Policy, "policy.toml"),
        "agreements.schema.json": _schema(Agreements, "agreements.toml"),
    }


def _schema(model: type[BaseModel], name: str) -> bytes:
    """The JSON schema of a document, for an editor that helps to write it."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **model.model_json_schema(),
        "title": name,
    }
    return (json.dumps(schema, ensure_ascii=False, indent=1) + "\n").encode()


def write_all(folder: Path = DPIA, *, remake: bool = False) -> tuple[str, ...]:
    """Write every document; the names of those that changed.

    Args:
        remake: fingerprint a version that is still a concept anew.

    Raises:
        ConfigurationError: ``dpia-version-unchanged``, before anything is written.
    """
    sources = read_sources(folder)
    versions = with_this_version(read_versions(folder / VERSIONS), sources, remake=remake)
    made = {**documents(sources), VERSIONS: versions_text(versions).encode()}
    changed = []
    for name, data in made.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
            changed.append(name)
    return tuple(changed)
