"""Parts that fail while a question is asked: every ending must stay a typed state."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from evaluation.redteam.cases import Case
from evaluation.redteam.judging import Result, judge
from indexing.corpus import Corpus
from indexing.errors import LedgerUnavailableError, StoreUnavailableError
from indexing.points import Dense
from query.decision import GroundingDecision, Verdict
from query.engine import QueryEngine
from query.opening import CorpusView
from query.ports import Encoders, Pinned

QUESTION = "How long is the warranty of a Marsh gauge?"
SUITE = "failing_parts"


class Breakdown(Exception):
    """What no part should raise."""


class Failing:
    """Raises one error whatever is asked of it."""

    def __init__(self, error: Exception) -> None:
        """Raise `error`."""
        self._error = error

    def __getattr__(self, name: str) -> Any:
        """Return a method that raises."""

        def fail(*_: Any, **__: Any) -> Any:
            raise self._error

        return fail


class FailingJudge:
    """A judge that is down."""

    calibration_id = "failing"

    def judge(self, *_: Any) -> Any:
        """Judge nothing."""
        raise Breakdown("no judgement")


class NanEncoder:
    """An encoder whose numbers are none."""

    def encode_query(self, text: str) -> Dense:
        """Return a vector of NaN."""
        import numpy as np

        return np.full(384, np.nan, dtype=np.float32)

    def encode_documents(self, texts: Sequence[str]) -> Any:
        """Return such vectors."""
        import numpy as np

        return np.full((len(texts), 384), np.nan, dtype=np.float32)


class WithEncoders:
    """A view whose states bring other encoders."""

    def __init__(self, view: CorpusView, dense: Any, sparse: Any) -> None:
        """Replace what is not none."""
        self._view, self._dense, self._sparse = view, dense, sparse

    def pin(self, as_of: Any = None) -> Pinned | None:
        """Return the live state with the other encoders."""
        pinned = self._view.pin(as_of)
        if pinned is None or pinned.encoders is None:
            return pinned
        dense = self._dense or pinned.encoders.dense
        return replace(pinned, encoders=Encoders(dense, self._sparse or pinned.encoders.sparse))


def attack_parts(corpus: Corpus) -> list[Result]:
    """Ask one question with every part broken in turn."""
    view = CorpusView(corpus)
    down, gone = StoreUnavailableError("down"), LedgerUnavailableError("down")
    crash = Breakdown("/secret/path")
    broken: dict[str, dict[str, Any]] = {
        "store-down": {"store": Failing(down)},
        "store-crashes": {"store": Failing(crash)},
        "ledger-down": {"view": Failing(gone)},
        "ledger-crashes": {"view": Failing(crash)},
        "model-crashes": {"view": WithEncoders(view, Failing(crash), None)},
        "model-gives-nan": {"view": WithEncoders(view, NanEncoder(), None)},
        "sparse-crashes": {"view": WithEncoders(view, None, Failing(crash))},
        "log-down": {"audit": Failing(gone)},
        "judge-crashes": {"judge": FailingJudge()},
    }
    with unlogged():
        return [attack_part(corpus, view, name, parts) for name, parts in broken.items()]


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep what the query module logs of errors that were made for it from whoever reads the card.

    Whoever sets the level of its logs to DEBUG sees them.
    """
    logger = logging.getLogger("query")
    before = logger.level
    if not logger.isEnabledFor(logging.DEBUG):
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def attack_part(corpus: Corpus, view: CorpusView, name: str, parts: dict[str, Any]) -> Result:
    """Ask with some parts exchanged."""
    settings = corpus.settings
    given: dict[str, Any] = {
        "view": view,
        "store": corpus.store,
        "dense": None,
        "sparse": corpus.bm25,
        "retrieval": settings.retrieval,
        "gate": settings.gate,
        "audit": None,
        "tenant": settings.tenant,
    }
    # Only without the sparse list, or with the model down, an answer may still be certain.
    lenient = name in {"sparse-crashes", "model-crashes", "model-gives-nan"}
    never = () if lenient else (Verdict.ANSWERABLE,)
    case = Case(id=name, question=QUESTION, never=never)
    try:
        decision = QueryEngine(**(given | parts)).answer(QUESTION)
    except Exception as error:  # noqa: BLE001 - an exception out of the engine is the defeat
        return escaped(SUITE, case, error)
    # Where a part fails, an outage is a good ending.
    return replace(judge(SUITE, case, decision), asked=True)


def escaped(suite: str, case: Case, error: Exception) -> Result:
    """Describe an exception that came out of the engine."""
    defeat = f"{type(error).__name__} escaped: {error}"
    return Result(suite, case, (defeat,), {"question": case.question[:200], "verdict": None})


def decide(engine: QueryEngine, case: Case) -> GroundingDecision:
    """Ask one case."""
    return engine.answer(case.question, case.exclude, history=case.history)
