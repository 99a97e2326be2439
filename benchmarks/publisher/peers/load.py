"""Readers that ask one address after another, without a pause, and note how long each takes.

``load.py BASE READERS SECONDS ADDRESSES RESULT``, with aiohttp and the standard library only.
ADDRESSES is a file with one a line; RESULT gets, as JSON, every duration in seconds per address.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp


async def _read(session: Any, base: str, addresses: list[str], start: int, ends_at: float,
                found: dict[str, list[float]], failed: list[str]) -> None:  # fmt: skip
    place = start
    while time.perf_counter() < ends_at:
        address = addresses[place % len(addresses)]
        began = time.perf_counter()
        async with session.get(base + address) as answer:
            await answer.read()
            good = answer.status == 200
        (found[address].append(time.perf_counter() - began) if good else failed.append(address))
        place += 1


async def _all(base: str, readers: int, seconds: float, addresses: list[str]) -> dict[str, Any]:
    found: dict[str, list[float]] = {address: [] for address in addresses}
    failed: list[str] = []
    connector = aiohttp.TCPConnector(limit=readers)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
        began = time.perf_counter()
        step = max(1, len(addresses) // readers)
        await asyncio.gather(
            *(
                _read(session, base, addresses, reader * step, began + seconds, found, failed)
                for reader in range(readers)
            )
        )
        took = time.perf_counter() - began
    return {"seconds": took, "durations": found, "failed": len(failed)}


if __name__ == "__main__":
    base_, readers_, seconds_, addresses_, result_ = sys.argv[1:]
    asked = Path(addresses_).read_text(encoding="ascii").split()
    measured = asyncio.run(_all(base_, int(readers_), float(seconds_), asked))
    Path(result_).write_text(json.dumps(measured), encoding="ascii")
