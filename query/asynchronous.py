"""The engine for callers that must not block: the same work in threads, the same results."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from indexing.as_of import AsOf
from query.claims.claim import AnswerCheck
from query.decision import GroundingDecision
from query.engine import QueryEngine
from query.policy.permission import Permission
from query.ports import Pinned
from query.search.retrieval import Retrieval
from query.search.scope import Scope

if TYPE_CHECKING:
    from query.feedback import Feedback, Given
    from query.logged_evidence import CitedEvidence


@dataclass(frozen=True, slots=True)
class AsyncQueryEngine:
    """Wraps an engine; arguments and results are those of `QueryEngine`."""

    engine: QueryEngine

    async def retrieve(
        self,
        question: str,
        exclude_keys: Iterable[str] | None = frozenset(),
        as_of: AsOf | None = None,
        *,
        scope: Scope | None = None,
    ) -> Retrieval:
        """Return the candidates of a question, best first, without judging them."""
        work = partial(self.engine.retrieve, question, exclude_keys, as_of, scope=scope)
        return await asyncio.to_thread(work)

    async def ground(
        self,
        question: str,
        exclude_keys: Iterable[str] | None = frozenset(),
        as_of: AsOf | None = None,
        history: Sequence[Any] | None = (),
        *,
        scope: Scope | None = None,
    ) -> GroundingDecision:
        """Decide whether the index holds the answer."""
        work = partial(self.engine.ground, question, exclude_keys, as_of, history, scope=scope)
        return await asyncio.to_thread(work)

    async def answer(
        self,
        question: str,
        exclude_keys: Iterable[str] | None = frozenset(),
        as_of: AsOf | None = None,
        history: Sequence[Any] | None = (),
        *,
        scope: Scope | None = None,
    ) -> GroundingDecision:
        """Decide like `ground`, and fill `answer` where the verdict allows one."""
        work = partial(self.engine.answer, question, exclude_keys, as_of, history, scope=scope)
        return await asyncio.to_thread(work)

    async def answer_many(
        self, lines: Iterable[Mapping[str, Any]]
    ) -> AsyncIterator[dict[str, Any]]:
        """Answer the lines of a batch, in order; each is read when it is its turn."""
        for line in lines:
            yield await asyncio.to_thread(lambda one: next(self.engine.answer_many([one])), line)

    async def check(
        self,
        answer: str,
        *,
        question: str = "",
        evidence: Sequence[str] | None = None,
        request_id: str | None = None,
        scope: Scope | None = None,
        check_id: Any = None,
    ) -> AnswerCheck:
        """Check every sentence of a text against one kind of evidence."""
        work = partial(
            self.engine.check,
            answer,
            question=question,
            evidence=evidence,
            request_id=request_id,
            scope=scope,
            check_id=check_id,
        )
        return await asyncio.to_thread(work)

    async def evidence(
        self, request_id: str, *, scope: Scope | None = None
    ) -> "CitedEvidence | None":
        """Return the chunks behind the evidence of a logged request."""
        return await asyncio.to_thread(partial(self.engine.evidence, request_id, scope=scope))

    async def feedback(self, request_id: str, feedback: "Feedback") -> "Given | None":
        """Write down what somebody says about an answer."""
        return await asyncio.to_thread(self.engine.feedback, request_id, feedback)

    async def permits(self, texts: Sequence[str], pinned: Pinned, scope: Scope) -> Permission:
        """Say what of a scope the policy of today lets be read for texts that are not judged."""
        return await asyncio.to_thread(self.engine.permits, texts, pinned, scope)
