"""The OpenAPI document: what FastAPI writes, with problems as problems and the keys named."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from service.api_models import ProblemOut
from service.api_problems import PROBLEM
from service.naming import REQUEST_ID

KEYLESS = ("/healthz", "/readyz")
OF_ANY = (413, 500)
"""Statuses of problems that every route may end with: a body may come with any of them."""
OF_A_KEY = (401, 403, 429)
OF_A_REQUEST = (400, *OF_A_KEY, 404, 413, 415, 422, 500, 503)
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key of `holdfast key`."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_HEADERS: dict[str, dict[str, Any]] = {
    REQUEST_ID: {
        "description": "That of the request if it is a plain one, else a new one.",
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"schema": {"type": "string"}},
}
_MORE_HEADERS = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return how FastAPI wants to be told that a route may end with these statuses."""
    return {status: {"model": ProblemOut} for status in sorted(statuses)}


def add_document(app: FastAPI) -> None:
    """Let an application describe itself as it is."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _corrected(
                get_openapi(title=app.title, version=app.version, routes=app.routes)
            )
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _corrected(document: dict[str, Any]) -> dict[str, Any]:
    document["components"]["securitySchemes"] = _SCHEMES
    for path, ways in document["paths"].items():
        for way in ways.values():
            if path not in KEYLESS:
                way["security"] = [{name: []} for name in _SCHEMES]
            for status, response in way["responses"].items():
                names = (REQUEST_ID, *_MORE_HEADERS.get(status, ()))
                response["headers"] = {name: _HEADERS[name] for name in names}
                if int(status) >= 400:  # FastAPI takes it for what the route gives otherwise
                    (schema,) = response["content"].values()
                    response["content"] = {PROBLEM: schema}
    return document
