"""WordNet: synonyms, opposites and nouns of its dictionaries."""

from pathlib import Path

import pytest

from evaluation.training.word_net import WordNet, keep_word_net, read_dictionaries, read_word_net
from tests.support.tiny_word_net import write_word_net


@pytest.fixture
def word_net(tmp_path: Path) -> WordNet:
    return read_dictionaries(write_word_net(tmp_path))


def test_synonyms_are_those_of_the_most_frequent_sense(word_net: WordNet):
    assert word_net.synonyms == {
        "animal": ["creature"],  # names are no synonyms
        "creature": ["animal"],
        "dog": ["domestic dog"],
        "rise": ["go up"],
    }


def test_opposites_go_both_ways_and_stay_with_their_part_of_speech(word_net: WordNet):
    assert word_net.antonyms == {
        "rise": ["fall"],
        "fall": ["rise"],
        "hot": ["cold"],
        "cold": ["hot"],
        "slowly": ["quickly"],
        "quickly": ["slowly"],
    }


def test_nouns_are_single_words_of_three_letters_or_more(word_net: WordNet):
    assert word_net.nouns == ["animal", "creature", "dog"]


def test_what_was_read_is_read_back_as_it_was(word_net: WordNet, tmp_path: Path):
    keep_word_net(word_net, tmp_path / "kept.json.gz")
    assert read_word_net(tmp_path / "kept.json.gz") == word_net
