"""schemathesis reads the OpenAPI document of the service and finds no fault in what it gets."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.control import SkipTest
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.loading import load_settings
from indexing.corpus import open_corpus
from service.keys import ApiKey, Gatekeeper, KeyScope, hashed
from service.query_api import query_app

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
FOR_OPERATORS = {"healthz", "readyz", "metrics"}
KEYLESS = {"/healthz", "/readyz"}
WAYS = {"retrieve", "ground", "answer", "check", "feedback"}
PATIENCE = 600
"""Seconds; how fast a machine is decides nothing here."""
BOUNDED = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}


@pytest.fixture
def document(desk):
    corpus = open_corpus(load_settings(overrides={"home": desk.home}).settings)
    key = ApiKey(name="a", sha256=hashed("k"), tenant="default", scopes=tuple(KeyScope))
    keeper = Gatekeeper([key])
    yield schemathesis.openapi.from_asgi(
        "/openapi.json", query_app(corpus, keeper), timeout=PATIENCE
    )
    corpus.close()


def tried(document, mode, examples, look):
    """Let schemathesis make requests of every operation; return how many of each there were."""
    operations = [found.ok() for found in document.get_all_operations()]
    return {
        operation.definition.raw["operationId"]: requests_of(operation, mode, examples, look)
        for operation in operations
    }


def requests_of(operation, mode, examples, look):
    made = []

    @settings(max_examples=examples, **BOUNDED)
    @given(case=operation.as_strategy(generation_mode=mode))
    def requested(case):
        made.append(case)
        look(case)

    try:
        requested()
    except (SkipTest, Unsatisfiable):  # what takes nothing cannot be given anything wrong
        assert mode is GenerationMode.NEGATIVE
        assert operation.path in {"/healthz", "/readyz", "/metrics"}
    return len(made)


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_way_in_keeps_to_the_document(document, mode):
    def kept(case):
        answer = case.call(headers={"Authorization": "Bearer k"}, timeout=PATIENCE)
        case.validate_response(answer, checks=CHECKS)

    asked = tried(document, mode, 25, kept)
    assert all(asked[name] >= 20 for name in WAYS)


def test_without_a_key_only_health_is_told(document):
    def refused(case):
        answer = case.call(headers={"Authorization": "", "X-API-Key": ""}, timeout=PATIENCE)
        assert answer.status_code == (200 if case.path in KEYLESS else 401)

    asked = tried(document, GenerationMode.POSITIVE, 5, refused)
    assert set(asked) == WAYS | FOR_OPERATORS
    assert all(asked.values())
