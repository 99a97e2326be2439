"""Hosts and networks of their own on this machine, as the compose file lays them out.

Every service, and whoever comes from outside, is a network namespace; every network of the file
joins two of them by a cable. Nothing forwards. It all goes when the test ends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

OUTSIDE = {"suppliers": "supplier", "readers": "reader"}
"""Who stands at the other end of a network that leads outside."""
_LISTEN = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
while True:
    connection, _ = server.accept()
    if len(sys.argv) > 3:
        with socket.create_connection((sys.argv[3], int(sys.argv[4])), 2) as behind:
            connection.sendall(behind.recv(64))
    else:
        connection.sendall(b"hier")
    connection.close()
"""
_CONNECT = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 1) as met:
        met.settimeout(3)
        print(met.recv(64).decode())
except OSError:
    print("niet")
"""


def ip(*arguments: str) -> None:
    """Run ``ip`` and expect it to do what is asked."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def allowed() -> bool:
    """Whether this machine lets us make a network namespace with a cable to it."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        return False
    name = f"moj-{os.getpid()}-try"
    try:
        ip("netns", "add", name)
        ip("-n", name, "link", "add", "name", "moja", "type", "veth", "peer", "name", "mojb")
    except subprocess.CalledProcessError:
        return False
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
    return True


@dataclass
class Hosts:
    """The namespaces, with the address of each on each network."""

    prefix: str
    address: dict[tuple[str, str], str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    _running: list[subprocess.Popen[str]] = field(default_factory=list)

    def add(self, host: str) -> None:
        if host not in self.names:
            ip("netns", "add", self.prefix + host)
            self.names.add(host)
            ip("-n", self.prefix + host, "link", "set", "lo", "up")

    def join(self, network: str, ends: Mapping[str, str], number: int) -> None:
        """Lay a cable between the two hosts on a network."""
        cables = [f"mj{os.getpid() % 10_000}{number}{side}" for side in "ab"]
        ip("link", "add", cables[0], "type", "veth", "peer", "name", cables[1])
        for cable, (host, address) in zip(cables, ends.items(), strict=True):
            ip("link", "set", cable, "netns", self.prefix + host)
            ip("-n", self.prefix + host, "addr", "add", f"{address}/24", "dev", cable)
            ip("-n", self.prefix + host, "link", "set", cable, "up")
            self.address[host, network] = address

    def listen(
        self, host: str, network: str, port: int, behind: tuple[str, int] | None = None
    ) -> None:
        """Listen on one address; pass on what a service behind it says, where there is one."""
        more = [behind[0], str(behind[1])] if behind else []
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.prefix + host, sys.executable, "-I", "-c", _LISTEN,
             self.address[host, network], str(port), *more],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    def reaches(self, host: str, address: str, port: int) -> bool:
        """Whether ``host`` gets an answer there."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.prefix + host, sys.executable, "-I", "-c", _CONNECT,
             address, str(port)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip() == "hier"

    def route_everything_by(self, host: str, address: str) -> None:
        """What somebody does who took the host over: send everything to a neighbour."""
        ip("-n", self.prefix + host, "route", "replace", "default", "via", address)

    def remove(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
        for name in self.names:
            subprocess.run(["ip", "netns", "del", self.prefix + name], check=False)


@contextmanager
def laid_out(document: Mapping[str, Any]) -> Iterator[Hosts]:
    """The hosts and networks of a compose file."""
    hosts = Hosts(f"moj-{os.getpid()}-")
    try:
        for number, network in enumerate(document["networks"]):
            members = [
                name for name, each in document["services"].items() if network in each["networks"]
            ]
            members += [OUTSIDE[network]] if network in OUTSIDE else []
            assert len(members) == 2, f"{network} joins {members}"
            for host in members:
                hosts.add(host)
            ends = {host: f"10.77.{number}.{n + 1}" for n, host in enumerate(members)}
            hosts.join(network, ends, number)
        yield hosts
    finally:
        hosts.remove()
