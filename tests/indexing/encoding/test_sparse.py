"""BM25 vectors: terms, weights, order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import ConfigError
from config.settings import SparseSettings
from indexing.encoding.sparse import Bm25Encoder
from indexing.points import Sparse

ENCODER = Bm25Encoder(SparseSettings())


def test_queries_meet_documents_through_the_stem():
    document = ENCODER.document("Warranties cover the pumps")
    query = ENCODER.query("warranty of a pump")
    assert set(query.indices) <= set(document.indices)
    assert len(query.indices) == 2


def test_a_query_gives_every_term_the_same_weight():
    query = ENCODER.query("pump pump valve")
    assert query.values == (1.0, 1.0)


def test_a_repeated_term_weighs_more_but_not_twice():
    once = ENCODER.document("pump valve")
    twice = ENCODER.document("pump pump")
    assert max(once.values) < twice.values[0] < 2 * max(once.values)


def test_a_longer_document_weighs_a_term_less():
    short = ENCODER.document("pump")
    long = ENCODER.document("pump " + " ".join(f"word{number}" for number in range(300)))
    weights = dict(zip(long.indices, long.values, strict=True))
    assert weights[short.indices[0]] < short.values[0]


@pytest.mark.parametrize("k", [0.0, 1.2, 3.0])
@pytest.mark.parametrize("b", [0.0, 0.75, 1.0])
@pytest.mark.parametrize("average", [2.0, 128.0])
def test_the_settings_are_those_of_the_formula(k, b, average):
    encoder = Bm25Encoder(SparseSettings(k=k, b=b, average_length=average))
    found = encoder.document("heron heron pump")
    room = k * (1 - b + b * 3 / average)  # for three terms
    wanted = [times * (k + 1) / (times + room) for times in (1, 2)]
    assert sorted(found.values) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("text", ["", "   ", "\n", "the of and", "!?…"])
def test_a_text_without_words_is_an_empty_vector(text):
    assert ENCODER.document(text) == Sparse((), ())
    assert ENCODER.query(text) == Sparse((), ())


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_ascending_indices_and_positive_weights(text):
    for vector in (ENCODER.document(text), ENCODER.query(text)):
        assert list(vector.indices) == sorted(set(vector.indices))
        assert len(vector.indices) == len(vector.values)
        assert all(value > 0 for value in vector.values)


def test_half_a_surrogate_pair_is_no_error():
    (pump,) = ENCODER.query("pump").indices
    assert pump in ENCODER.query("pump \ud800").indices
    assert pump in ENCODER.document("pump \ud800").indices


def test_documents_are_the_single_documents_in_order():
    texts = ["pump", "", "valve and pump"]
    assert ENCODER.documents(texts) == [ENCODER.document(text) for text in texts]


def test_the_language_decides_the_stem():
    german = Bm25Encoder(SparseSettings(language="german"))
    assert german.query("Pumpen") == german.query("Pumpe")
    assert ENCODER.query("Pumpen") != ENCODER.query("Pumpe")


def test_an_unknown_language_is_a_config_error():
    with pytest.raises(ConfigError, match="klingon"):
        Bm25Encoder(SparseSettings(language="klingon"))
