"""A service in a process of its own on loopback, with the clock of the test."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx2

from deploy.loopback import free_port
from linker import app as linker_app
from linker.settings import Settings as LinkerSettings
from publisher import app as publisher_app
from publisher.settings import Settings as PublisherSettings
from shared.service import serving
from shared.settings import ServiceSettings
from tests.support.parties import MiniRegion

START_SECONDS = 60
HOST = "127.0.0.1"


@dataclass
class Served:
    """A running service."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def peak_megabytes(self) -> int:
        """The most memory that the process has had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) // 1024

    def stop(self, seconds: float = 30) -> int:
        """Ask it to end, as an operating system does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@contextmanager
def served(package: str, settings: ServiceSettings, now: datetime, grace: int) -> Iterator[Served]:
    """Run a service until the block ends."""
    port = free_port()
    document = {**settings.model_dump(mode="json"), "port": port}
    order = json.dumps(
        {"package": package, "settings": document, "now": now.isoformat(), "grace": grace}
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.serving", order],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, port)
        yield Served(process, port)
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    ends_at = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < ends_at:
        try:
            answer = httpx2.get(f"http://{HOST}:{port}/healthz", trust_env=False)
        except httpx2.HTTPError:
            time.sleep(0.05)
            continue
        if answer.status_code == 200:
            return
    raise RuntimeError("the service did not start")


@contextmanager
def served_linker(region: MiniRegion, grace: int = serving.GRACE_SECONDS) -> Iterator[Served]:
    """The linker; ``grace`` is how long it lets requests end when it must stop."""
    with served("linker", region.linker_settings, region.clock(), grace) as running:
        yield running


@contextmanager
def served_publisher(region: MiniRegion) -> Iterator[Served]:
    """The publisher."""
    settings = region.publisher_settings
    with served("publisher", settings, region.clock(), serving.GRACE_SECONDS) as running:
        yield running


def main(order: str) -> None:
    """Serve what the order says."""
    read = json.loads(order)
    now = datetime.fromisoformat(read["now"])
    if read["package"] == "linker":
        app = linker_app.create_app(LinkerSettings(**read["settings"]), clock=lambda: now)
    else:
        app = publisher_app.create_app(PublisherSettings(**read["settings"]), clock=lambda: now)
    serving.GRACE_SECONDS = read["grace"]
    serving.serve(app, HOST, read["settings"]["port"])


if __name__ == "__main__":
    main(sys.argv[1])
