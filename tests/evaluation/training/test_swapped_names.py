"""Hard negatives made by exchanging a name for another one of the same passage."""

import pytest

from evaluation.training.cross_encoder_data import Pair
from evaluation.training.swapped_names import other_names, swapped_names

PASSAGE = (
    "In 1969 the young Nixon met Kissinger in Paris, and later Brezhnev in Moscow. "
    "The treaty was signed by Nixon in 1972."
)


def pair(question: str, answer: str = "1972") -> Pair:
    start = PASSAGE.index(answer)
    return Pair(question, PASSAGE, True, start, start + len(answer))


def test_the_name_is_exchanged_for_one_that_is_neither_asked_about_nor_the_answer() -> None:
    asked = pair("Whom did the young Nixon meet in Paris?", "Kissinger")
    assert other_names(asked, "Nixon") == ["Brezhnev", "Moscow"]
    [made] = swapped_names([asked], seed=1)
    assert made.question != asked.question
    assert "Kissinger" not in made.question
    assert made.passage == PASSAGE
    assert not made.answers


def test_a_question_in_small_letters_keeps_them() -> None:
    [made] = swapped_names([pair("when did nixon sign the treaty")], seed=1)
    assert made.question == made.question.lower()
    assert "nixon" not in made.question


@pytest.mark.parametrize(
    "given",
    [
        pair("When was the treaty signed?"),
        Pair("When did Nixon sign?", PASSAGE, answers=False),
        Pair("When did Nixon sign?", PASSAGE, answers=True),
        Pair("When did Nixon sign?", "It was in 1972.", True, 10, 14),
    ],
)
def test_without_a_name_a_place_or_another_name_nothing_is_made(given: Pair) -> None:
    assert list(swapped_names([given], seed=1)) == []


def test_the_same_seed_makes_the_same() -> None:
    pairs = [pair("When did Nixon sign the treaty?")] * 8
    assert list(swapped_names(pairs, 3)) == list(swapped_names(pairs, 3))
