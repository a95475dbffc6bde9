"""What only the page of a sibling says is no answer for what is asked about."""

import pytest

from query.decision import ReasonCode, Verdict

ROBINSON = ("robinson.md", "Robinson Lodge: your stay",
            "Breakfast at the Robinson Lodge costs 14 euro. Parking is free.")  # fmt: skip
CALDER = ("calder.md", "Calder Lodge: your stay",
          "Parking at the Calder Lodge costs 8 euro per night. Dogs may swim. "
          "The sauna costs 5 euro.")  # fmt: skip
EVERY = ("lodges.md", "All lodges", "In all our lodges a cot for a child costs 3 euro.")


@pytest.fixture
def ask(shelve, page, make_engine):
    """Ask of the pages of two lodges and of one about both."""

    def asked(question):
        store = shelve([page(*one) for one in (ROBINSON, CALDER, EVERY)])
        return make_engine(store=store).answer(question)

    return asked


def test_the_page_of_the_sibling_neither_answers_nor_is_evidence(ask):
    decision = ask("What does the sauna at the Robinson Lodge cost?")
    assert decision.verdict is Verdict.UNANSWERABLE
    assert decision.missing == ("sauna",)
    assert decision.has(ReasonCode.SIBLING_EVIDENCE)
    assert "calder.md" not in {piece.key for piece in decision.evidence}


@pytest.mark.parametrize(
    ("question", "key", "said"),
    [
        ("What does parking at the Calder Lodge cost?", "calder.md", "8 euro"),
        ("What does breakfast at the Robinson Lodge cost?", "robinson.md", "14 euro"),
        ("What may breakfast at the Robinson Lodge cost per day?", "robinson.md", "14 euro"),
        ("What does a cot at the Robinson Lodge cost?", "lodges.md", "3 euro"),
    ],
    ids=[
        "its own page",
        "another one's own",
        "small words that only the sibling has",
        "a page about both",
    ],
)
def test_its_own_page_and_one_about_all_answer(ask, question, key, said):
    decision = ask(question)
    assert decision.verdict is Verdict.ANSWERABLE
    assert said in decision.answer
    assert key in {piece.key for piece in decision.evidence}
