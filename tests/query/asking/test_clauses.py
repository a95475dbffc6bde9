"""Compound questions: what is split, what stays whole, and what a later part borrows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.asking.clauses import split_parts


def test_a_compound_question_is_split_and_the_subject_carried_over():
    assert split_parts("When was Brightwell founded and who founded it?") == (
        "When was Brightwell founded",
        "who founded it (Brightwell)?",
    )
    assert split_parts("What is the notice period? What is the probation length?") == (
        "What is the notice period?",
        "What is the probation length?",
    )


@pytest.mark.parametrize(
    ("asked", "second"),
    [
        (
            "How long is the warranty of a Tern 4, and how long is that of a Heron?",
            "how long is the warranty of a Heron?",
        ),
        (
            "How long do the batteries of a Tern 2 last, and how long do those of a Tern 4?",
            "how long do the batteries of a Tern 4?",
        ),
    ],
)
def test_that_of_another_thing_is_said_in_full(asked, second):
    assert split_parts(asked)[1] == second


@pytest.mark.parametrize(
    "text",
    [
        "What is the difference between the Tern 2 and the Tern 4?",
        "When and where is the summer party?",
        "Which rivers and lakes are monitored?",
    ],
)
def test_one_question_stays_one(text):
    assert split_parts(text) == (text,)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "When was the Undine built, who designed her, and how much did she cost?",
            ("When was the Undine built", "who designed her (Undine)?",
             "how much did she cost (Undine)?"),
        ),
        (
            "I want to know the price of a ticket. Also, can I bring a dog?",
            ("I want to know the price of a ticket.", "can I bring a dog?"),
        ),
        (
            "What is the capital of Morland? And its population?",
            ("What is the capital of Morland?", "What is its population (Morland)?"),
        ),
        (
            "Which documents does Morland ask for, and how much is paid?",
            ("Which documents does Morland ask for", "how much is paid (Morland)?"),
        ),
        (
            "Who gets the house allowance and which documents are needed?",
            ("Who gets the house allowance", "which documents are needed (house allowance)?"),
        ),
        (
            "When was Stavo 4.2 released, and when will 4.3 come?",
            ("When was Stavo 4.2 released", "when will 4.3 come (Stavo)?"),
        ),
        (
            "who directed The Long Night, and who plays the main part?",
            ("who directed The Long Night", "who plays the main part (Long Night)?"),
        ),
        (
            "What does the Tern 2 weigh, and what does it cost?",
            ("What does the Tern 2 weigh", "what does it cost (Tern 2)?"),
        ),
        (
            "What does error E-204 mean and how do I clear it?",
            ("What does error E-204 mean", "how do I clear it (E-204)?"),
        ),
        (
            "What does error E-204 mean, and when does the office in the north open?",
            ("What does error E-204 mean", "when does the office in the north open?"),
        ),
        (
            "We moved to Korsby in May. Tell me where the library is and when it opens.",
            ("We moved to Korsby in May. Tell me where the library is", "when it opens. (Korsby)?"),
        ),
        ("how tall is it? how old is it?", ("how tall is it?", "how old is it (tall)?")),
    ],
    ids=["a list", "a request", "a fragment", "no subject", "no name", "numbers", "a title",
         "a name with its number", "a code", "leans on no code", "what was said before",
         "small letters"],
)  # fmt: skip
def test_every_part_stands_on_its_own(text, parts):
    assert split_parts(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "How quickly and how do I have to report damage?",
        "I moved here in May. How do I apply?",
        "Who wrote the book, which was filmed in 1990?",
        "Dr. Okafor left. Who follows?",
        "Two events were found in May. Explain why, and how they are related.",
        "I'd like the routes as a file for our auditors. How would I get this?",
        "Would it be different in Norrby? In what way?",
    ],
    ids=[
        "two question words",
        "one asks",
        "which says more",
        "an abbreviation",
        "two words behind a request",
        "a wish that the question is about",
        "more of the answer",
    ],
)
def test_what_asks_once_stays_whole(text):
    assert split_parts(text) == (text,)


@given(st.text(alphabet=st.sampled_from("ab .,?!()'and how 3W"), max_size=120))
def test_any_text_has_parts(text):
    parts = split_parts(text)
    assert len(parts) >= 1
    assert parts == (text,) or all(parts)
