"""Link a drawn population in a process of its own: ``linking_child SOURCE SHARDS LIMIT_MB FOLDER``.

Prints, as JSON, how much memory it took at its highest, how many cells it made, and the code of
the error that stopped it; and what the staging folder held while it linked.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.linkage.ours import covered_places, delivered
from benchmarks.linkage.scale import PERIODS
from linker.linkage.database import EngineSettings
from linker.linkage.engine import link_shards
from linker.linkage.staged import StagedShards
from shared.contract.periods import school_year
from shared.errors import MonitorError
from shared.reference import Reference


def main(source: Path, shards: int, limit_mb: int, folder: Path) -> None:
    cells, code, names = 0, "", set[str]()
    reference = Reference.load(source / "reference.json")
    with StagedShards(shards, folder) as staged:
        for each in delivered(source):
            staged.add(each)

        def progress(_step: str, _done: int, _steps: int) -> None:
            names.update(path.name for path in folder.iterdir())

        try:
            linked = link_shards(
                staged,
                staged.suppliers,
                reference,
                [school_year(2000 + code) for code in PERIODS],
                covered_places(source),
                EngineSettings(memory_limit_mb=limit_mb),
                progress,
                count=shards,
                file=staged.file,
            )
        except MonitorError as error:
            code = error.code
        else:
            cells = len(linked.store)
    peak = _peak_megabytes()
    found = {"cells": cells, "code": code, "peak_mb": peak, "names": sorted(names)}
    sys.stdout.write(json.dumps(found))


def _peak_megabytes() -> int:
    """Of this program alone: what the kernel tells of a process counts its parent's memory too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak) // 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
