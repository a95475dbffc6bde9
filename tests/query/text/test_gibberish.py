"""Random letters are noticed where nobody knows a word of them; whatever somebody knows is read."""

from collections.abc import Sequence

import pytest

from indexing.errors import ModelError
from query.decision import Reason, ReasonCode, Status, SuggestedAction, Verdict
from query.resilience import CircuitOpenError, OverdueError
from query.search.retrieval import NO_HITS, Retrieval
from query.text.gibberish import gibberish, strange_words
from query.text.words import table
from tests.query.conftest import HashingEncoder

VOCABULARY = table("accept incoming phone call change color contrast warranty probe")
NOTHING = Retrieval(Status.OK, (), NO_HITS, None, (), {})


class Cutting(HashingEncoder):
    """Knows a few words; whatever else it reads falls to pieces."""

    def pieces(self, words: Sequence[str]) -> list[int]:
        return [1 if word in VOCABULARY else 3 for word in words]


class Broken(HashingEncoder):
    """Cannot cut any word."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error or ModelError("The model is damaged.")

    def pieces(self, words: Sequence[str]) -> list[int]:
        raise self.error


@pytest.mark.parametrize(
    "text",
    [
        "frobulate snark mibbing trellow quastin?",
        "Frobulate snark mibbing trellow",
        "asdf jkl qwer",
    ],
)
def test_what_nobody_knows_is_garbled(text):
    reason = gibberish(text, NOTHING, Cutting())
    assert reason is not None
    assert reason.code is ReasonCode.GARBLED_INPUT


@pytest.mark.parametrize(
    "text",
    [
        "accept incoming phone call",
        "warranty frobulate snark mibbing",
        "what is frobulate snark mibbing trellow",
        "Frobulate Snark Mibbing Trellow",
        "frobulate snark mibbing TRN-204",
        "frobulate snark mibbing ABCD",
        "gwarancja ile trwa",
        "jak dlouho trva zaruka",
        "frobulate snärk mibbing trellow",
        "kubernetes etcd quorum",
        "infliximab adalimumab biosimilar",
        "quastin",
        "保修期 是 多长 时间",
    ],
)
def test_known_words_names_codes_and_other_languages_are_read(text):
    assert gibberish(text, NOTHING, Cutting()) is None


def test_what_the_collection_knows_is_read(make_engine):
    engine = make_engine(dense=Cutting())
    garbled = engine.answer("frobulate snark mibbing trellow")
    assert garbled.verdict is Verdict.UNANSWERABLE
    assert garbled.suggested_action is SuggestedAction.ASK_BACK
    assert ReasonCode.GARBLED_INPUT in {reason.code for reason in garbled.reasons}
    known = engine.answer("frobulate snark mibbing trellow gateway")
    assert ReasonCode.GARBLED_INPUT not in {reason.code for reason in known.reasons}


@pytest.mark.parametrize("code", [ReasonCode.SPARSE_ENCODER_DOWN, ReasonCode.DENSE_ENCODER_DOWN])
def test_with_an_encoder_down_nothing_is_told(code):
    found = Retrieval(Status.DEGRADED, (), NO_HITS, None, (Reason(code, "down"),), {})
    assert gibberish("frobulate snark mibbing trellow", found, Cutting()) is None


def test_an_encoder_that_cuts_no_words_or_fails_tells_nothing():
    late, left_alone = Broken(OverdueError("late")), Broken(CircuitOpenError("open"))
    for encoder in (None, HashingEncoder(), Broken(), late, left_alone):
        assert gibberish("frobulate snark mibbing trellow", NOTHING, encoder) is None


def test_only_longer_words_are_looked_up():
    assert list(strange_words("Frobulate xe mibbing quaz?")) == ["frobulate", "mibbing", "quaz"]
    assert list(strange_words("xe quo mib quaz")) == [], (
        "of so short words every vocabulary is full"
    )
    assert list(strange_words("asdf jkl qwer")) == ["asdf", "qwer"]
