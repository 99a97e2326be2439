"""The linker's settings: one TOML file, its paths relative to that file."""

from __future__ import annotations

from pathlib import Path

from shared.settings import ServiceSettings, load_settings


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


def load(path: Path) -> Settings:
    """Read settings.

    Raises:
        ConfigurationError: ``settings-invalid``.
    """
    return load_settings(path, Settings)
