"""What a benchmark ran on."""

from __future__ import annotations

import os
import platform
import re
from datetime import date
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """What it ran on."""
    processor = memory = ""
    for path, pattern in (("/proc/cpuinfo", r"model name\s*:\s*(.+)"), ("/proc/meminfo",
                           r"MemTotal:\s*(\d+) kB")):  # fmt: skip
        found = re.search(pattern, Path(path).read_text()) if Path(path).exists() else None
        value = found.group(1) if found else ""
        processor, memory = (value, memory) if path.endswith("cpuinfo") else (processor, value)
    return {
        "processor": processor or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": int(memory or 0) * 1024,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_average_before": os.getloadavg()[0],
        "on": date.today().isoformat(),
    }


def in_words(on: dict[str, Any]) -> str:
    """The machine in one clause, for a document."""
    return (
        f"{on['cores']} cores ({on['processor']}), {on['memory_bytes'] / (1 << 30):.0f} GiB, "
        f"{on['system']}, Python {on['python']}; "
        f"load before the start {on['load_average_before']:.2f}"
    )
