"""Saved regions: a folder with everything in it, copied so that a life can begin there again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from shared.hashing.custody.home import Home
from shared.settings import ServiceSettings
from tests.support.parties import Clock, MiniRegion

AnySettings = TypeVar("AnySettings", bound=ServiceSettings)


def moved(region: MiniRegion, folder: Path) -> MiniRegion:
    """The same region, with its files below ``folder`` and a clock of its own."""

    def settings(of: AnySettings) -> AnySettings:
        """Settings that name the same files below ``folder``."""
        names = ("database_url", "key_folder", "identity", "policy", "agreements")
        here, there = str(region.folder), str(folder)
        paths = {name: str(getattr(of, name)).replace(here, there) for name in names}
        return of.model_validate({**dict(of), **paths})

    return replace(
        region,
        folder=folder,
        clock=Clock(region.clock.now),
        identities=dict(region.identities),
        agreements_path=folder / region.agreements_path.name,
        office=Home(folder / "sleutelbeheer"),
        linker_settings=settings(region.linker_settings),
        publisher_settings=settings(region.publisher_settings),
        log_lines=[],
    )


def copied(region: MiniRegion, folder: Path) -> MiniRegion:
    """A copy of the region below ``folder``, which must not exist; nothing may have it open."""
    shutil.copytree(region.folder, folder)
    return moved(region, folder)


def backed_up(region: MiniRegion, folder: Path) -> MiniRegion:
    """What a backup of both services holds: everything but the key folders."""
    shutil.copytree(region.folder, folder, ignore=shutil.ignore_patterns("keys"))
    return moved(region, folder)
