"""Which engine a linkage runs on, and that all of its SQL can be carried over."""

from __future__ import annotations

import pytest

from linker.linkage.database import Database, EngineSettings
from linker.linkage.engines import open_engine
from shared.errors import ConfigurationError

SETTINGS = EngineSettings(memory_limit_mb=100)


@pytest.mark.parametrize("environment", [{}, {"LINK_ENGINE": "duckdb"}])
def test_the_embedded_engine_is_the_default(environment: dict[str, str]) -> None:
    with open_engine(SETTINGS, environment) as engine:
        assert isinstance(engine, Database)


@pytest.mark.parametrize("url", ["", "yarn", "spark:/host", "local[2]"])
def test_another_engine_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="engine-unknown"):
        open_engine(SETTINGS, {"LINK_ENGINE": url})


def test_a_cluster_without_secret_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="engine-secret-missing"):
        open_engine(SETTINGS, {"LINK_ENGINE": "spark://127.0.0.1:7077"})
