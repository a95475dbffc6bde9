"""The passage that answers comes first where the one before it does not, and only then."""

from dataclasses import replace

import pytest

from config.querying import DeadlineSettings
from config.trust import Trust
from query.judging.promoting import answering_first, with_first
from query.judging.reader import HERE, Reading, read_record
from query.judging.trained_judge import TrainedJudge
from query.resilience import circuit
from tests.query.judging.test_ordering import listed
from tests.query.judging.test_trained_judge import PLAIN

LEAD = 0.05
QUESTION = "How many working days of annual leave does every employee receive?"


def read(*answers: float) -> list[Reading]:
    return [Reading(0.0, one) for one in answers]


def scored(*scores: float, trust: tuple[str, ...] = ()):
    passages = listed(*(f"Page {n}." for n in range(len(scores))), trust=trust)
    return [
        replace(p, ranked=replace(p.ranked, score=s)) for p, s in zip(passages, scores, strict=True)
    ]


@pytest.mark.parametrize(
    ("scores", "answers", "first"),
    [
        ((0.8, 0.7), (-2.0, 1.0), 1),  # .05 * 3 outweighs .1
        ((0.8, 0.6), (-2.0, 1.0), 0),
        ((0.8, 0.8), (-2.0, -2.0), 0),
        ((0.8, 0.8), (-2.0,), 0),
        ((0.8, 0.75, 0.7), (-2.0, -1.5, 3.0), 2),
    ],
)
def test_an_answer_outweighs_a_little_of_the_score(scores, answers, first):
    passages = scored(*scores)
    found = answering_first(passages, read(*answers), LEAD)
    assert found == (passages[first].chunk_id if first else "")
    assert answering_first(passages, read(*answers), None) == ""


@pytest.mark.parametrize(
    ("trust", "moves"),
    [
        ((Trust.HIGH, Trust.LOW), False),
        (("", Trust.LOW), False),
        ((Trust.LOW, Trust.LOW), True),
        ((Trust.LOW, Trust.HIGH), True),
        ((Trust.HIGH, Trust.HIGH), True),
    ],
)
def test_a_source_of_low_trust_is_not_put_before_others(trust, moves):
    passages = scored(0.8, 0.8, trust=trust)
    assert bool(answering_first(passages, read(-5.0, 5.0), LEAD)) is moves


def test_scores_stay_with_the_places_and_nothing_is_lost():
    passages = scored(0.9, 0.8, 0.5, 0.4)
    moved = with_first(passages, passages[2].chunk_id)
    assert [p.text for p in moved] == ["Page 2.", "Page 0.", "Page 1.", "Page 3."]
    assert [p.ranked.score for p in moved] == [0.9, 0.8, 0.5, 0.4]


def test_what_is_no_evidence_keeps_its_place():
    passages = scored(0.9, 0.8, 0.5)
    passages[0] = replace(passages[0], flags=("injection",))
    moved = with_first(passages, passages[2].chunk_id)
    assert [p.text for p in moved] == ["Page 0.", "Page 2.", "Page 1."]


@pytest.mark.parametrize("wanted", ["", "no such chunk"])
def test_nothing_to_move_moves_nothing(wanted):
    passages = scored(0.9, 0.8)
    assert with_first(passages, wanted) == tuple(passages)
    assert with_first(passages, passages[0].chunk_id) == tuple(passages)


class Finds:
    """A reader that finds the answer in one text only."""

    def __init__(self, phrase: str) -> None:
        self.phrase = phrase

    def read(self, question, texts):
        return [Reading(4.0, 8.0) if self.phrase in text else Reading(-8.0, -8.0) for text in texts]


def test_a_decision_shows_the_passage_first_that_its_judge_reads_the_answer_in(make_engine):
    plain = make_engine().ground(QUESTION)
    second = plain.evidence[1].key
    phrase = plain.evidence[1].quote[:20]

    def decided(lead: float | None):
        trips = circuit(DeadlineSettings())
        judge = TrainedJudge(
            Finds(phrase), PLAIN, "reader-test", 2, trips, 5.0, enough=0.0, lead=lead
        )
        return make_engine(judge=judge).ground(QUESTION)

    left, led = decided(None), decided(1.0)
    assert [e.key for e in left.evidence] == [e.key for e in plain.evidence]
    assert led.evidence[0].key == led.retrieved_keys[0] == second
    assert sorted(led.retrieved_keys) == sorted(left.retrieved_keys)
    assert led.p_answerable == left.p_answerable
    scores = [e.score for e in led.evidence]
    assert scores == sorted(scores, reverse=True)


def test_the_reader_that_ships_has_a_say_in_the_order():
    assert read_record(HERE).lead == LEAD
