"""The engine for callers that must not block: the same work in threads, the same results."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from indexing.as_of import AsOf
from query.decision import GroundingDecision
from query.engine import QueryEngine
from query.scope import Scope


@dataclass(frozen=True, slots=True)
class AsyncQueryEngine:
    """Wraps an engine; arguments and results are those of `QueryEngine`."""

    engine: QueryEngine

    async def ground(
        self,
        question: str,
        exclude_keys: frozenset[str] = frozenset(),
        as_of: AsOf | None = None,
        history: Sequence[Any] = (),
        *,
        scope: Scope | None = None,
    ) -> GroundingDecision:
        """Decide whether the index holds the answer; never raises."""
        work = partial(self.engine.ground, question, exclude_keys, as_of, history, scope=scope)
        return await asyncio.to_thread(work)

    async def answer(
        self,
        question: str,
        exclude_keys: frozenset[str] = frozenset(),
        as_of: AsOf | None = None,
        history: Sequence[Any] = (),
        *,
        scope: Scope | None = None,
    ) -> GroundingDecision:
        """Decide like `ground`, and fill `answer` where the verdict allows one."""
        work = partial(self.engine.answer, question, exclude_keys, as_of, history, scope=scope)
        return await asyncio.to_thread(work)
