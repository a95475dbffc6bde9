"""A follow-up gets its topic from the turns before it, and a department is no pronoun."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.asking.followups import Turn, is_underspecified, read_history, refers_back, resolve
from query.audit import Asked, plain_values
from query.decision import ReasonCode


@pytest.mark.parametrize(
    ("question", "refers"),
    [
        ("How can I reach IT on weekends?", False),
        ("How can I reach it on weekends?", True),
        ("HOW HEAVY IS IT?", True),
    ],
)
def test_a_department_is_no_pronoun(question, refers):
    assert refers_back(question) is refers


def test_a_borrowed_topic_of_one_word_is_a_topic():
    turns = read_history(["Tell me about the PulseEase"])
    resolved = resolve("How heavy is it?", turns)
    assert resolved == "How heavy is it? (PulseEase)"
    assert not is_underspecified(resolved, ["heavi", "pulseeas"], turns)
    assert is_underspecified("How heavy is it?", ["heavi"], ())


def test_a_word_of_manners_alone_asks_nothing():
    assert is_underspecified("yes", ["yes"])
    assert is_underspecified("ok thanks!", ["ok", "thank"])
    assert not is_underspecified("yes", ["yes"], (Turn("agent", "Shall I tell you the fee?"),))


@pytest.mark.parametrize(
    ("asked", "question", "resolved"),
    [
        (["When does the lantern moth fly?", "and is it rare?"], "how long does it live",
         "how long does it live (rare lantern moth fly)"),
        (["The W7 shook a lot.", "Yes", "thanks!"], "What should I do?",
         "What should I do? (W7 shook lot)"),
        (["Does Larder encrypt files?", "What is the price of Kiln?"], "Is it fast?",
         "Is it fast? (price Kiln)"),
        (["How do I apply for the grant?", "What are the requirements?"], "And the fees?",
         "And the fees? (requirements apply grant)"),
        (["I need a mooring permit."], "What are the requirements and the deadlines to apply?",
         "What are the requirements and the deadlines to apply? (mooring permit)"),
        (["Hello!"], "Is it fast?", "Is it fast?"),
    ],
)  # fmt: skip
def test_a_topic_is_followed_back_to_where_it_was_named(asked, question, resolved):
    assert resolve(question, read_history(asked)) == resolved


@pytest.mark.parametrize(
    ("asked", "answer", "question", "person"),
    [
        ("who runs the lab", "The Laboratory Lead Office is Clara Bessa, in Porto.",
         "whats her extension?", "Clara Bessa"),
        ("Who wrote The Salt Bride?", "The composer Tomas Hedvaal.", "When did he die?",
         "Tomas Hedvaal"),
        ("Who runs it?", "Clara Bessa leads the Calibration Laboratory.", "Is she in Porto?",
         "Clara Bessa"),
        ("Where was Odile Brannick born?", "In Velling Old Town.", "Where did she die?", ""),
        ("Who runs it?", "It is Clara Bessa.", "Where is it?", ""),
        ("Who runs it?", "Nobody does.", "Where is she?", ""),
    ],
)  # fmt: skip
def test_who_answered_is_who_he_or_she_is(asked, answer, question, person):
    turns = read_history([{"role": "user", "text": asked}, {"role": "agent", "text": answer}])
    resolved = resolve(question, turns)
    assert (f"({person}" in resolved) if person else ("Clara" not in resolved)


@pytest.mark.parametrize(
    "turn",
    [
        "Tell me about the Heron.",
        Turn("user", "Tell me about the Heron."),
        {"role": "user", "content": [{"type": "text", "text": "Tell me about the Heron."}]},
        {
            "role": "user",
            "content": [{"type": "image_url"}, "Tell me about", {"text": "the Heron."}],
        },
        {"role": "user", "content": {"type": "text", "text": "Tell me about the Heron."}},
        "Tell me about the He\u00adron\u200b.",
        "My name is Jane Roe. Tell me about the Heron.",
        "Tell me about the Heron.\n\nKind regards,\nJane Roe",
        "Tell me about the Heron. " + "aGVyb24" * 20,
    ],
)
def test_a_turn_gives_its_topic_however_it_is_written(turn):
    assert resolve("How long is it?", read_history([turn])) == "How long is it? (Heron)"


@pytest.mark.parametrize(
    ("question", "said", "resolved"),
    [
        ("How long is its warranty?", "What is the price of the Tern 4?", "(price Tern 4)"),
        ("Who approves it?", "What is in version 3 of the policy?", "(version 3 policy)"),
        ("How loud is it?", "Where is the Veridian 1.5T?", "(Veridian 1.5T)"),
        ("And the warranty?", "What is the price of the Tern 4?", "(price Tern 4)"),
        ("And for the Heron?", "What is the price of the Tern 4?", "(price Tern)"),
        ("And the Heron?", "What is the price of the Tern 4?", "(price Tern)"),
        ("How long is it?", "What is the price of the Tern 2 and the Tern 4?", "(price Tern)"),
        ("When was he there?", "Who repaired the Tern 4?", "(repaired Tern)"),
    ],
)
def test_a_thing_with_a_number_is_a_topic_with_it(question, said, resolved):
    assert resolve(question, read_history([said])) == f"{question} {resolved}"


def test_long_turns_of_nothing_but_manners_are_read_once():
    turns = read_history(["Tell me about the Heron."] + ["thanks " * 3000] * 50)
    assert resolve("How long is it?", turns) == "How long is it? (Heron)"


def test_what_was_said_before_makes_no_question_too_long(engine):
    question = "Is it " + "so " * 1329 + "long?"
    decision = engine.ground(question, history=["Tell me about the buddy programme."])
    assert not decision.has(ReasonCode.QUESTION_TOO_LONG)


TURNS = st.one_of(
    st.text(max_size=20),
    st.none(),
    st.tuples(st.text(max_size=5), st.text(max_size=5)),
    st.dictionaries(
        st.sampled_from(("speaker", "role", "text", "content", "name")),
        st.one_of(st.none(), st.text(max_size=20), st.integers(0, 2)),
    ),
)


@given(st.lists(TURNS, max_size=6))
def test_a_logged_conversation_is_read_again_as_it_was(history):
    """A replay has only what the log kept."""
    kept = Asked("?", history=tuple(history)).to_json()["history"]
    understood = [(turn.speaker, turn.text) for turn in read_history(history)]
    again = [(turn.speaker, turn.text) for turn in read_history(json.loads(json.dumps(kept)))]
    assert again == [tuple(plain_values(turn)) for turn in understood]
