"""Marks evidence that repeats better evidence of another document; both stay citable."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from config.settings import Duplicates
from ingestion.similarity import NEAR, resemblance, shingles
from query.decision import Evidence
from query.text.passages import Passage

DUPLICATE = "duplicate"
"""Flag of evidence whose chunk nearly equals that of better evidence from another document."""


def mark_copies(
    evidence: Sequence[Evidence], passages: Iterable[Passage], policy: Duplicates
) -> tuple[Evidence, ...]:
    """Flag what only says again what stands above it.

    Nothing is taken out or ranked lower: a planted near-copy must not push a document away.

    Args:
        evidence: Best first.
        passages: The chunks it was quoted from, and maybe more.
        policy: What the settings say about duplicates.
    """
    if policy is Duplicates.KEEP:
        return tuple(evidence)
    texts = {passage.chunk_id: passage.text for passage in passages}
    above: list[tuple[str, frozenset[int]]] = []
    marked = []
    for one in evidence:
        mine = shingles(texts[one.chunk_id])
        copied = any(
            document != one.document_id and resemblance(mine, other) >= NEAR
            for document, other in above
        )
        marked.append(replace(one, flags=(*one.flags, DUPLICATE)) if copied else one)
        if not copied:
            above.append((one.document_id, mine))
    return tuple(marked)
