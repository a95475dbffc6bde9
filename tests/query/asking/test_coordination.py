"""What a question asks for side by side, and what it takes for given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.asking.coordination import MOST, conjuncts

WORDS = ("what", "is", "the", "a", "of", "and", ",", "or", "X2", "Kern", "how", "do", "I", "tell")


def things(text: str) -> tuple[str, ...]:
    return tuple(one.text for one in conjuncts(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What are the length and weight of the Tern 2?", ("the length", "weight")),
        ("What is the price, noise level and age of it?", ("the price", "noise level", "age")),
        ("How do I install and remove the agent?", ("install", "remove")),
        ("How do I share a file and stop sharing it?", ("share a file", "stop sharing it")),
        ("Does the Tern 3 support Modbus, KNX and Zigbee?", ("Modbus", "KNX", "Zigbee")),
        ("How long is the warranty on the Tern 2 and the Tern 3?", ("the Tern 2", "the Tern 3")),
        ("What is the limit of the Basic account and of the Premium account?",
         ("of the Basic account", "of the Premium account")),
        ("What does the museum cost for adults and pensioners?", ("adults", "pensioners")),
        ("What do lunch and swimming cost?", ("lunch", "swimming")),
        ("How much is a room at the inn and a pitch at the campsite?",
         ("a room at the inn", "a pitch")),
        ("Tell me the year of the fire along with the names of the dead.",
         ("the year of the fire", "the names of the dead")),
        ("I need the fee for transfers as well as the daily limit.",
         ("the fee for transfers", "the daily limit")),
        ("Where are the Tern 2 and Tern 3 made?", ("the Tern 2", "Tern 3")),
        ("Which equipment and allowance do home workers get?", ("equipment", "allowance")),
        ("Tern 2 price and delivery time", ("price", "delivery time")),
        ("flat 3 rent, parking", ("rent", "parking")),
        ("Ferry to Norrby: duration, fare for a car", ("duration", "fare for a car")),
        ("Does it have both a lift and a hearing loop?", ("a lift", "a hearing loop")),
    ],
)  # fmt: skip
def test_things_that_are_asked_for(text, found):
    assert things(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "How tall is the lighthouse?",
        "When did Syria and Egypt launch the attack?",
        "Who wrote the words and music of the anthem?",
        "What is a coherent set of values and beliefs called?",
        "Who plays the beast in Beauty and the Beast?",
        "Where did the Huguenots and Walloons settle?",
        "What are the recommended and supported engines of it?",
        "What is the effect of adding more and more strings?",
        "What is the difference between the Tern 2 and the Tern 3?",
        "What does Brindle & Vaughan pay?",
        "Is the payment taxed or tax-free?",
        "Who along with Russia supported the movement?",
        "In South Africa, along with private schools, what schools are independent?",
    ],
)
def test_what_is_taken_for_given_is_not_asked_for(text):
    assert things(text) == ()


def test_each_is_asked_about_alone():
    length, weight = conjuncts("What are the length and weight of the Tern 2?")
    assert length.alone == ("What are the length of the Tern 2?", "What are the length?")
    assert weight.alone == ("What are weight of the Tern 2?",)
    opening, price = conjuncts("What are the opening hours and the price of a repair?")
    assert opening.alone[1] == "What are the opening hours?"
    assert price.alone == ("What are the price of a repair?",)
    _, wording = conjuncts("Tell me the date of the Kern plaque along with its wording.")
    assert wording.alone == ("Tell me its wording (Kern)?",)


@given(st.lists(st.sampled_from(WORDS)))
def test_few_things_with_a_question_each(words):
    found = conjuncts(" ".join(words))
    assert len(found) in {0, *range(2, MOST + 1)}
    for one in found:
        assert one.text.strip()
        assert all(text.endswith("?") for text in one.alone)


@pytest.mark.parametrize(
    "text",
    ["How much does the Plus package cost?", "how much is a plus account?", "Who uses Tern Plus?"],
)
def test_plus_in_a_name_joins_nothing(text):
    assert things(text) == ()


def test_plus_between_two_things_joins_them():
    assert things("What are the fee plus the deposit for a stall?") == ("the fee", "the deposit")
