"""The evidence of a logged request, read again as whoever asks now may see it."""

from config.errors import HoldfastError
from indexing.corpus import Corpus
from indexing.ledger.requests import find_request
from indexing.points import Hit
from query.fusion import RankedHit
from query.opening import pinned_state
from query.passages import make_passage
from query.replay import state_of
from query.scope import Scope


def evidence_of_request(
    corpus: Corpus, tenant: str, scope: Scope, request_id: str
) -> tuple[str, ...] | None:
    """Read the evidence of a logged request again, as whoever asks now may see it.

    Args:
        corpus: The home.
        tenant: Whose request; that of another tenant does not exist.
        scope: What may be read today, whatever the request could read then.
        request_id: Names the request.

    Returns:
        One text per piece of evidence, in the order of its markers, an empty one where it may
        not be read or is flagged; none where there is no such request or its state is gone.
    """
    record = find_request(corpus.ledger, request_id)
    if record is None or record.get("tenant") != tenant or not record.get("decision"):
        return None
    if record.get("generation") is None:
        return ()
    try:
        pinned = pinned_state(corpus, state_of(corpus, record))
        shown = record["decision"]["evidence"]
        documents = frozenset(item["document_id"] for item in shown)
        where = scope.filter(pinned, tenant, documents)
        points = corpus.store.scroll(pinned.collection, where) if documents else ()
        passages = {
            str(p.id): make_passage(RankedHit(Hit(p.id, 0, p.payload), 0, 0, 0)) for p in points
        }
    except HoldfastError:
        return None
    found = (passages.get(item["chunk_id"]) for item in shown)
    return tuple("\n\n".join((*p.headings, p.text)) if p and not p.blocked else "" for p in found)
