"""The manifest of a linkage: everything that its tally follows from, and what made it.

It holds hashes of ciphertext and of public documents, versions and settings: nothing about a
person. The tally itself is named by a keyed MAC only, which stands beside the manifest.

Source: DESIGN 3.5 and 5 (same deliveries, code and policy, the same tally).
"""

from __future__ import annotations

import hmac
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from shared.canonical import canonical_json, pae, parse_canonical, sha256_hex
from shared.contract.tally import Tally, TallyHeader
from shared.redaction import Secret

if TYPE_CHECKING:  # the engine is large, and who only reads a manifest has no use for it
    from linker.linkage.database import EngineSettings

PACKAGES = ("cryptography", "duckdb", "numpy", "pyarrow")
"""Packages whose version could change a count or the bytes of a tally."""

_ROWS = 1 << 16
_MADE_WITH = ("linker_version", "engine")
"""Parts of a header that say what made the tally, and not what it is."""


class Manifest(BaseModel):
    """With what one linkage was made.

    Attributes:
        inputs: sha256 of the ciphertext of every part that was linked, sorted.
        catalogue: sha256 of the tables and measures that were counted.
        packages: versions, also of Python.
        settings: of the engine; they decide over memory and time, and can change no count.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["MOJ/1 manifest"] = "MOJ/1 manifest"
    round_id: str
    round_statement: str
    revision: int
    policy: str
    reference: str
    inputs: tuple[str, ...]
    catalogue: str
    linker_version: str
    engine: str
    packages: dict[str, str]
    settings: dict[str, int]

    @classmethod
    def of(cls, header: TallyHeader, settings: EngineSettings) -> Manifest:
        """The manifest of the linkage that made a tally, here and now."""
        return cls(
            round_id=header.round_id,
            round_statement=header.round_statement,
            revision=header.revision,
            policy=header.policy,
            reference=header.reference,
            inputs=header.inputs,
            catalogue=_catalogue(header),
            linker_version=header.linker_version,
            engine=header.engine,
            packages=_versions(),
            settings={name: int(value) for name, value in asdict(settings).items()},
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Read a manifest that this linker kept."""
        return cls.model_validate(parse_canonical(data))

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def sha256(self) -> str:
        """Hash of the canonical bytes, for the ledger."""
        return sha256_hex(self.to_bytes())


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was when the tally was made."""

    what: str
    then: str
    now: str


def differences(then: Manifest, now: Manifest) -> tuple[Difference, ...]:
    """What differs between two linkages, but for the settings, which can change nothing."""
    return tuple(_differences(then, now))


def _differences(then: Manifest, now: Manifest) -> Iterator[Difference]:
    for name in ("round_statement", "policy", "reference", "catalogue", *_MADE_WITH):
        before, after = getattr(then, name), getattr(now, name)
        if before != after:
            yield Difference(name.replace("_", " "), before, after)
    for name in sorted({*then.packages, *now.packages}):
        before, after = then.packages.get(name, "absent"), now.packages.get(name, "absent")
        if before != after:
            yield Difference(name, before, after)
    if then.inputs != now.inputs:
        yield Difference("inputs", f"{len(then.inputs)} parts", f"{len(now.inputs)} other parts")


def tally_mac(tally: Tally, key: Secret) -> str:
    """A keyed MAC of what a tally says: its header and its cells, not what made it.

    It does not depend on how text is held in memory, so that the same counts that another
    version of the software makes have the same MAC.
    """
    header = tally.header.model_dump(mode="json", exclude=set(_MADE_WITH))
    mac = hmac.new(key.reveal(), digestmod=sha256)
    mac.update(pae(b"MOJ/1 tally mac", canonical_json(header)))
    plain = pa.schema(
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in tally.cells.schema
    ).remove_metadata()
    with pa.ipc.new_stream(pa.PythonFile(_Sink(mac), "w"), plain) as stream:
        for first in range(0, tally.cells.num_rows, _ROWS):
            # Taken, not sliced: a slice is written with the bytes that lie behind it in memory.
            last = min(first + _ROWS, tally.cells.num_rows)
            piece = tally.cells.take(np.arange(first, last)).combine_chunks()
            stream.write_table(piece.cast(plain), max_chunksize=_ROWS)
    return mac.hexdigest()


class _Sink:
    """A file that is only hashed: the cells never stand in memory a second time."""

    closed = False

    def __init__(self, mac: hmac.HMAC) -> None:
        self._mac = mac

    def write(self, data: bytes) -> int:
        """Add some bytes."""
        self._mac.update(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


def _catalogue(header: TallyHeader) -> str:
    parts: dict[str, Any] = header.model_dump(mode="json", include={"tables", "derived"})
    return sha256_hex(canonical_json(parts))


def _versions() -> dict[str, str]:
    found = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **found}
