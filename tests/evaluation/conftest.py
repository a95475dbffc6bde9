"""Hand-made outcomes, so that figures can be tested without an index; parsers for real ones."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from evaluation.asking import Outcome, Quoted
from indexing.corpus import Corpus
from ingestion.parsing.pool import ParserPool
from query.decision import Verdict
from query.labelled import LabelledQuestion

COUNTER = itertools.count()


@pytest.fixture(autouse=True)
def _parsers(monkeypatch: pytest.MonkeyPatch, parsers: ParserPool) -> None:
    """Temporary homes read in the children that all tests share; each would start its own."""
    monkeypatch.setattr(Corpus, "parsers", property(lambda _: parsers))


@pytest.fixture
def outcome() -> Callable[..., Outcome]:
    """Make an outcome: its label, what was said, with which probability, and what was found."""

    def make(
        label: str | None = "answerable",
        verdict: str | None = None,
        p: float = 0.9,
        ranked: tuple[str, ...] = ("d1", "d2"),
        gold: tuple[str, ...] = (),
        **more: object,
    ) -> Outcome:
        about = {
            k: more.pop(k) for k in ("tier", "lang", "reviewed", "id", "question") if k in more
        }
        about.setdefault("id", f"q{next(COUNTER)}")
        about.setdefault("question", "How long is it?")
        question = LabelledQuestion(
            label=Verdict(label) if label else None, gold=frozenset(gold), **about
        )
        given = verdict or ("answerable" if p >= 0.5 else "unanswerable")
        return Outcome(
            question, "ok", given, p, ranked, frozenset(gold), ("evidence_found",),
            (Quoted("d1", "It is long.", ()),), None, 5.0,
        )  # fmt: skip

    return make


@pytest.fixture
def now() -> datetime:
    """A fixed moment."""
    return datetime(2026, 11, 26, 0, 30, tzinfo=UTC)
