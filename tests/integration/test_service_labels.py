"""Labels of logs and counters: the whole template of a route, and nothing that was asked for."""

from __future__ import annotations

import io
import json
import re

import pytest
from fastapi.testclient import TestClient

from linker.app import create_app as linker_app
from publisher.app import create_app as publisher_app
from shared.service.logs import Log
from tests.support.endpoints import endpoints
from tests.support.parties import MiniRegion

ASKED = "999000007"


@pytest.mark.parametrize(
    ("service", "one"),
    [("linker", "/envelopes/{sha256}/mirror"), ("publisher", "/api/v1/releases/{releaseId}")],
)
def test_a_route_is_logged_and_counted_by_its_whole_template(
    region: MiniRegion, service: str, one: str
) -> None:
    out = io.StringIO()
    log = Log(service, out)
    if service == "linker":
        app = linker_app(region.linker_settings, clock=region.clock, log=log)
    else:
        app = publisher_app(region.publisher_settings, clock=region.clock, log=log)
    templates = {path for method, path in endpoints(app) if method == "GET"}
    assert one in templates
    with TestClient(app) as client:
        for path in sorted(templates):
            client.get(re.sub(r"{[^}]+}", ASKED, path))
        client.get(f"/{ASKED}")
        counted = client.get("/metrics").text
    logged = {json.loads(line)["route"] for line in out.getvalue().splitlines()}
    assert logged <= {path for _, path in endpoints(app)} | {"unmatched"}
    assert {one, "unmatched"} <= logged
    assert f'route="{one}"' in counted
    assert ASKED not in out.getvalue() + counted
