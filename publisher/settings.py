"""The publisher's settings: what an operator sets beside what both services have."""

from __future__ import annotations

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What an operator sets; nothing more than both services have, in this version."""
