"""A standalone Spark master with two workers on loopback, for the demonstration and the tests.

Its settings are those that the linkage demands: a secret that is drawn for this cluster, traffic
and local files encrypted. Everything that it writes is in one folder, which goes with it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from deploy.loopback import HOST as LOOPBACK
from deploy.loopback import free_port

WORKERS = 2
WORKER_MEMORY_MB = 1_024
STARTS_WITHIN_SECONDS = 120.0
POLL_SECONDS = 0.1
QUICK_JAVA = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
"""For the environment of a short-lived cluster: Java does not try to make long runs fast."""
_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
_REGISTERED = "Successfully registered with master"
_LOGGING = """\
rootLogger.level = info
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %m%n
"""


class NotStartedError(Exception):
    """The cluster did not come up."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running cluster: what the linker must be told to use it."""

    url: str
    secret: str

    def environment(self) -> dict[str, str]:
        """The variables that name this cluster to the linker."""
        return {
            "LINK_ENGINE": self.url,
            "LINK_ENGINE_SECRET": self.secret,
            "LINK_ENGINE_HOST": LOOPBACK,
        }


def absent() -> str:
    """What a cluster needs and this machine lacks; empty when it can start."""
    if shutil.which("java") is None:
        return "java 17"
    missing = [name for name in ("pyspark", "sqlglot") if find_spec(name) is None]
    return " and ".join(missing)


@contextmanager
def running() -> Iterator[Cluster]:
    """Start a cluster; at the end every process of it is gone, and what it wrote.

    Raises:
        NotStartedError: not all workers had joined in time.
    """
    with tempfile.TemporaryDirectory(prefix="spark-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        secret = secrets.token_hex(32)
        _configure(folder, secret)
        port = free_port()
        url = f"spark://{LOOPBACK}:{port}"
        stack.enter_context(
            _daemon(folder, "master", _MASTER, "--port", str(port), "--webui-port", "0")
        )
        for number in range(WORKERS):
            worker = f"worker-{number + 1}"
            options = ("--cores", "1", "--memory", f"{WORKER_MEMORY_MB}m", "--webui-port", "0",
                       "--work-dir", str(folder / worker), url)  # fmt: skip
            stack.enter_context(_daemon(folder, worker, _WORKER, *options))
        _await_workers(folder)
        yield Cluster(url, secret)


def _configure(folder: Path, secret: str) -> None:
    (folder / "log4j2.properties").write_text(_LOGGING, encoding="ascii")
    settings = folder / "spark-defaults.conf"
    settings.touch(mode=0o600)
    settings.write_text(
        "spark.authenticate true\n"
        f"spark.authenticate.secret {secret}\n"
        "spark.network.crypto.enabled true\n"
        "spark.network.crypto.cipher AES/GCM/NoPadding\n"
        "spark.io.encryption.enabled true\n",
        encoding="ascii",
    )


@contextmanager
def _daemon(folder: Path, name: str, main: str, *options: str) -> Iterator[None]:
    spark = find_spec("pyspark")
    if spark is None or spark.origin is None:
        raise NotStartedError("pyspark is not installed")
    home = Path(spark.origin).parent
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "SPARK_HOME": str(home),
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_LOCAL_DIRS": str(folder),
        "SPARK_DAEMON_MEMORY": "256m",
        **QUICK_JAVA,
    }
    if "JAVA_HOME" in os.environ:
        environment["JAVA_HOME"] = os.environ["JAVA_HOME"]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", str(home / "bin" / "spark-class"), main, "--host", LOOPBACK, *options],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await_workers(folder: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    logs = [folder / f"worker-{number + 1}.log" for number in range(WORKERS)]
    while time.monotonic() < deadline:
        if all(_REGISTERED in log.read_text(errors="replace") for log in logs):
            return
        time.sleep(POLL_SECONDS)
    raise NotStartedError(f"expected {WORKERS} workers within {STARTS_WITHIN_SECONDS:.0f} s")
