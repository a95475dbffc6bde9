"""Documents that are not served and whose words match what was not answered.

A document in quarantine has no text, only its name; a superseded or deleted version has its text
for as long as history is kept. Words that match are a hint for a person, not an answer.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from config.errors import HoldfastError
from evaluation.usage.causes import Index
from evaluation.usage.reading import LoggedRequest, terms_of
from indexing.corpus import Corpus
from indexing.history import VersionRecord, text_of
from indexing.ledger import tables
from indexing.ledger.documents import DocumentState, Standing, read_holdings, standing_from
from indexing.ledger.generations import Generation
from indexing.points import OPEN_END
from query.text.words import stems

MOST_VERSIONS = 500
"""Ended versions that are read, the newest ones."""
PASSAGE_WORDS = 80
OLD_COVERS = 0.75
"""Share of a question's terms that one passage of an old version must hold."""
NAME_COVERS = 0.5
"""Share of a question's terms that the name of a document in quarantine must hold."""
LEAST_TERMS = 2
EXAMPLES = 3
_PASSAGE = re.compile(rf"(?:\S+\s*){{1,{PASSAGE_WORDS}}}")


@dataclass
class Gap:
    """A document that is not served, with the unanswered questions that its words match."""

    kind: str
    """`quarantined`, `superseded` or `deleted`."""
    document_id: str
    key: str
    detail: str
    """Why it is in quarantine; which version it was."""
    version: int = 0
    requests: int = 0
    questions: Counter[str] = field(default_factory=Counter)

    def matches(self, request: LoggedRequest) -> None:
        """Count a request whose words it matches."""
        self.requests += 1
        self.questions[request.question] += 1

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "kind": self.kind,
            "document_id": self.document_id,
            "key": self.key,
            "version": self.version,
            "detail": self.detail,
            "requests": self.requests,
            "questions": [question for question, _ in self.questions.most_common(EXAMPLES)],
        }


def read_index(corpus: Corpus, live: Generation | None) -> tuple[Index, list[Standing]]:
    """Return what the home's tenant has in the live generation, and what is in quarantine there."""
    if live is None:
        return Index({}, {}), []
    held = read_holdings(corpus.ledger, live.name)
    document = tables.document
    mine = select(document.c.document_id).where(document.c.tenant == corpus.settings.tenant)
    with corpus.ledger.read() as connection:
        ids = {UUID(found) for found in connection.execute(mine).scalars()}
    versions = {str(d): v for d, v in held.versions.items() if d in ids}
    refused = [
        standing
        for standing in held.standings.values()
        if standing.state is DocumentState.QUARANTINED and standing.document_id in ids
    ]
    names = {str(standing.document_id) for standing in refused} | {s.key for s in refused}
    index = Index(
        {document_id: version.number for document_id, version in versions.items()},
        {version.key: document_id for document_id, version in versions.items()},
        frozenset(names),
    )
    return index, refused


def find_gaps(
    corpus: Corpus,
    live: Generation | None,
    refused: Sequence[Standing],
    unanswered: Sequence[LoggedRequest],
) -> tuple[Gap, ...]:
    """Return the documents whose words match unanswered questions, those with most of them first.

    Args:
        corpus: The home.
        live: Its live generation.
        refused: Documents in quarantine there.
        unanswered: Requests without an answer.
    """
    asked: dict[frozenset[str], list[LoggedRequest]] = defaultdict(list)
    for request in unanswered:
        terms = frozenset(request.terms)
        if len(terms) >= LEAST_TERMS:
            asked[terms].append(request)
    found = [*quarantined(refused, asked)]
    if live is not None and asked:
        found += ended(corpus, live, asked)
    return tuple(sorted(found, key=lambda gap: (-gap.requests, gap.kind, gap.key)))


def quarantined(
    refused: Sequence[Standing], asked: dict[frozenset[str], list[LoggedRequest]]
) -> Iterator[Gap]:
    """Yield documents in quarantine by whose name they may be about what was asked."""
    for standing in refused:
        name = frozenset(terms_of(re.sub(r"[\W_]+", " ", standing.key)))
        why = f"{standing.reason or ''}: {standing.detail or ''}".strip(": ")
        gap = Gap("quarantined", str(standing.document_id), standing.key, why, standing.version)
        for terms, requests in asked.items():
            shared = len(terms & name)
            if shared >= LEAST_TERMS and shared >= NAME_COVERS * len(terms):
                for request in requests:
                    gap.matches(request)
        if gap.requests:
            yield gap


def ended(
    corpus: Corpus, live: Generation, asked: dict[frozenset[str], list[LoggedRequest]]
) -> Iterator[Gap]:
    """Yield versions that are not served any more and one of whose passages has the words."""
    version, document, standing = tables.version, tables.document, tables.standing
    query = (
        select(version)
        .join(document, document.c.document_id == version.c.document_id)
        .where(version.c.generation == live.name, version.c.valid_to <= live.epoch)
        .where(document.c.tenant == corpus.settings.tenant)
        .order_by(version.c.valid_to.desc(), version.c.document_id)
        .limit(MOST_VERSIONS)
    )
    with corpus.ledger.read() as connection:
        rows = connection.execute(query).all()
        stands = {
            row.document_id: standing_from(row)
            for row in connection.execute(
                select(standing).where(standing.c.generation == live.name)
            )
        }
        served = {
            row.text_sha256
            for row in connection.execute(
                select(version.c.text_sha256)
                .join(document, document.c.document_id == version.c.document_id)
                .where(version.c.generation == live.name, version.c.valid_to == OPEN_END)
                .where(document.c.tenant == corpus.settings.tenant)
            )
        }
    still: dict[str, list[frozenset[str]]] = {}
    done: set[tuple[str, frozenset[str]]] = set()
    for row in rows:
        if row.text_sha256 in served:
            continue  # another document says it, word for word, such as after a move to a source
        passages = passages_of(corpus, live, row)
        if row.document_id not in still:
            still[row.document_id] = served_passages(corpus, live, row.document_id)
        now = stands.get(row.document_id)
        gone = now is None or now.state is DocumentState.DELETED
        kind = "deleted" if gone else "superseded"
        gap = Gap(kind, row.document_id, row.key, f"version {row.number}", row.number)
        for terms, requests in asked.items():
            old = best_cover(terms, passages)
            if old < OLD_COVERS or old <= best_cover(terms, still[row.document_id]):
                continue
            if (row.document_id, terms) not in done:  # a newer old version has it already
                done.add((row.document_id, terms))
                for request in requests:
                    gap.matches(request)
        if gap.requests:
            yield gap


def served_passages(corpus: Corpus, live: Generation, document: str) -> list[frozenset[str]]:
    """Return the passages of what is served of a document now."""
    version = tables.version
    query = select(version).where(
        version.c.generation == live.name,
        version.c.document_id == document,
        version.c.valid_to == OPEN_END,
    )
    with corpus.ledger.read() as connection:
        row = connection.execute(query).first()
    return passages_of(corpus, live, row) if row is not None else []


def passages_of(corpus: Corpus, live: Generation, row: Any) -> list[frozenset[str]]:
    """Return the terms of each passage of a version; none where its text is not kept any more."""
    version = VersionRecord(
        row.number, row.key, row.valid_from, row.valid_to, None, row.content_sha256,
        row.text_sha256, row.chunk_count, row.token_count, row.media_type, row.title, (),
    )  # fmt: skip
    try:
        text = text_of(corpus, live, UUID(row.document_id), version)
    except HoldfastError:
        return []
    return [frozenset(stems(found.group())) for found in _PASSAGE.finditer(text or "")]


def best_cover(terms: frozenset[str], passages: Sequence[frozenset[str]]) -> float:
    """Return the largest share of terms that one passage holds."""
    return max((len(terms & passage) / len(terms) for passage in passages), default=0.0)
