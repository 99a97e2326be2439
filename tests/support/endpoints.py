"""Every endpoint of an app as it is served, a description of all of them, and asking it all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import schemathesis
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.core.result import Ok

from publisher.access.forms import MEDIA_TYPE
from shared.service.headers import SECURITY_HEADERS
from tests.support.assurance import figure, recorded

SEED = 20261122
EXAMPLES = figure(8, 300)
LONG_ENOUGH = 12
"""A value of more characters than this is not in an answer by chance."""

QUERY = ("level", "unit", "q", "naar", "state", "code")
"""Keys of a query that some endpoint reads."""

Endpoint = tuple[str, str]
"""Method and path template."""


def endpoints(app: FastAPI) -> set[Endpoint]:
    """Everything that ``app`` answers, whether its description names it or not."""
    return {
        (method, route.path)
        for route in iter_route_contexts(app.routes)
        for method in route.methods or ()
        if method != "HEAD" and route.path
    }


def described(app: FastAPI) -> set[Endpoint]:
    """Everything that the OpenAPI description of ``app`` names."""
    paths = app.openapi()["paths"]
    return {(method.upper(), path) for path, item in paths.items() for method in item}


def full_description(
    app: FastAPI,
    known: Mapping[str, str],
    forms: Mapping[str, Mapping[str, str]] | None = None,
    only: str = "",
) -> dict[str, Any]:
    """An OpenAPI document of every endpoint.

    Args:
        app: of a service.
        known: by name of a parameter, a value that exists.
        forms: by address, the fields of its form with a value that is right, or empty for none.
        only: a pattern of the addresses to describe; all where it is empty.
    """
    paths: dict[str, dict[str, Any]] = {}
    for method, path in sorted(endpoints(app)):
        if re.fullmatch(only or ".*", path) is None:
            continue
        names = re.findall(r"{(\w+)(?::\w+)?}", path)
        parameters = [_parameter(name, "path", known) for name in names]
        parameters += [_parameter(name, "query", known) for name in QUERY]
        operation: dict[str, Any] = {
            "parameters": parameters,
            "responses": {"default": {"description": "an answer"}},
        }
        if method == "PUT":
            body = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
            operation["requestBody"] = {"content": body}
        elif method == "POST":
            operation["requestBody"] = {"content": {MEDIA_TYPE: {"schema": _form(path, forms)}}}
        paths.setdefault(path, {})[method.lower()] = operation
    return {"openapi": "3.1.0", "info": {"title": "all", "version": "1"}, "paths": paths}


def _parameter(name: str, place: str, known: Mapping[str, str]) -> dict[str, Any]:
    schema = _text(known.get(name, ""))
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _form(path: str, forms: Mapping[str, Mapping[str, str]] | None) -> dict[str, Any]:
    fields = (forms or {}).get(path, {})
    return {
        "type": "object",
        "properties": {name: _text(value) for name, value in fields.items()},
        "required": sorted(fields),
        "additionalProperties": {"type": "string"},
    }


def _text(right: str) -> dict[str, Any]:
    """Any text, and often the right one."""
    anything: dict[str, Any] = {"type": "string"}
    return {"anyOf": [{"const": right}, anything]} if right else anything


def ask_everything(
    client: TestClient, description: dict[str, Any], expected: frozenset[str] = frozenset()
) -> int:
    """Ask everything of every endpoint that is described; how many requests there were.

    Args:
        client: of the service.
        description: of what is asked.
        expected: values that an answer may repeat, for they are its own.
    """
    asked = 0
    with recorded("schemathesis", SEED) as tally:
        for result in schemathesis.openapi.from_dict(description).get_all_operations():
            assert isinstance(result, Ok), "the description is whole"
            operation = result.ok()

            @seed(SEED)
            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def ask(case: Any) -> None:
                nonlocal asked
                asked += 1
                check_answer(client, case, expected)
                tally.add(passed=True)

            ask()
    return asked


def check_answer(client: TestClient, case: Any, expected: frozenset[str]) -> None:
    """Send a request: no failure, every header, and in a refusal nothing of what was sent."""
    sent = case.as_transport_kwargs()
    body = sent.get("data", b"")
    is_form = isinstance(body, dict)
    answer = client.request(
        sent["method"],
        sent["url"],
        params=sent["params"],
        follow_redirects=False,
        **({"data": body} if is_form else {"content": bytes(body)}),
    )
    assert answer.status_code < 500, (case.formatted_path, answer.text)
    assert answer.status_code != 422, "422 is not one of our answers"
    for name in SECURITY_HEADERS:
        assert name in answer.headers
    if answer.status_code >= 400 and "json" in answer.headers.get("content-type", ""):
        assert answer.headers["content-type"] == "application/problem+json"
        # Hypothesis also tries words of this program, and so the very code that it then gets.
        said = answer.text.replace(answer.json()["code"], "")
        sources = (case.path_parameters or {}, case.query or {}, body if is_form else {})
        for value in (str(each) for source in sources for each in source.values()):
            if len(value) > LONG_ENOUGH and value not in expected:
                assert value not in said
