"""The evidence of a logged request, read again as whoever asks now may see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from config.errors import HoldfastError
from indexing.corpus import Corpus
from indexing.errors import EpochNotCommittedError, EpochNotRetainedError
from indexing.ledger.requests import find_request
from indexing.points import Hit
from query.checking import ReadEvidence
from query.decision import Reason, Status
from query.opening import pinned_state
from query.parts import Permits
from query.ports import Pinned
from query.replay import state_of
from query.search.fusion import RankedHit
from query.search.retrieval import down
from query.search.scope import Scope
from query.text.passages import Passage, make_passage


@dataclass(frozen=True, slots=True)
class CitedEvidence:
    """The pieces of evidence of a logged request with the chunks they were quoted from."""

    request_id: str
    shown: tuple[Mapping[str, Any], ...] = ()
    """As the decision gave them, in the order of its markers."""
    passages: tuple[Passage | None, ...] = ()
    """None where a piece may not be read today."""
    reasons: tuple[Reason, ...] = ()
    refused: bool = False
    """Whether nothing may be read."""
    status: Status = Status.OK
    """Unavailable where it could not be read, or not be told what the policy says."""
    pinned: Pinned | None = None
    """The state it was read from; none where nothing was."""

    @property
    def hits(self) -> tuple[RankedHit, ...]:
        """What was read."""
        return tuple(passage.ranked for passage in self.passages if passage is not None)

    def for_check(self) -> ReadEvidence:
        """Return it as evidence for a check.

        There is one text per piece, in the order of its markers, an empty one where it may not be
        read or is flagged.
        """
        if self.refused:
            return ReadEvidence(None, self.reasons)
        texts = (p.readable if p and not p.blocked else "" for p in self.passages)
        return ReadEvidence(tuple(texts), self.reasons)

    def to_json(self) -> dict[str, Any]:
        """Return plain values; `text` is null where a piece may not be read today, or is flagged.

        What may not be read is not described either: it has its marker and nothing else.
        """
        pieces: list[dict[str, Any]] = []
        for marker, (item, passage) in enumerate(zip(self.shown, self.passages, strict=True), 1):
            piece: dict[str, Any] = {"marker": marker, "chunk_id": None, "text": None}
            if passage is not None:
                quote = {name: item.get(name) for name in ("quote", "start", "end", "page")}
                piece |= quote | {
                    "chunk_id": passage.chunk_id,
                    "document_id": passage.document_id,
                    "key": passage.key,
                    "version": passage.version,
                    "headings": list(passage.headings),
                    "flags": list(passage.flags),
                    "trust": passage.trust,
                    "text": None if passage.blocked else passage.text,
                }
            pieces.append(piece)
        return {
            "request_id": self.request_id,
            "evidence": pieces,
            "reasons": [reason.to_json() for reason in self.reasons],
        }


def cited_evidence(
    corpus: Corpus,
    may: Permits,
    tenant: str,
    scope: Scope,
    request_id: str,
    about: tuple[str, ...] = (),
) -> CitedEvidence | None:
    """Read the chunks behind the evidence of a logged request, as they may be read today.

    Args:
        corpus: The home.
        may: Knows the policy of today.
        tenant: Whose request; that of another tenant does not exist.
        scope: What may be read today, whatever the request could read then.
        request_id: Names the request.
        about: What the evidence is wanted for besides the question; the policy holds for it too.

    Returns:
        None where there is no such request or its state is gone. What only cannot be read now is
        there, and `reasons` say why it was not read.
    """
    record = find_request(corpus.ledger, request_id)
    if record is None or record.get("tenant") != tenant or not record.get("decision"):
        return None
    if record.get("generation") is None:
        return CitedEvidence(request_id)
    shown = tuple(record["decision"]["evidence"])
    try:
        pinned = pinned_state(corpus, state_of(corpus, record))
        texts = (str(record["normalised_question"]), *about)
        allowed = may.permits(texts, pinned, scope)
        if allowed.reads is None:
            nothing = (None,) * len(shown)
            return CitedEvidence(
                request_id, shown, nothing, allowed.reasons, refused=True, status=allowed.status
            )
        documents = frozenset(item["document_id"] for item in shown)
        where = allowed.reads.filter(pinned, tenant, documents)
        points = corpus.store.scroll(pinned.collection, where) if documents else ()
        read = {
            str(p.id): make_passage(RankedHit(Hit(p.id, 0, p.payload), 0, 0, 0)) for p in points
        }
    except (EpochNotCommittedError, EpochNotRetainedError):
        return None
    except HoldfastError as error:  # an index that is busy or away says nothing of the request
        return unread(request_id, error, shown)
    now = datetime.now(UTC)
    admitted = {name: p for name, p in read.items() if allowed.admits(p, now)}
    passages = tuple(admitted.get(item["chunk_id"]) for item in shown)
    return CitedEvidence(request_id, shown, passages, pinned=pinned)


def unread(
    request_id: str, error: HoldfastError, shown: tuple[Mapping[str, Any], ...] = ()
) -> CitedEvidence:
    """Return the evidence of a request that cannot be read now, with the reason.

    Args:
        request_id: Names the request.
        error: What keeps it from being read.
        shown: The pieces, as far as they are known.
    """
    reason, nothing = down(error), (None,) * len(shown)
    return CitedEvidence(
        request_id, shown, nothing, (reason,), refused=True, status=Status.UNAVAILABLE
    )
