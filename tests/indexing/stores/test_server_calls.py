"""Calls of a server: how long they may take, whom their errors blame, and what they say."""

import math
import re

import httpx
import pytest
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from indexing.errors import StoreError, StoreRejectedError, StoreUnavailableError
from indexing.stores.server_calls import Calls, ContentRefusedError, MissingError, PassingError
from indexing.stores.server_transport import ending_within, seconds_left


def unanswered() -> None:
    raise PassingError("the time of this call is over")


@pytest.mark.parametrize(
    ("left", "said"),
    [(0.0, "'count' in time: none was left for it"), (0.5, r"'count' within 0\.\d+ s")],
)
def test_an_error_says_how_much_time_a_call_had(left, said):
    calls = Calls("qdrant.example:6333", timeout_seconds=5.0, deadline_seconds=5.0)
    with ending_within(left), pytest.raises(StoreUnavailableError, match=said):
        calls.run("count", unanswered)


@pytest.mark.parametrize(
    ("timeout", "deadline", "around"), [(1.0, 9.0, 9.0), (9.0, 1.0, 9.0), (9.0, 9.0, 1.0)]
)
def test_a_try_has_to_end_when_the_first_of_all_limits_is_reached(timeout, deadline, around):
    """The last try of a call would else take its whole time beyond the deadline."""
    calls = Calls("qdrant.example:6333", timeout_seconds=timeout, deadline_seconds=deadline)
    with ending_within(around):
        assert 0.0 < calls.run("count", seconds_left) <= 1.0
    assert seconds_left() == math.inf


def answering(code: int, body: bytes = b"{}", **headers: str) -> UnexpectedResponse:
    return UnexpectedResponse(code, "Said so", body, httpx.Headers(headers))


def refused_by(error: Exception) -> Exception:
    """What becomes of an answer, or of the lack of one, of which nothing better is to come."""

    def call() -> None:
        raise error

    calls = Calls("qdrant.example:6333", timeout_seconds=0.05, deadline_seconds=0.05)
    with pytest.raises(StoreError) as raised:
        calls.run("upsert", call)
    return raised.value


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (answering(204), StoreUnavailableError, "is this Qdrant"),
        (answering(302, Location="https://login.example/x?key=1"), StoreRejectedError,
         r"redirected to login\.example; store\.url must name Qdrant itself$"),
        (answering(308), StoreRejectedError, "redirected to elsewhere"),
        (answering(403), StoreRejectedError, "QDRANT_API_KEY"),
        (answering(404), MissingError, "404"),
        (answering(405), StoreRejectedError, "405"),
        (answering(413), ContentRefusedError, "413"),
        (answering(429), StoreUnavailableError, "429"),
        (answering(500), StoreUnavailableError, "500"),
    ],
)  # fmt: skip
def test_an_answer_is_blamed_on_what_was_sent_only_where_another_content_may_pass(
    error, kind, said
):
    """What is refused for its content is tried in parts, and its documents are quarantined."""
    refused = refused_by(error)
    assert type(refused) is kind
    assert re.search(said, str(refused))


def test_an_error_that_may_quote_a_header_is_told_without_it():
    quoting = httpx.LocalProtocolError("Illegal header value b'key-4711'")
    refused = refused_by(ResponseHandlingException(quoting))
    assert "LocalProtocolError" in str(refused)
    assert "4711" not in str(refused)
