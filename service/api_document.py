"""The OpenAPI document: what FastAPI writes, with problems as problems and the keys named."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from service.api_problems import PROBLEM

KEYLESS = ("/healthz", "/readyz")
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key of `holdfast key`."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


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
                if int(status) >= 400:  # FastAPI takes every body for plain JSON
                    content = response["content"]
                    response["content"] = {PROBLEM: content["application/json"]}
    return document
