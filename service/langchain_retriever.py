"""Holdfast as a LangChain retriever: evidence as documents, each with the verdict it came with.

from service.langchain_retriever import HoldfastRetriever

retriever = HoldfastRetriever(engine=open_engine(corpus))
documents = retriever.invoke("How long is the warranty of a Heron?")
"""

from enum import StrEnum
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from query.asynchronous import AsyncQueryEngine
from query.decision import GroundingDecision, SuggestedAction
from query.engine import QueryEngine
from query.scope import Scope


class WhenRefused(StrEnum):
    """What a chain gets where the verdict does not allow an answer."""

    NOTHING = "nothing"
    """No document, so that a chain has nothing to make an answer from."""
    NEAREST = "nearest"
    """The nearest misses; whoever uses them has to look at the verdict in their metadata."""


class HoldfastRetriever(BaseRetriever):
    """Retrieves evidence; nothing comes back that the gate does not let be answered from."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    engine: QueryEngine
    k: int = Field(default=8, ge=1)
    scope: Scope | None = None
    """What may be read; none is the engine's own."""
    when_refused: WhenRefused = WhenRefused.NOTHING

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        return self._documents(self.engine.ground(query, scope=self.scope), k)

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        decision = await AsyncQueryEngine(self.engine).ground(query, scope=self.scope)
        return self._documents(decision, k)

    def _documents(self, decision: GroundingDecision, k: int | None) -> list[Document]:
        refused = decision.suggested_action is not SuggestedAction.ANSWER
        if refused and self.when_refused is WhenRefused.NOTHING:
            return []
        shown = decision.evidence[: self.k if k is None else k]
        return [
            Document(id=item.chunk_id, page_content=item.quote, metadata=_metadata(decision, item))
            for item in shown
        ]


def _metadata(decision: GroundingDecision, item: Any) -> dict[str, Any]:
    evidence = {name: value for name, value in item.to_json().items() if name != "quote"}
    return evidence | {
        "source": item.key,
        "request_id": decision.request_id,
        "status": decision.status.value,
        "verdict": decision.verdict.value if decision.verdict else None,
        "p_answerable": decision.p_answerable,
        "reasons": [reason.code.value for reason in decision.reasons],
        "suggested_action": decision.suggested_action.value,
        "generation": decision.generation,
        "epoch": decision.epoch,
    }
