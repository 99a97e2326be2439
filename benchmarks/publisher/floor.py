"""The least that a server of this kind can do: the same bytes from memory, with nothing around.

``python -m benchmarks.publisher.floor BODIES PORT CORE``, where BODIES is a folder with a file
``addresses`` and per line of it a file of its number. Same server, same settings, one core.
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.publisher.service import use_one_core
from shared.service.serving import configuration


def floor_app(folder: Path) -> Starlette:
    """Every address with its bytes."""
    addresses = (folder / "addresses").read_text(encoding="ascii").split()
    bodies = {address: (folder / f"{n}").read_bytes() for n, address in enumerate(addresses)}

    async def answer(request: Request) -> Response:
        return Response(bodies[request.url.path], media_type="text/html")

    return Starlette(routes=[Route("/{path:path}", answer)])


def main(folder: Path, port: int, core: int) -> None:
    """Serve until stopped."""
    use_one_core(core)
    uvicorn.Server(configuration(floor_app(folder), "127.0.0.1", port)).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
