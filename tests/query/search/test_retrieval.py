"""Retrieval with an encoder down: it goes on with the other, or says what is missing."""

import pytest

from indexing.errors import ModelError
from query.decision import ReasonCode, Status
from query.search.retrieval import no_such_source

LEAVE = "How many working days of annual leave does every employee receive?"
ONLY_STOP_WORDS = "to be or not to be"


class Down:
    """An encoder that cannot be asked."""

    def encode_query(self, text):
        raise ModelError("no weights")

    def query(self, text):
        raise ModelError("no terms")


class NeverSearched:
    """A store that holds something, and in which nothing may be looked for."""

    def search(self, collection, query):
        pytest.fail("something was searched")


def codes(found):
    return [reason.code for reason in found.reasons]


def test_without_the_sparse_encoder_the_dense_one_finds_it(make_engine):
    found = make_engine(sparse=Down()).retrieve(LEAVE)
    assert (found.status, codes(found)) == (Status.DEGRADED, [ReasonCode.SPARSE_ENCODER_DOWN])
    assert found.hits
    assert found.legs.sparse == ()


def test_without_both_encoders_nothing_can_be_looked_for(make_engine):
    found = make_engine(dense=Down(), sparse=Down(), store=NeverSearched()).retrieve(LEAVE)
    assert (found.status, found.hits) == (Status.UNAVAILABLE, ())
    assert codes(found) == [ReasonCode.DENSE_ENCODER_DOWN, ReasonCode.SPARSE_ENCODER_DOWN]


def test_words_that_the_sparse_encoder_leaves_out_are_no_outage_of_it(make_engine):
    found = make_engine(dense=Down(), store=NeverSearched()).retrieve(ONLY_STOP_WORDS)
    assert (found.status, found.hits) == (Status.DEGRADED, ())
    assert codes(found) == [ReasonCode.DENSE_ENCODER_DOWN]


def test_sources_are_named_as_far_as_a_person_reads_them():
    there = [f"source {n:02}" for n in range(22)]
    assert no_such_source(["nope"], there).detail.endswith("'source 19' and 2 more.")
    assert no_such_source(["nope"], there[:20]).detail.endswith("'source 18', 'source 19'.")
    assert no_such_source(["nope"], []).detail.endswith("'nope'; no source has any.")
