"""Holdfast as a LlamaIndex retriever: evidence as nodes, each with the verdict it came with.

from service.llamaindex_retriever import HoldfastRetriever

retriever = HoldfastRetriever(open_engine(corpus))
nodes = retriever.retrieve("How long is the warranty of a Heron?")

Needs the extra `llamaindex`; nothing else in Holdfast imports this module.
"""

from typing import Any

from config.errors import ConfigError
from query.asynchronous import AsyncQueryEngine
from query.decision import GroundingDecision
from query.engine import QueryEngine
from query.search.scope import Scope
from service.retrieving import WhenRefused, metadata_of, released

try:
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
except ImportError as error:
    raise ConfigError(
        "The LlamaIndex retriever needs llama-index-core: install Holdfast with the extra "
        "llamaindex, as in `pip install '.[llamaindex]'`."
    ) from error

__all__ = ["HoldfastRetriever", "WhenRefused"]


class HoldfastRetriever(BaseRetriever):
    """Retrieves evidence; nothing comes back that the gate does not let be answered from."""

    def __init__(
        self,
        engine: QueryEngine,
        similarity_top_k: int = 8,
        scope: Scope | None = None,
        when_refused: WhenRefused = WhenRefused.NOTHING,
        **options: Any,
    ) -> None:
        """Wrap an engine.

        Args:
            engine: Decides.
            similarity_top_k: Pieces of evidence at most.
            scope: What may be read; none is the engine's own.
            when_refused: What is given where the verdict does not allow an answer.
            options: Those of every LlamaIndex retriever, such as `callback_manager`.

        Raises:
            ConfigError: `similarity_top_k` is below 1.
        """
        if similarity_top_k < 1:
            raise ConfigError(f"similarity_top_k is {similarity_top_k}; give 1 or more.")
        super().__init__(**options)
        self._engine = engine
        self._most = similarity_top_k
        self._scope = scope
        self._when_refused = when_refused

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return self._nodes(self._engine.ground(query_bundle.query_str, scope=self._scope))

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        engine = AsyncQueryEngine(self._engine)
        return self._nodes(await engine.ground(query_bundle.query_str, scope=self._scope))

    def _nodes(self, decision: GroundingDecision) -> list[NodeWithScore]:
        # A model reads the text and its place; the rest is for whoever builds the chain.
        nodes = []
        for item in released(decision, self._when_refused, self._most):
            metadata = metadata_of(decision, item)
            hidden = [name for name in metadata if name not in {"key", "page", "version"}]
            node = TextNode(
                id_=item.chunk_id,
                text=item.quote,
                metadata=metadata,
                excluded_llm_metadata_keys=hidden,
                excluded_embed_metadata_keys=list(metadata),
            )
            nodes.append(NodeWithScore(node=node, score=item.score))
        return nodes
