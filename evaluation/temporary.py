"""A home of its own for the documents of a set: the whole pipeline, then everything is removed."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from config.auditing import AuditSettings
from config.settings import (
    BlobSettings,
    LedgerSettings,
    Settings,
    StoreSettings,
)
from config.sources import TableSource
from evaluation.questions import QuestionSet
from indexing.corpus import Corpus, open_corpus
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from ingestion.sources.configured import configured_sources

SOURCE = "set"
_UNSAFE = {ord(char): quote(char, safe="") for char in "%/\\\0\r\n\t"}


def key_of(document: str) -> str:
    """Return the key that a document of a set has in a temporary home."""
    return f"{document.translate(_UNSAFE)}.txt"


@contextmanager
def temporary_home(settings: Settings, question_set: QuestionSet) -> Iterator[Corpus]:
    """Ingest the documents of a set into a home that is gone afterwards.

    Chunking, encoder, retrieval and gate are as the settings say; ledger, store and blobs are
    always the embedded ones, so that nothing of a real home can be touched.

    Raises:
        HoldfastError: The documents cannot be ingested.
    """
    with tempfile.TemporaryDirectory(prefix="holdfast-eval-") as folder:
        rows = Path(folder) / "documents.jsonl"
        with rows.open("w", encoding="utf-8") as file:
            for document in question_set.read_documents():
                line = {"id": document.id, "title": document.title, "text": document.text}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        source = TableSource(name=SOURCE, path=rows, title="title")
        corpus = open_corpus(apart(settings, Path(folder) / "home", source))
        try:
            ingest(corpus)
            yield corpus
        finally:
            corpus.close()


def apart(settings: Settings, home: Path, *sources: TableSource) -> Settings:
    """Return these settings for an embedded home elsewhere, with nothing logged."""
    return settings.model_copy(
        update={
            "home": home,
            "sources": tuple(sources),
            "store": StoreSettings(collection=settings.store.collection),
            "ledger": LedgerSettings(),
            "blobs": BlobSettings(),
            "audit": AuditSettings(enabled=False),
        }
    )


def ingest(corpus: Corpus) -> None:
    """Bring in what the configured sources of a home have."""
    sources = configured_sources(corpus.settings)
    with IngestSession(corpus, sources, generation=corpus.writable()) as session:
        run_ingest(session)
