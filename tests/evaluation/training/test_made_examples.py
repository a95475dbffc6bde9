"""Made examples: what is right has its answer, what is wrong lacks it, a seed makes the same."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.training.examples import Claim, Pair, Support
from evaluation.training.made_examples import Maker, Source, make_examples, with_title
from evaluation.training.sentence_pieces import PieceKind, pieces_of, sentences_of, words_of
from evaluation.training.sentence_wording import Wording
from evaluation.training.text_windows import TextDocument
from evaluation.training.word_net import WordNet

FERRY = (
    "The ferry Aurora was built by the shipyard of Ada Lindqvist in March 1931 for 240 passengers. "
    "In 1954 the harbour of Port Ellen bought the vessel and painted the long hull dark green. "
    "Captain Ivor Brand increased the speed of the ship to 17 knots before the war began. "
    "Every summer the company of Duke of Port-Royal carries 9,300 guests to the islands."
)
MILL = (
    "The mill above the village of Kelso grinds barley for 12 farms of the northern valley. "
    "Its wheel was cast by Robert Hume in 1866 and weighs about 31 tons with the iron axle. "
    "Since 1990 the owner Mary Trent opens the old building for visitors every second Sunday. "
)
WORD_NET = WordNet(
    {"begin": ["start"], "hull": ["body"], "ship": ["vessel"], "weigh": ["count"]},
    {"increase": ["decrease"], "long": ["short"], "dark": ["light"], "old": ["new"]},
    ["ferry", "shipyard", "passenger", "harbour", "vessel", "hull", "speed", "knot", "war",
     "summer", "company", "guest", "island", "mill", "village", "barley", "farm", "valley",
     "wheel", "ton", "axle", "owner", "building", "visitor"],
)  # fmt: skip
DOCUMENTS = [
    TextDocument("ships", "Aurora", (FERRY, FERRY.replace("Aurora", "Boreas"))),
    TextDocument("mills", "", (MILL, MILL.replace("Kelso", "Selkirk"))),
]
seeds = st.integers(0, 10_000)


def made(seed: int, count: int = 30) -> list[Pair | Claim]:
    return make_examples(DOCUMENTS, WORD_NET, count, seed)


def pairs(seed: int) -> list[Pair]:
    return [one for one in made(seed) if isinstance(one, Pair)]


def source(window: str, place: int, neighbour: str = "") -> Source:
    sentence = list(sentences_of(window))[place]
    words = words_of(window, sentence)
    return Source(
        window, sentence, words, list(pieces_of(window, words, WORD_NET.nouns)), neighbour
    )


def texts(window: str, place: int = 0) -> list[tuple[PieceKind, str]]:
    return [(p.kind, window[p.start : p.end]) for p in source(window, place).pieces]


def test_names_years_numbers_and_nouns_are_found():
    assert texts(FERRY) == [
        (PieceKind.NOUN, "ferry"),
        (PieceKind.NAME, "Aurora"),
        (PieceKind.NOUN, "shipyard"),
        (PieceKind.NAME, "Ada Lindqvist"),
        (PieceKind.NAME, "March"),
        (PieceKind.YEAR, "1931"),
        (PieceKind.NUMBER, "240"),
        (PieceKind.NOUN, "passengers"),
    ]
    assert (PieceKind.NAME, "Captain Ivor Brand") in texts(FERRY, 2)
    assert (PieceKind.NAME, "Duke of Port-Royal") in texts(FERRY, 3)
    assert (PieceKind.NUMBER, "9,300") in texts(FERRY, 3)


def test_the_same_seed_makes_the_same_and_another_one_others():
    assert made(3) == made(3)
    assert made(3) != made(4)
    assert len(made(3)) == 30


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_an_answerable_question_has_its_answer_in_the_passage_but_not_in_its_words(seed: int):
    windows = [w for d in DOCUMENTS for w in d.windows]
    for pair in pairs(seed):
        if not pair.answers:
            assert (pair.start, pair.end) == (-1, -1)
            continue
        answer = pair.passage[pair.start : pair.end]
        [sentence] = [
            pair.passage[s.start : s.end]
            for s in sentences_of(pair.passage)
            if s.start <= pair.start < pair.end <= s.end
        ]
        assert answer.strip() == answer != ""
        assert any(answer in window and sentence in f"Aurora. {window}" for window in windows)
        assert answer.lower() not in pair.question.lower().split()


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_a_question_without_an_answer_lacks_its_sentence_or_says_what_no_sentence_says(seed: int):
    maker = Maker(WORD_NET, DOCUMENTS, random.Random(seed))
    asked = source(FERRY, seed % 4, MILL)
    sentence = FERRY[asked.sentence.start : asked.sentence.end]
    for _ in range(20):
        pair = maker.question(asked)
        if pair is None:
            continue
        assert pair.answers is (pair.start >= 0)
        if pair.passage != FERRY:
            assert not pair.answers
            assert sentence not in pair.passage
            assert pair.passage in (asked.without_sentence, MILL)


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_a_piece_is_exchanged_for_one_that_the_sentence_does_not_hold(seed: int):
    maker = Maker(WORD_NET, DOCUMENTS, random.Random(seed))
    asked = source(FERRY, seed % 4)
    exchange = maker._swap(asked, asked.words, None)
    if exchange is not None:
        assert exchange.text.lower() not in asked.said
        was = FERRY[exchange.start : exchange.end]
        assert was.lower() in asked.said
        assert was[0].isdigit() == exchange.text[0].isdigit()


@pytest.mark.parametrize(("place", "word", "opposite"), [
    (1, "long", "short"), (1, "dark", "light"), (2, "increased", "decrease"),
])  # fmt: skip
def test_a_word_is_exchanged_for_its_opposite_in_whatever_form(place, word, opposite):
    found = set()
    for seed in range(20):
        exchange = Wording(WORD_NET, random.Random(seed)).opposite(source(FERRY, place).words)
        found.add((FERRY[exchange.start : exchange.end], exchange.text))
    assert (word, opposite) in found


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_a_supported_claim_says_its_sentence_and_a_wrong_one_does_not(seed: int):
    maker = Maker(WORD_NET, DOCUMENTS, random.Random(seed))
    said = source(MILL, seed % 3, FERRY)
    for _ in range(20):
        claim = maker.claim(said)
        if claim is None:
            continue
        if claim.evidence != MILL:
            assert claim.support is Support.NOT
            assert MILL[said.sentence.start : said.sentence.end] not in claim.evidence
        numbers = {MILL[p.start : p.end] for p in said.pieces if p.kind is PieceKind.YEAR}
        if claim.support is Support.SUPPORTED:
            assert all(number in claim.claim for number in numbers)
        if claim.support is Support.IN_PART:
            whole = [MILL[s.start : s.end] for s in sentences_of(MILL) if s != said.sentence]
            assert any(sentence in claim.claim for sentence in whole)


def test_all_kinds_are_made():
    every = made(1, 400)
    questions = [one.answers for one in every if isinstance(one, Pair)]
    supports = [one.support for one in every if isinstance(one, Claim)]
    assert 0.3 < sum(questions) / len(questions) < 0.6
    assert set(supports) == set(Support)
    assert 0.1 < len(supports) / len(every) < 0.4


def test_a_title_before_the_passage_moves_the_answer():
    pair = with_title(Pair("Who?", "Ada built it.", True, 0, 3), "Aurora")
    assert isinstance(pair, Pair)
    assert pair.passage[pair.start : pair.end] == "Ada"
    wrong = with_title(Pair("Who?", "Nobody.", answers=False), "Aurora")
    assert wrong == Pair("Who?", "Aurora. Nobody.", answers=False)


def test_a_window_that_says_too_little_makes_nothing():
    maker = Maker(WORD_NET, DOCUMENTS, random.Random(1))
    assert maker.example("Short. Too short. Yes.", FERRY) is None
    assert maker.example("they went there and then they came back here once more.", "") is None
