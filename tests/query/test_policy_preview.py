"""What another policy would have decided, told from the request log alone."""

import json

import pytest

from config.policy import Policy, Topic, TopicAction
from config.trust import Trust
from query.decision import Verdict
from query.parts import Extras
from query.policy_preview import Change, preview, summary
from tests.query.conftest import HashingEncoder

LEAVE = "How many working days of annual leave does every employee receive?"
PARKING = "How much is the monthly parking fee at headquarters?"
FAR = "Which spices go into garam masala?"
NO_PARKING = Policy(topics=(Topic(name="parking", patterns=("parking",)),))


@pytest.fixture
def logged(engine, audit):
    """The rows of three questions, as the log has them."""
    for question in (LEAVE, PARKING, FAR):
        engine.answer(question)
    return [json.loads(json.dumps(record.to_json())) for record in audit.records]


def changes(policy, records, encoder=None):
    return [one.change for one in preview(policy, records, encoder)]


def test_an_empty_policy_changes_nothing(logged):
    assert changes(Policy(), logged) == [Change.NONE] * 3


def test_a_topic_shows_what_it_would_refuse(logged):
    found = preview(NO_PARKING, logged)
    assert [one.change for one in found] == [Change.NONE, Change.REFUSED, Change.NONE]
    assert (found[1].topics, found[1].verdict) == (("parking",), "answerable")
    assert summary(found) == {
        "none": 2, "refused": 1, "released": 0, "narrowed": 0, "undecided": 0,
    }  # fmt: skip


def test_what_a_policy_refused_is_released_by_a_milder_one(make_engine, audit):
    make_engine(extras=Extras(policy=NO_PARKING)).answer(PARKING)
    record = audit.records[-1].to_json()
    assert record["verdict"] == Verdict.REFUSED_BY_POLICY
    assert changes(NO_PARKING, [record]) == [Change.NONE]
    assert changes(Policy(), [record]) == [Change.RELEASED]


def test_a_higher_confidence_refuses_what_was_answered(logged):
    p = min(r["p_answerable"] for r in logged[:2])
    assert changes(Policy(min_confidence=p), logged[:2]) == [Change.NONE] * 2
    assert changes(Policy(min_confidence=1.0), logged) == [
        Change.REFUSED, Change.REFUSED, Change.NONE,
    ]  # fmt: skip


def test_restrictions_are_judged_by_the_candidates_of_then(logged):
    assert changes(Policy(least_trust=Trust.MEDIUM), logged[:1]) == [Change.NONE]
    assert changes(Policy(least_trust=Trust.HIGH), logged[:1]) == [Change.REFUSED]
    logged[0]["retrieval"][0]["trust"] = "high"
    assert changes(Policy(least_trust=Trust.HIGH), logged[:1]) == [Change.NARROWED]


def test_a_log_from_before_sources_were_kept_is_undecided(logged):
    for entry in logged[0]["retrieval"]:
        del entry["trust"]
    assert changes(Policy(least_trust=Trust.HIGH), logged[:1]) == [Change.UNDECIDED]


def test_examples_need_an_encoder(logged, encoder):
    examples = ("What does parking at headquarters cost per month?",)
    topic = Topic(name="p", action=TopicAction.REFUSE, examples=examples, resembles_at=0.5)
    policy = Policy(topics=(topic,))
    assert changes(policy, logged) == [Change.UNDECIDED] * 3
    assert changes(policy, logged, encoder) == [Change.NONE, Change.REFUSED, Change.NONE]


def test_a_part_of_a_question_is_held_against_the_policy_as_the_engine_does(make_engine, audit):
    policy = Policy(topics=(Topic(name="parking", examples=(PARKING,), resembles_at=1.0),))
    both = f"{LEAVE} {PARKING}"
    assert make_engine(extras=Extras(policy=policy)).answer(both).verdict == (
        Verdict.REFUSED_BY_POLICY
    )
    make_engine().answer(both)
    assert changes(policy, [audit.records[-1].to_json()], HashingEncoder()) == [Change.REFUSED]


@pytest.mark.parametrize(
    ("question", "policy"),
    [("And it?", Policy(min_confidence=0.99)), ("qwrt zxcvb nmlkj", Policy(languages=("de",))),
     ("¿Cuándo comienza el turno de noche de los porteros?", Policy(languages=("de",))),
     ("How much is it?", NO_PARKING)],
)  # fmt: skip
def test_what_no_policy_is_asked_about_stays_as_it_was(make_engine, audit, question, policy):
    then = make_engine().answer(question)
    now = make_engine(extras=Extras(policy=policy)).answer(question)
    assert now.verdict is then.verdict
    assert changes(policy, [audit.records[0].to_json()]) == [Change.NONE]
