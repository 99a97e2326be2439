"""Settings that both services have, read from one TOML file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.agreements import PinnedAgreements, load_agreements
from shared.errors import ConfigurationError
from shared.files import read_file
from shared.identity import PASSPHRASE, Identity
from shared.policy import PinnedPolicy, explain, load_policy, parse_toml


class ServiceSettings(BaseModel):
    """What an operator sets for either service; relative paths start at the settings file.

    Attributes:
        database_url: SQLAlchemy URL; ``sqlite:///…`` or ``postgresql+psycopg://…``.
        key_folder: seeds of rounds, on a volume of its own outside backups and snapshots.
        identity: the private identity file, a service credential.
        signed_documents: folder of the signed PDFs, each compared with its hash; empty is none.
        requests_per_second: how often one address may ask, on the long run.
        request_burst: how often at once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    OPTIONAL_PATHS: ClassVar[tuple[str, ...]] = ("signed_documents",)
    """Settings that are a path or empty."""

    database_url: str
    key_folder: Path
    identity: Path
    policy: Path
    agreements: Path
    signed_documents: str = ""
    host: str = "127.0.0.1"
    port: int
    requests_per_second: Annotated[float, Field(gt=0)] = 100
    request_burst: Annotated[int, Field(ge=1)] = 1_000

    def load_identity(self) -> Identity:
        """The service's identity."""
        return Identity.load(self.identity, os.environ.get(PASSPHRASE))

    def load_policy(self) -> PinnedPolicy:
        """The policy in use."""
        return load_policy(self.policy)

    def load_agreements(self) -> PinnedAgreements:
        """The agreements in use, read anew so that an expiry or a change counts at once."""
        folder = Path(self.signed_documents) if self.signed_documents else None
        return load_agreements(self.agreements, folder)


AnySettings = TypeVar("AnySettings", bound=ServiceSettings)


def load_settings(path: Path, model: type[AnySettings]) -> AnySettings:
    """Read a settings file.

    Raises:
        ConfigurationError: ``settings-invalid``, naming each place.
    """
    document = parse_toml(read_file(path, "settings"), path.name)
    folder = path.resolve().parent
    for name in ("key_folder", "identity", "policy", "agreements"):
        if isinstance(document.get(name), str):
            document[name] = folder / document[name]
    for name in model.OPTIONAL_PATHS:
        if isinstance(named := document.get(name), str) and named:
            document[name] = str(folder / named)
    url = document.get("database_url")
    if isinstance(url, str) and url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        document["database_url"] = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError(
            "settings-invalid",
            f"expected complete settings in {path.name}: {explain(error)}",
            hint="mend the places that are named",
        ) from error
