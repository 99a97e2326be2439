"""Which engine a linkage runs on: embedded, unless the operator names a cluster.

``LINK_ENGINE=spark://host:port`` names the master of a Spark cluster, ``LINK_ENGINE_SECRET`` is the
cluster's secret and ``LINK_ENGINE_HOST`` the address under which its workers reach this process.
Spark is an extra of the linker: without a cluster it need not be installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from linker.linkage.database import Database, EngineSettings
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from linker.linkage.spark import SparkEngine

EMBEDDED = "duckdb"
_SPARK = "spark://"


def open_engine(
    settings: EngineSettings, environment: Mapping[str, str], shards: int = 1
) -> Database | SparkEngine:
    """The engine that the environment names; use it in a ``with`` block.

    Args:
        settings: what this machine allows.
        environment: of this process.
        shards: how many it will count; so many hands at most are of use.

    Raises:
        ConfigurationError: ``engine-unknown``, ``engine-secret-missing`` or
            ``engine-not-installed``.
    """
    url = environment.get("LINK_ENGINE", EMBEDDED)
    if url == EMBEDDED:
        return Database(settings, hands=min(shards, settings.threads))
    if not url.startswith(_SPARK):
        raise ConfigurationError(
            "engine-unknown",
            f"expected LINK_ENGINE to be {EMBEDDED} or to start with {_SPARK}, found another text",
            hint="leave LINK_ENGINE out to link on this machine",
        )
    secret = environment.get("LINK_ENGINE_SECRET", "")
    if not secret:
        raise ConfigurationError(
            "engine-secret-missing",
            "expected LINK_ENGINE_SECRET with the secret of the cluster, found nothing",
            hint="give it to the linker as its masters and workers have it",
        )
    return _spark(url, settings, secret, environment.get("LINK_ENGINE_HOST", "127.0.0.1"))


def _spark(url: str, settings: EngineSettings, secret: str, host: str) -> SparkEngine:
    try:
        from linker.linkage.spark import SparkEngine
    except ImportError as error:
        raise ConfigurationError(
            "engine-not-installed",
            f"expected the extra packages for Spark, found no {error.name}",
            hint="install the linker with its extra `spark`, and Java 17",
        ) from None
    return SparkEngine(url, settings, secret, host)
