"""A home of its own for the documents of a set: the whole pipeline, then everything is removed."""

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from config.auditing import AuditSettings
from config.settings import (
    BlobSettings,
    LedgerSettings,
    Settings,
    StoreSettings,
)
from config.sources import RowMedia, TableSource
from evaluation.questions import QuestionSet
from indexing.corpus import Corpus, open_corpus
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from ingestion.sources.configured import configured_sources
from ingestion.sources.rows import row_name

SOURCE = "set"


def keys_of(question_set: QuestionSet) -> Callable[[str], str]:
    """Return what gives the key of a document of a set in a temporary home.

    A document that the set does not have gets a key that nothing has.
    """
    media = {document.id.strip(): document.media for document in question_set.read_documents()}

    def key_of(document: str) -> str:
        name = document.strip()
        return row_name(name, media.get(name, RowMedia.TEXT))

    return key_of


@contextmanager
def temporary_home(settings: Settings, question_set: QuestionSet) -> Iterator[Corpus]:
    """Ingest the documents of a set into a home that is gone afterwards.

    Chunking, encoder, retrieval and gate are as the settings say; ledger, store and blobs are
    always the embedded ones, so that nothing of a real home can be touched.

    Raises:
        HoldfastError: The documents cannot be ingested.
    """
    with tempfile.TemporaryDirectory(prefix="holdfast-eval-") as folder:
        sources = _write_rows(question_set, Path(folder))
        corpus = open_corpus(apart(settings, Path(folder) / "home", *sources))
        try:
            ingest(corpus)
            yield corpus
        finally:
            corpus.close()


def _write_rows(question_set: QuestionSet, folder: Path) -> list[TableSource]:
    """Write the documents of a set as tables, one for each kind of text."""
    with contextlib.ExitStack() as stack:
        sources: dict[RowMedia, TableSource] = {}
        files: dict[RowMedia, TextIO] = {}
        for document in question_set.read_documents():
            media = document.media
            if media not in files:
                rows = folder / f"documents-{media.value}.jsonl"
                files[media] = stack.enter_context(rows.open("w", encoding="utf-8"))
                name = SOURCE if media is RowMedia.TEXT else f"{SOURCE}-{media.value}"
                sources[media] = TableSource(name=name, path=rows, title="title", media=media)
            # A page of Markdown that has its title is not given another.
            titled = media is RowMedia.MARKDOWN and document.text.lstrip().startswith("# ")
            title = "" if titled else document.title
            line = {"id": document.id, "title": title, "text": document.text}
            files[media].write(json.dumps(line, ensure_ascii=False) + "\n")
        return list(sources.values())


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
