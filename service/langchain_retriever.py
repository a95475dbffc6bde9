"""Holdfast as a LangChain retriever: evidence as documents, each with the verdict it came with.

from service.langchain_retriever import HoldfastRetriever

retriever = HoldfastRetriever(engine=open_engine(corpus))
documents = retriever.invoke("How long is the warranty of a Heron?")
"""

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from query.asynchronous import AsyncQueryEngine
from query.decision import GroundingDecision
from query.engine import QueryEngine
from query.search.scope import Scope
from service.retrieving import WhenRefused, metadata_of, released

__all__ = ["HoldfastRetriever", "WhenRefused"]


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
        shown = released(decision, self.when_refused, self.k if k is None else k)
        return [
            Document(
                id=item.chunk_id, page_content=item.quote, metadata=metadata_of(decision, item)
            )
            for item in shown
        ]
