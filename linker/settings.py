"""The linker's settings: what an operator sets beside what both services have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from linker.plausibility import DEFAULT_BANDS, Bands
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What an operator sets.

    Attributes:
        publisher_url: where tallies are sent.
        memory_limit_mb: memory that the linkage engine may use; it never spills to disk.
        threads: threads of the linkage engine.
        operator_port: where `linker operator` shows its pages, on this computer only.
        bands: outside which figures a delivery is held.
    """

    publisher_url: str
    memory_limit_mb: int = 2048
    threads: int = 2
    operator_port: Annotated[int, Field(ge=1, le=65535)] = 8411
    bands: Bands = DEFAULT_BANDS
