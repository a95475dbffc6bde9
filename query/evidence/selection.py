"""Choosing which candidates become evidence: caps, freshness, diversity, reranking, a budget.

The gate has judged all candidates by then: what is chosen here is what an agent gets to read.
"""

import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from config.querying import DeadlineSettings, SelectionSettings
from query.decision import Evidence, Reason, ReasonCode
from query.resilience import Circuit, CircuitOpenError, OverdueError
from query.search.reranking import Reranker
from query.text.passages import Passage

logger = logging.getLogger(__name__)

_PIECE: Final = re.compile(r"\d|[A-Za-z]{1,3}|[^\sA-Za-z\d]")


def estimate_tokens(text: str) -> int:
    """Estimate from above how many tokens a text has, whatever the tokenizer."""
    return len(_PIECE.findall(text))


def select(
    passages: Sequence[Passage],
    settings: SelectionSettings,
    top_k: int,
    now: datetime,
    relevance: Mapping[str, float] | None = None,
) -> tuple[Passage, ...]:
    """Choose at most `top_k` passages; without special settings the first ones, as they stand.

    Args:
        passages: Candidates, best first.
        settings: Caps and weights.
        top_k: How many are wanted.
        now: What ages count from.
        relevance: Scores in [0, 1] by chunk id that replace those of the retrieval.
    """
    left = list(passages)
    if settings.freshness_weight or settings.diversity or relevance is not None:
        scores = {p.chunk_id: _worth(p, settings, now, relevance) for p in left}
        left.sort(key=lambda p: -scores[p.chunk_id])
    else:
        scores = {}
    sources: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    nearest: dict[str, float] = {}
    chosen: list[Passage] = []
    while left and len(chosen) < top_k:
        best = left[0]
        if settings.diversity:
            best = max(left, key=lambda p: _marginal(p, scores, nearest, settings.diversity))
        left.remove(best)
        if _full(settings.max_per_source, sources[best.source]) or _full(
            settings.max_per_document, documents[best.document_id]
        ):
            continue
        chosen.append(best)
        sources[best.source] += 1
        documents[best.document_id] += 1
        if settings.diversity:
            for other in left:
                alike = _alike(best.stems, other.stems)
                nearest[other.chunk_id] = max(alike, nearest.get(other.chunk_id, 0.0))
    return tuple(chosen)


def choose(
    question: str,
    passages: Sequence[Passage],
    settings: SelectionSettings,
    top_k: int,
    now: datetime,
    reranking: "Reranking | None",
) -> tuple[tuple[Passage, ...], Reason | None]:
    """Choose the evidence, read again if there is a reranker.

    Returns:
        What was chosen, and why a reranker failed: then the order is that of the retrieval.
    """
    relevance, fault = None, None
    if reranking is not None and passages:
        relevance, fault = reranking.relevance(question, passages)
    return select(passages, settings, top_k, now, relevance), fault


def within_budget(evidence: Sequence[Evidence], most_tokens: int) -> tuple[Evidence, ...]:
    """Keep the first quotes that fit; the best one stays in any case, 0 means no limit."""
    if not most_tokens:
        return tuple(evidence)
    kept: list[Evidence] = []
    used = 0
    for item in evidence:
        used += estimate_tokens(item.quote)
        if kept and used > most_tokens:
            break
        kept.append(item)
    return tuple(kept)


@dataclass(frozen=True)
class Reranking:
    """A reranker that may fail: then the order stays as it was, and the decision says so."""

    reranker: Reranker
    most: int
    deadlines: DeadlineSettings
    circuit: Circuit

    def relevance(
        self, question: str, passages: Sequence[Passage]
    ) -> tuple[Mapping[str, float] | None, Reason | None]:
        """Return scores in [0, 1] by chunk id, or why there are none.

        Candidates that were not read come after all that were, in their own order.
        """
        read, rest = passages[: self.most], passages[self.most :]
        texts = ["\n".join((*p.headings, p.text)) for p in read]
        try:
            scores = self.circuit.call(
                self.deadlines.reranker_seconds, lambda: self.reranker.scores(question, texts)
            )
        except (OverdueError, CircuitOpenError) as error:
            return None, Reason(ReasonCode.RERANKER_DOWN, str(error))
        except Exception as error:
            logger.warning("The reranker failed.", exc_info=True)
            detail = f"{type(error).__name__}: {error}"
            return None, Reason(ReasonCode.RERANKER_DOWN, detail)
        order = sorted(range(len(read)), key=lambda i: (-scores[i], i))
        ranked = [*(read[i] for i in order), *rest]
        return {p.chunk_id: 1.0 - i / len(ranked) for i, p in enumerate(ranked)}, None


def _worth(
    passage: Passage,
    settings: SelectionSettings,
    now: datetime,
    relevance: Mapping[str, float] | None,
) -> float:
    score = passage.ranked.score if relevance is None else relevance.get(passage.chunk_id, 0.0)
    weight = settings.freshness_weight
    if not weight:
        return score
    fresh = 0.0  # of unknown age counts as old
    if passage.modified is not None:
        days = max(0.0, (now - passage.modified).total_seconds() / 86400.0)
        fresh = 0.5 ** (days / settings.freshness_half_life_days)
    return (1.0 - weight) * score + weight * fresh


def _marginal(
    passage: Passage, scores: Mapping[str, float], nearest: Mapping[str, float], weight: float
) -> float:
    """Maximal marginal relevance; of equals `max` takes the first, so the order is kept."""
    repeated = nearest.get(passage.chunk_id, 0.0)
    return (1.0 - weight) * scores[passage.chunk_id] - weight * repeated


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0


def _full(most: int, have: int) -> bool:
    return bool(most) and have >= most
