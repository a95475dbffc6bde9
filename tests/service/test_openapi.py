"""schemathesis reads the OpenAPI document of the service and finds no fault in what it gets."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.loading import load_settings
from indexing.corpus import open_corpus
from service.keys import ApiKey, Gatekeeper, hashed
from service.query_api import query_app

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
KEY = {"Authorization": "Bearer k"}
document = schemathesis.pytest.from_fixture("openapi")


@pytest.fixture
def openapi(desk):
    corpus = open_corpus(load_settings(overrides={"home": desk.home}).settings)
    keeper = Gatekeeper([ApiKey(name="a", sha256=hashed("k"), tenant="default")])
    yield schemathesis.openapi.from_asgi("/openapi.json", query_app(corpus, keeper))
    corpus.close()


@document.parametrize()
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_every_way_in_keeps_to_the_document(case):
    case.validate_response(case.call(headers=KEY), checks=CHECKS)


@document.parametrize()
@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_without_a_key_only_health_is_told(case):
    answer = case.call(headers={"Authorization": "", "X-API-Key": ""})
    assert answer.status_code < 500
    if case.path.startswith("/v1/"):
        assert answer.status_code in {401, 422}
