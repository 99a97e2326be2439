"""The description of the API in OpenAPI 3.1, made from its own routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from publisher.api.versioning import API_VERSION
from publisher.downloads.addresses import API_ROOT

_DESCRIPTION = """\
Released figures on youth care (*jeugdhulp*) per school. Every figure here was protected,
audited and signed before publication. A figure that is withheld for privacy has status `c`
and no value; it is never 0.
"""
VERSION_HEADER: dict[str, Any] = {
    "API-Version": {
        "description": "version of the API",
        "schema": {"type": "string", "examples": [API_VERSION]},
    }
}


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom users of the API can ask; every installation sets its own."""

    name: str = "Beheer van de monitor"
    url: str = "https://monitor.example.org"
    email: str = "monitor@example.org"


EXAMPLE_CONTACT = Contact()


class Problem(BaseModel):
    """Problem details (RFC 9457); ``code`` is stable."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str = ""


def success(description: str, content: dict[str, Any] | None = None) -> dict[int | str, Any]:
    """The ``responses`` entries of a resource that answers with an ETag."""
    found: dict[str, Any] = {"description": description, "headers": VERSION_HEADER}
    if content is not None:
        found["content"] = content
    unchanged = {"description": "Not changed since the ETag.", "headers": VERSION_HEADER}
    return {200: found, 304: unchanged}


def paged(description: str, content: dict[str, Any] | None = None) -> dict[int | str, Any]:
    """The ``responses`` entries of a resource that answers with a page of a list."""
    responses = success(description, content)
    link = {"description": "first, prev, next and last page", "schema": {"type": "string"}}
    for response in responses.values():
        response["headers"] = {**response["headers"], "Link": link}
    return responses


def problems(**statuses: str) -> dict[int | str, Any]:
    """The ``responses`` entries of problems, such as ``_404="The release is not known."``."""
    return {
        int(status.removeprefix("_")): {
            "description": description,
            "headers": VERSION_HEADER,
            "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
        }
        for status, description in statuses.items()
    }


def openapi_document(routers: Sequence[APIRouter], contact: Contact) -> dict[str, Any]:
    """The OpenAPI document of the routes, with addresses relative to ``API_ROOT``.

    Source: NLGov REST API Design Rules 2.2, /core/doc-openapi and /core/publish-openapi.
    """
    document = get_openapi(
        title="Monitor Onderwijs-Jeugdhulp",
        version=API_VERSION,
        description=_DESCRIPTION,
        routes=[route for router in routers for route in router.routes],
        servers=[{"url": API_ROOT}],
        contact=asdict(contact),
    )
    return _without_422(document)


def _without_422(document: dict[str, Any]) -> dict[str, Any]:
    # Invalid input is 400 here, by a handler that FastAPI's description does not know of.
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
    schemas = document.get("components", {}).get("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return document
