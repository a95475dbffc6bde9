"""What becomes evidence: caps, diversity, freshness, a reranker that may fail, a budget."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.querying import DeadlineSettings, SelectionSettings
from query.decision import Evidence, ReasonCode, Status
from query.evidence.selection import Reranking, estimate_tokens, select, within_budget
from query.parts import Extras
from query.resilience import Circuit
from query.text.passages import Passage

LEAVE = "How many working days of annual leave does every employee receive?"


class Ranked:
    """As much of a ranked hit as a choice looks at."""

    def __init__(self, score):
        self.score = score


def passage(number, text, score, **options):
    given = {"document_id": f"d{number}", "source": "s"} | options
    return Passage(
        ranked=Ranked(score), chunk_id=str(number), key=f"{number}.md", version=1, page=None,
        start=0, text=text, title="", headings=(), flags=(), **given,
    )  # fmt: skip


@pytest.fixture
def five():
    return [passage(n, f"text number {n}", 1.0 - n / 10) for n in range(5)]


def ids(passages):
    return [int(p.chunk_id) for p in passages]


def test_without_special_settings_the_first_ones_stand_as_they_are(five, clock_now):
    assert ids(select(five, SelectionSettings(), 3, clock_now)) == [0, 1, 2]


def test_a_source_and_a_document_have_their_caps(clock_now):
    many = [passage(n, "t", 1.0, source="ab"[n > 2], document_id=f"d{n // 2}") for n in range(6)]
    capped = SelectionSettings(max_per_source=2)
    assert ids(select(many, capped, 6, clock_now)) == [0, 1, 3, 4]
    assert ids(select(many, SelectionSettings(max_per_document=1), 6, clock_now)) == [0, 2, 4]


def test_diversity_lets_a_copy_fall_behind(clock_now):
    three = [
        passage(0, "the harbour opens at nine", 1.0),
        passage(1, "the harbour opens at nine", 0.99),
        passage(2, "boats are inspected every spring", 0.6),
    ]
    assert ids(select(three, SelectionSettings(), 2, clock_now)) == [0, 1]
    assert ids(select(three, SelectionSettings(diversity=0.5), 2, clock_now)) == [0, 2]


def test_freshness_prefers_the_recent_and_counts_unknown_as_old(clock_now):
    three = [
        passage(0, "a", 0.9, modified=clock_now - timedelta(days=3650)),
        passage(1, "b", 0.8, modified=clock_now - timedelta(days=1)),
        passage(2, "c", 0.85),
    ]
    fresh = SelectionSettings(freshness_weight=0.5, freshness_half_life_days=30)
    assert ids(select(three, fresh, 3, clock_now)) == [1, 0, 2]


@given(
    st.lists(st.tuples(st.text(max_size=30), st.floats(0, 1)), max_size=12),
    st.integers(1, 8),
    st.floats(0, 1),
    st.integers(0, 3),
)
def test_a_choice_is_always_part_of_what_there_was(texts, top_k, diversity, cap):
    from datetime import UTC, datetime

    every = [passage(n, text, score) for n, (text, score) in enumerate(texts)]
    settings = SelectionSettings(diversity=diversity, max_per_source=cap)
    chosen = ids(select(every, settings, top_k, datetime.now(UTC)))
    assert len(chosen) == len(set(chosen)) <= min(top_k, cap or top_k)
    assert set(chosen) <= set(range(len(every)))


def evidence(quote):
    return Evidence("c", "d", "k", 1, None, 0, len(quote), quote, 1.0)


def test_a_token_budget_keeps_the_first_quotes_that_fit():
    items = [evidence("word " * 20) for _ in range(5)]
    each = estimate_tokens(items[0].quote)
    assert within_budget(items, 0) == tuple(items)
    assert len(within_budget(items, 3 * each)) == 3
    assert len(within_budget(items, 1)) == 1


@given(st.text(alphabet="abcdefgh 0123456789.,", max_size=200))
def test_the_estimate_is_never_below_a_word_piece_tokenizer(text):
    assert estimate_tokens(text) >= len(text.split())


class Scores:
    """A reranker that turns the order round, or fails."""

    def __init__(self, error=None):
        self.error, self.asked = error, 0

    def scores(self, question, texts):
        self.asked += 1
        if self.error:
            raise self.error
        return list(range(len(texts)))


def reranked(reranker, most=5):
    return Reranking(reranker, most, DeadlineSettings(), Circuit(2, 60.0))


def test_a_reranker_decides_the_order_of_what_it_read(five, clock_now):
    relevance, fault = reranked(Scores(), most=3).relevance("q", five)
    assert fault is None
    assert ids(select(five, SelectionSettings(), 5, clock_now, relevance)) == [2, 1, 0, 3, 4]


def test_a_reranker_that_fails_leaves_the_order_and_says_so(make_engine, engine):
    broken = Scores(RuntimeError("no weights"))
    extras = Extras(reranking=reranked(broken))
    served = make_engine(extras=extras)
    decision = served.answer(LEAVE)
    assert decision.status is Status.DEGRADED
    assert decision.has(ReasonCode.RERANKER_DOWN)
    plain = engine.answer(LEAVE)
    assert (decision.answer, decision.evidence) == (plain.answer, plain.evidence)
    for _ in range(3):
        served.answer(LEAVE)
    assert broken.asked == 2  # then its circuit is open
