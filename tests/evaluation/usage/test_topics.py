"""Unanswered questions are gathered by their words and named by the most telling ones."""

import pytest

from evaluation.usage import topics as topics_module
from evaluation.usage.topics import find_topics
from query.privacy.personal_data import Kind

BICYCLES = (
    "How do I rent a company bicycle?",
    "Can I lease a bicycle through the company?",
    "What does the lease of a company bicycle cost?",
)
SHARES = (
    "When do stock options vest?",
    "What is the vesting period of employee stock options?",
    "How many stock options do employees get?",
)


def test_questions_about_the_same_are_one_topic_and_others_are_not(logged):
    asked = [logged(question) for pair in zip(BICYCLES, SHARES, strict=True) for question in pair]
    asked += [logged("Where is the nearest dentist?"), logged(BICYCLES[0])]
    found, left = find_topics(asked)
    assert left == 0
    assert [(topic.requests, topic.questions) for topic in found] == [(4, 3), (3, 3), (1, 1)]
    assert "bicycle" in found[0].label.split()
    assert {"stock", "options"} <= set(found[1].label.split())
    assert found[0].codes == (("low_support", 4),)
    assert found[0].first < found[0].last
    assert found[0].request_ids[0] == asked[-1].request_id, "the newest first"


def test_the_order_of_words_and_their_form_do_not_make_another_question(logged):
    found, _ = find_topics([logged("stock options vesting"), logged("When do stock options vest?")])
    assert [(topic.requests, topic.questions) for topic in found] == [(2, 1)]


def test_masked_data_and_empty_questions_make_no_topic(logged):
    found, left = find_topics([logged("[email:1] or [phone:2]?"), logged(""), logged("what is it")])
    assert (found, left) == ((), 0)
    (topic,) = find_topics([logged("Is [email:1] a customer?")])[0]
    assert "email" not in topic.label


@pytest.mark.parametrize("kind", list(Kind))
def test_no_label_of_masked_data_is_a_word_of_a_question(logged, kind):
    assert find_topics([logged(f"Is [{kind}:1] [{kind}:12]?")]) == ((), 0)


def test_no_more_are_compared_than_can_be(logged, monkeypatch):
    monkeypatch.setattr(topics_module, "MOST_QUESTIONS", 2)
    asked = [logged(q) for q in ("alpha beta", "gamma delta", "gamma delta", "epsilon zeta")]
    found, left = find_topics(asked)
    assert found[0].label.split() == ["delta", "gamma"]
    assert (sum(topic.requests for topic in found), left) == (3, 1)


@pytest.mark.parametrize(
    "question", ["<script>alert(1)</script>", "日本語の質問", "💥 boom", "evil\u202e text"]
)
def test_odd_questions_are_topics_like_any_other(logged, question):
    found, _ = find_topics([logged(question), logged("Where is the dentist?")])
    assert sum(topic.requests for topic in found) == 2
