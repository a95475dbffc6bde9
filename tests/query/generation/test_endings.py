"""Everything an endpoint can do ends as it should, within its deadline, and releases nothing."""

import gzip
import threading
import time

import pytest

from query.generation.endings import Ending
from tests.support.model_endpoint import (
    GOOD,
    breaks_off,
    completion,
    hangs,
    hangs_up,
    raw,
    says,
    status,
    trickles,
    trickles_headers,
)

LONG = "The monthly parking fee at headquarters is 55 euro. [1] " * 200
GERMAN = "Die monatliche Parkgebühr an der Zentrale ist nicht hoch und wird mit 55 Euro angegeben."


def packed(handler):
    """Answer compressed: a few bytes may be a thousand times as many."""
    handler.send_body(200, gzip.compress(completion(GOOD)), Content_Encoding="gzip")


ENDINGS = [
    ("http 500", status(500), Ending.SERVER_ERROR, 2),
    ("http 503", status(503), Ending.SERVER_ERROR, 2),
    ("http 429", status(429), Ending.RATE_LIMITED, 2),
    ("http 429 for a year", status(429, Retry_After="31536000"), Ending.RATE_LIMITED, 1),
    ("http 429 nonsense", status(429, Retry_After="soon"), Ending.RATE_LIMITED, 2),
    ("http 400", status(400), Ending.REJECTED, 1),
    ("http 401", status(401), Ending.REJECTED, 1),
    ("http 408", status(408), Ending.TIMEOUT, 2),
    ("redirect", status(302, Location="http://127.0.0.1:9/"), Ending.REJECTED, 1),
    ("hang up", hangs_up, Ending.UNREACHABLE, 2),
    ("break off", breaks_off, Ending.UNREACHABLE, 2),
    ("no json", raw(b"<html>busy</html>"), Ending.MALFORMED, 2),
    ("not utf-8", raw(b"\xff\xfe{"), Ending.MALFORMED, 2),
    ("deep json", raw(b"[" * 200_000), Ending.MALFORMED, 2),
    ("no choices", raw(b'{"choices": []}'), Ending.MALFORMED, 2),
    ("choices no list", raw(b'{"choices": 7}'), Ending.MALFORMED, 2),
    ("a list", raw(b"[]"), Ending.MALFORMED, 2),
    ("content a list", says([{"type": "text"}]), Ending.MALFORMED, 2),
    ("empty body", raw(b""), Ending.MALFORMED, 2),
    ("null content", says(None), Ending.EMPTY, 2),
    ("blank content", says(" \n\t "), Ending.EMPTY, 2),
    ("truncated", says(GOOD, "length"), Ending.TRUNCATED, 1),
    ("cut at the window", says(GOOD, "model_length"), Ending.TRUNCATED, 1),
    ("ended by a fault", says(GOOD, "error"), Ending.TRUNCATED, 1),
    ("ended by no text", says(GOOD, ["stop"]), Ending.TRUNCATED, 1),
    ("filtered", says(GOOD, "content_filter"), Ending.REFUSED, 1),
    ("refusal field", says(GOOD, refusal="no"), Ending.REFUSED, 1),
    ("refusal words", says("I'm sorry, but I cannot help with that."), Ending.REFUSED, 1),
    ("not there", says("NOT IN THE EVIDENCE"), Ending.REFUSED, 1),
    ("compressed", packed, Ending.MALFORMED, 2),
    ("over-long", says(LONG), Ending.OVER_LONG, 1),
    ("huge body", raw(completion("x" * 1_100_000)), Ending.OVER_LONG, 1),
    ("wrong language", says(GERMAN), Ending.WRONG_LANGUAGE, 1),
    ("citation never sent", says("The fee is 55 euro. [7]"), Ending.FABRICATED_CITATION, 1),
    ("one of two made up", says("The fee is 55 euro. [1, 9]"), Ending.FABRICATED_CITATION, 1),
    ("address made up", says("See https://fees.example/55."), Ending.FABRICATED_CITATION, 1),
    ("number swapped", says(GOOD.replace("55", "45")), Ending.UNSUPPORTED, 1),
    ("negation", says("The monthly parking fee at headquarters is not 55 euro. [1]"),
     Ending.UNSUPPORTED, 1),
    ("off topic", says("Penguins live in the southern hemisphere. [1]"), Ending.UNSUPPORTED, 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("behaviour", "ending", "tries"), [e[1:] for e in ENDINGS], ids=[e[0] for e in ENDINGS]
)
def test_a_misbehaving_endpoint_ends_as_it_should(
    endpoint, make_chain, request_, behaviour, ending, tries
):
    endpoint.script(behaviour)
    found = make_chain().answer(request_)
    assert found.text is None
    (attempt,) = found.attempts
    assert (attempt.ending, attempt.tries) == (ending, tries)
    assert len(endpoint.requests) == tries
    assert "secret detail" not in str(found.to_json())


@pytest.mark.parametrize("behaviour", [hangs, trickles, trickles_headers])
def test_what_takes_for_ever_ends_at_its_deadline(endpoint, make_chain, request_, behaviour):
    endpoint.script(behaviour)
    chain = make_chain(provider={"timeout_seconds": 0.2})
    began = time.monotonic()
    found = chain.answer(request_)
    assert [a.ending for a in found.attempts] == [Ending.TIMEOUT]
    assert found.attempts[0].tries == 2
    assert time.monotonic() - began < 30  # not a measurement: it would be for ever


@pytest.mark.parametrize("behaviour", [trickles, trickles_headers])
def test_what_takes_for_ever_holds_no_thread(endpoint, make_chain, request_, behaviour):
    endpoint.script(behaviour)
    before = set(threading.enumerate())
    make_chain(provider={"timeout_seconds": 0.2}).answer(request_)
    left = [t for t in threading.enumerate() if t not in before and t.name == "holdfast-bounded"]
    for thread in left:
        thread.join(30)  # not a measurement: it would be for hours
    assert not any(thread.is_alive() for thread in left)


def test_nobody_listening_is_unreachable(make_chain, request_):
    found = make_chain("http://127.0.0.1:9/v1").answer(request_)
    assert found.attempts[0].ending is Ending.UNREACHABLE


def test_a_good_answer_is_released_with_our_own_markers(endpoint, make_chain, request_):
    endpoint.script(says("The monthly parking fee at headquarters is 55 euro."))
    found = make_chain().answer(request_)
    assert found.text == "The monthly parking fee at headquarters is 55 euro. [1]"
    assert [a.ending for a in found.attempts] == [Ending.RELEASED]


def test_a_passing_fault_is_overcome_by_the_second_try(endpoint, make_chain, request_):
    endpoint.script(status(503), says(GOOD))
    chain = make_chain()
    found = chain.answer(request_)
    assert found.text == GOOD
    assert found.attempts[0].tries == 2
    assert len(chain.pauses) == 1
