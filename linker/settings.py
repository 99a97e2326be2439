"""The linker's settings: what an operator sets beside what both services have."""

from __future__ import annotations

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What an operator sets.

    Attributes:
        publisher_url: where tallies are sent.
        memory_limit_mb: memory that the linkage engine may use; it never spills to disk.
        threads: threads of the linkage engine.
    """

    publisher_url: str
    memory_limit_mb: int = 2048
    threads: int = 2
