"""The chunks around a piece of evidence, read at the same epoch and under the same access."""

from collections.abc import Mapping, Sequence
from typing import Any

from indexing.errors import StoreError
from indexing.stores.base import VectorStore
from query.ports import Pinned
from query.search.scope import Scope
from query.text.passages import BLOCKING_FLAGS, Passage


def surroundings(
    store: VectorStore,
    pinned: Pinned,
    scope: Scope,
    tenant: str,
    passages: Sequence[Passage],
    reach: int,
) -> Mapping[str, str]:
    """Return longer texts by chunk id; a passage whose neighbours cannot be read has none.

    Args:
        store: Holds the points.
        pinned: State of the request.
        scope: What the request may read.
        tenant: Whose points.
        passages: The evidence.
        reach: How many chunks before and after.
    """
    if not reach or not passages:
        return {}
    documents = frozenset(p.document_id for p in passages)
    by_place: dict[tuple[str, int, int], str] = {}
    try:
        for point in store.scroll(pinned.collection, scope.filter(pinned, tenant, documents)):
            place = _place(point.payload)
            if place is not None:
                by_place[place] = str(point.payload["text"])
    except StoreError:
        return {}  # the evidence itself is there; only what lies around it is not
    found = {}
    for p in passages:
        around = (
            by_place.get((p.document_id, p.version, p.ordinal + step)) if step else p.text
            for step in range(-reach, reach + 1)
        )
        found[p.chunk_id] = "\n\n".join(text for text in around if text)
    return found


def beside(
    store: VectorStore, pinned: Pinned, scope: Scope, tenant: str, passage: Passage
) -> tuple[str, str] | None:
    """Return the texts of the chunks before and behind a passage, empty where none is.

    Returns:
        None where they cannot be read.
    """
    texts = {-1: "", 1: ""}
    documents = frozenset({passage.document_id})
    try:
        for point in store.scroll(pinned.collection, scope.filter(pinned, tenant, documents)):
            step = int(point.payload.get("ordinal") or 0) - passage.ordinal
            if step in texts and int(point.payload.get("version", 0)) == passage.version:
                texts[step] = str(point.payload["text"])
    except StoreError:
        return None
    return texts[-1], texts[1]


def _place(payload: Mapping[str, Any]) -> tuple[str, int, int] | None:
    """Tell where a chunk stands; a flagged one stands nowhere."""
    flags = payload.get("flags") or ()
    if any(f.startswith(BLOCKING_FLAGS) and not f.endswith("_removed") for f in flags):
        return None
    return (
        str(payload["document_id"]),
        int(payload.get("version", 0)),
        int(payload.get("ordinal") or 0),
    )
