"""The publisher's settings: one TOML file, its paths relative to that file."""

from __future__ import annotations

from pathlib import Path

from shared.settings import ServiceSettings, load_settings


class Settings(ServiceSettings):
    """What an operator sets; nothing beside what both services have, in this version."""


def load(path: Path) -> Settings:
    """Read settings.

    Raises:
        ConfigurationError: ``settings-invalid``.
    """
    return load_settings(path, Settings)
