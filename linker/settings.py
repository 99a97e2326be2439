"""The linker's settings: what an operator sets beside what both services have."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from linker.intake.plausibility import DEFAULT_BANDS, Bands
from linker.linkage.staged import ROWS_PER_SHARD
from linker.oversight.alarms import DEFAULT_ALARM_BANDS, AlarmBands
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What an operator sets.

    Attributes:
        publisher_url: where tallies are sent.
        publisher_ca: PEM file of the only authorities that may sign the publisher's certificate;
            empty trusts what this computer trusts.
        client_certificate: PEM file with our certificate for the publisher's proxy and its key;
            empty shows none.
        memory_limit_mb: memory that the linkage engine may use; it never spills to disk.
        threads: threads of the linkage engine.
        shard_rows: rows that the linkage holds at once; more are staged in sealed shards.
        operator_port: where `linker operator` shows its pages, on this computer only.
        bands: outside which figures a delivery is held.
        alarms: from which figures a linkage gives an alarm.
    """

    OPTIONAL_PATHS: ClassVar[tuple[str, ...]] = (
        *ServiceSettings.OPTIONAL_PATHS,
        "publisher_ca",
        "client_certificate",
    )

    publisher_url: str
    publisher_ca: str = ""
    client_certificate: str = ""
    memory_limit_mb: int = 2048
    threads: int = 2
    shard_rows: Annotated[int, Field(ge=1)] = ROWS_PER_SHARD
    operator_port: Annotated[int, Field(ge=1, le=65535)] = 8411
    bands: Bands = DEFAULT_BANDS
    alarms: AlarmBands = DEFAULT_ALARM_BANDS
