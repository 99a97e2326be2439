"""Every endpoint of an app, as it is served, and an OpenAPI document that names all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

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


def full_description(app: FastAPI, known: Mapping[str, str]) -> dict[str, Any]:
    """An OpenAPI document of every endpoint.

    Args:
        app: of a service.
        known: by name of a parameter, a value that exists.
    """
    paths: dict[str, dict[str, Any]] = {}
    for method, path in sorted(endpoints(app)):
        names = re.findall(r"{(\w+)(?::\w+)?}", path)
        parameters = [_parameter(name, "path", known) for name in names]
        parameters += [_parameter(name, "query", known) for name in ("level", "unit", "q")]
        operation: dict[str, Any] = {
            "parameters": parameters,
            "responses": {"default": {"description": "an answer"}},
        }
        if method == "PUT":
            body = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
            operation["requestBody"] = {"content": body}
        paths.setdefault(path, {})[method.lower()] = operation
    return {"openapi": "3.1.0", "info": {"title": "all", "version": "1"}, "paths": paths}


def _parameter(name: str, place: str, known: Mapping[str, str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if name in known:
        schema = {"anyOf": [{"const": known[name]}, schema]}
    return {"name": name, "in": place, "required": place == "path", "schema": schema}
