"""Documents out of the blob store: their text is cut again, or their bytes parsed again.

No source is asked. Where the parser and the cleaner are those that read a document, its text is
there already and only the chunks are made anew; otherwise its raw bytes go to a parser child.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from indexing.blobs import BlobStore
from indexing.errors import StoreCorruptError
from ingestion.chunking import ChunkSpec
from ingestion.document import PreparedDocument, Reason, Refusal
from ingestion.identity import suffix_of
from ingestion.parsing.pool import ParseJob, Parsers
from ingestion.prepare import cut_again


@dataclass(frozen=True, slots=True)
class RecallJob:
    """One content to bring back."""

    key: str
    """The key it was read under; its suffix takes part in deciding the type."""
    content_sha256: str
    text_sha256: str | None = None
    """Hash of the text that this parser read from it; none where another parser read it."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What came back."""

    result: PreparedDocument | Refusal
    parsed: bool = False
    """Whether the bytes had to be parsed."""


class Recall:
    """Prepares documents from blobs under one pipeline."""

    def __init__(
        self,
        blobs: BlobStore,
        parser: str,
        spec: ChunkSpec,
        parsers: Callable[[], Parsers],
        threads: int,
    ) -> None:
        """Take texts that the parser of this fingerprint read, and cut them as `spec` says.

        Args:
            blobs: Where the texts and the raw bytes are.
            parser: Fingerprint of the parser and the cleaner.
            spec: What chunks must look like.
            parsers: Gives the parser children when the first bytes have to be parsed.
            threads: Texts that are cut at the same time.
        """
        self._blobs = blobs
        self._parser = parser
        self._spec = spec
        self._parsers = parsers
        self._threads = threads

    def one(self, job: RecallJob) -> Recalled:
        """Bring back one document."""
        return next(self.many([job], lookahead=1))

    def many(self, jobs: Iterable[RecallJob], lookahead: int) -> Iterator[Recalled]:
        """Bring documents back in the order of the jobs, a few ahead of the consumer.

        A damaged or missing blob refuses its document (`not_kept`), not the others.
        """
        waiting: deque[Future[Recalled]] = deque()
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="recall")
        try:
            for job in jobs:
                waiting.append(pool.submit(self._prepare, job))
                if len(waiting) >= max(lookahead, 1):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _prepare(self, job: RecallJob) -> Recalled:
        try:
            text = self._kept(job)
            if text is not None:
                return Recalled(cut_again(text, self._spec))
            raw = self._blobs.raw(job.content_sha256)
        except StoreCorruptError as error:
            return Recalled(Refusal(job.key, Reason.NOT_KEPT, str(error)))
        if raw is None:
            detail = (
                f"Neither its bytes nor its text are among the blobs under {self._blobs.location}. "
                "`holdfast verify --repair --source` brings them back from the source."
            )
            return Recalled(Refusal(job.key, Reason.NOT_KEPT, detail))
        return self._parse(job, raw)

    def _kept(self, job: RecallJob) -> PreparedDocument | None:
        """Return the text of a content; one that is not what was read from it counts as none."""
        suffix = suffix_of(job.key)
        text = self._blobs.text(job.content_sha256, suffix, self._parser)
        if job.text_sha256 is None or (text and text.text_sha256 == job.text_sha256):
            return text
        # A document that moved keeps the text it was read as, under the suffix it had then.
        for name in self._blobs.texts(job.content_sha256, self._parser):
            with suppress(StoreCorruptError):
                text = self._blobs.text(job.content_sha256, name.suffix, self._parser)
                if text is not None and text.text_sha256 == job.text_sha256:
                    return text
        return None

    def _parse(self, job: RecallJob, raw: bytes) -> Recalled:
        jobs = [ParseJob(job.key, partial(bytes, raw))]
        (outcome,) = self._parsers().process_ahead(jobs, lookahead=1)
        if isinstance(outcome.result, PreparedDocument):
            self._blobs.put_text(
                job.content_sha256, suffix_of(job.key), self._parser, outcome.result
            )
        return Recalled(outcome.result, parsed=True)
