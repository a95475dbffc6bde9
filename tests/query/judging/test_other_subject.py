"""What is said of another thing of the kind is no answer for the one that is asked about."""

import pytest

from query.decision import Verdict
from query.judging.other_subject import without_other_subject
from query.ruling import Ruling
from tests.query.ambiguity.test_conflicts import ask, titled


def ruled(question, *texts, title="Site"):
    asked = ask(question)
    ruling = Ruling(Verdict.ANSWERABLE, 0.99, weights=dict.fromkeys(asked.terms, 1.0))
    passages = [titled(title, text, number) for number, text in enumerate(texts)]
    return without_other_subject(asked, passages, ruling)


@pytest.mark.parametrize(
    ("question", "said", "missing"),
    [
        ("How many people does Room Aspen seat?",
         "Room Aspen has a projector. Room Birch seats 12 people.", "Room Aspen"),
        ("When did Nora Lindt join the company?",
         "Nora Lindt lives in Graz. Peter Okafor joined the company in 2019.", "Nora Lindt"),
        ("When was the factory in Lund opened?",
         "Lund is a town. The factory in Visby was opened in 1987.", "Lund"),
        ("Where does the key of Room Birch hang?",
         "In 2019 the Room Cedar was divided; its key hangs at the reception.", "Room Birch"),
        ("From what height can the Kestrel 2 fall?",
         "The Kestrel 2 is splash-proof. The Kestrel Pro survives a fall from 1.5 m.", "Kestrel 2"),
        ("How long does it take to charge the Kestrel Pro?",
         "The Kestrel 2 is charged in 2.5 hours. The Kestrel Pro has a display.", "Kestrel Pro"),
        ("What does the meeting room in Lisbon cost?",
         "The meeting room in Lisbon has light. The meeting room in Porto costs €180.", "Lisbon"),
    ],
)  # fmt: skip
def test_another_thing_side_by_side_does_not_answer(question, said, missing):
    ruling = ruled(question, said)
    assert ruling.verdict is Verdict.UNANSWERABLE
    assert ruling.missing == (missing,)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How many people does Room Aspen seat?", "Room Aspen seats 12 people. Room Birch 8."),
        ("How many people does Room Aspen seat?", "Room Birch seats 12 people, like Room Aspen."),
        ("How many people does Room Aspen seat?", "Room Birch and all other rooms seat 12 people."),
        ("How many people does Room Aspen seat?",
         "Room Birch seats 12 people. People find 8 places to seat in every small room."),
        ("When did Nora Lindt join the company?",
         "Nora Lindt lives in Graz. She joined the company in 2019."),
        ("Who is the deputy of Nora Lindt?", "Peter Okafor is the deputy of the head of sales."),
        ("When was the factory in Lund opened?", "The factory in Lund by Visby opened in 1987."),
        ("How many jobs has Amazon GroundTruth?", "Ground Truth Labeling has 12 jobs."),
        ("When was the town hall opened?", "Room Birch in the town hall was opened in 1987."),
        ("When was the Kestrel 2 shown?", "In 2019 the Kestrel Pro was shown with the Kestrel 2."),
    ],
    ids=["its own sentence", "both", "all", "another sentence of neither", "a pronoun",
         "a person is asked for", "the place itself", "in pieces", "no name", "with a number"],
)  # fmt: skip
def test_all_else_may_answer(question, said):
    assert ruled(question, said).verdict is Verdict.ANSWERABLE


def test_a_page_about_the_thing_may_name_others_first():
    said = "Peter Okafor let her join the company in 2019."
    question = "When did Nora Lindt join the company?"
    assert ruled(question, said, title="Nora Lindt").verdict is Verdict.ANSWERABLE
    assert ruled(question, said).verdict is Verdict.UNANSWERABLE
