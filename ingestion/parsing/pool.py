"""Parser children with limits: documents in, prepared documents or refusals out, in order."""

import functools
import importlib.metadata
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from config.errors import HoldfastError
from config.settings import IngestionSettings
from ingestion.document import PreparedDocument, Reason, Refusal

if TYPE_CHECKING:
    from ingestion.parsing.child_slots import Consumer

PARSER_VERSION = "11"
"""Raised whenever Holdfast's own parsing changes what is read from a document."""
_LIBRARIES = ("unstructured", "pypdfium2", "pypandoc_binary", "python-docx", "python-pptx",
              "openpyxl", "xlrd", "olefile", "markdown-it-py", "lxml", "langdetect")  # fmt: skip
DEFAULT_WORK = "ingestion.prepare:prepare"


@functools.cache
def parser_identity() -> str:
    """Name everything that decides what is read from a document, for the pipeline fingerprint."""
    versions = [f"{name}={importlib.metadata.version(name)}" for name in _LIBRARIES]
    return ";".join([f"holdfast-parser={PARSER_VERSION}", *versions])


@dataclass(frozen=True, slots=True)
class ParseJob:
    """One document to prepare; `read` is called only when a child is free for it."""

    key: str
    read: Callable[[], bytes | Refusal]

    def content(self) -> bytes | Refusal:
        """Read the bytes; whatever keeps them from being read is a refusal."""
        try:
            return self.read()
        except (HoldfastError, OSError) as error:
            return Refusal(self.key, Reason.UNREADABLE, f"The document cannot be read: {error}")

    def too_large(self, content: bytes, max_document_mb: float) -> Refusal | None:
        """Refuse bytes that are more than a document may have."""
        if len(content) <= max_document_mb * 1024 * 1024:
            return None
        detail = (
            f"The document has {len(content)} bytes, more than ingestion.max_document_mb = "
            f"{max_document_mb:g} allows."
        )
        return Refusal(self.key, Reason.TOO_LARGE, detail)


@dataclass(frozen=True, slots=True)
class ParseOutcome:
    """What became of one document."""

    key: str
    result: PreparedDocument | Refusal
    raw: bytes | None
    """The raw bytes, or none if they could not be read."""
    seconds: float
    """Wall-clock time from reading to result."""
    peak_mb: float | None = None
    """Largest resident memory of the child so far, in MiB; none if it did not answer."""


class Parsers(Protocol):
    """What prepares documents, here or elsewhere; the outcomes come in the order of the jobs."""

    def process_ahead(self, jobs: Iterable[ParseJob], lookahead: int) -> Iterator[ParseOutcome]:
        """Prepare documents, at most `lookahead` of them ahead of the consumer."""
        ...

    def close(self) -> None:
        """Give everything back; safe to call twice."""
        ...


class ParserPool:
    """Runs a work function on documents in child processes; use as a context manager.

    The children come from a nursery process that is started on first use. A child that exceeds
    its time or memory, crashes or floods its answer is killed with everything it started, its
    document is refused, and the next document gets a new child.
    """

    def __init__(
        self, settings: IngestionSettings, work: str = DEFAULT_WORK, argument: Any = None
    ) -> None:
        """Configure a pool; nothing is started yet.

        Args:
            settings: Number of children and their limits.
            work: Dotted name `module:function` of `(data, key[, argument]) -> PreparedDocument |
                Refusal`. If the module has a function `preload([argument])`, it runs once in the
                nursery.
            argument: Third argument of the work function: a dataclass of plain values and paths.
        """
        from ingestion.parsing.child_slots import ChildSlots

        self._settings = settings
        self._children = ChildSlots(settings, work, argument)
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def process_ahead(self, jobs: Iterable[ParseJob], lookahead: int) -> Iterator[ParseOutcome]:
        """Prepare documents, several at once, and yield the outcomes in the order of the jobs.

        Args:
            jobs: Taken one by one, in the consumer's thread, never further than `lookahead` ahead.
            lookahead: At most so many documents are read or prepared but not yet consumed.

        Raises:
            ParserPoolError: No parser child could be started or set up.
            ParsersLostError: The processes that parse ended; the next call starts others.
        """
        from ingestion.parsing.child_slots import Consumer

        threads = self._start()
        consumer = Consumer()
        waiting: deque[Future[ParseOutcome]] = deque()
        source = iter(jobs)
        try:
            exhausted = False
            while True:
                while not exhausted and len(waiting) < max(lookahead, 1):
                    job = next(source, None)
                    if job is None:
                        exhausted = True
                        break
                    waiting.append(threads.submit(self._process, job, consumer))
                if not waiting:
                    return
                yield waiting.popleft().result()
        finally:
            self._abandon(waiting, consumer)

    def close(self) -> None:
        """Kill all children and the nursery; safe to call twice."""
        with self._lock:
            self._closed = True
            threads, self._threads = self._threads, None
        self._children.close()
        if threads is not None:
            threads.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._closed:
                raise RuntimeError("the parser pool is closed")
            if self._threads is None:
                self._threads = ThreadPoolExecutor(
                    self._settings.parser_processes, thread_name_prefix="parser"
                )
            return self._threads

    def _abandon(self, waiting: deque[Future[ParseOutcome]], consumer: "Consumer") -> None:
        """Drop what nobody will consume: not yet started jobs, and the children at work on it."""
        running = [future for future in waiting if not future.cancel()]
        if any(not future.done() for future in running):
            self._children.interrupt(consumer)
        for future in running:
            future.exception()

    def _process(self, job: ParseJob, consumer: "Consumer") -> ParseOutcome:
        started = time.monotonic()
        raw = job.content()
        if isinstance(raw, Refusal):
            return ParseOutcome(job.key, raw, None, time.monotonic() - started)
        refusal = job.too_large(raw, self._settings.max_document_mb)
        if refusal is not None:
            return ParseOutcome(job.key, refusal, raw, time.monotonic() - started)
        result, peak_mb = self._children.work_on(job.key, raw, consumer)
        return ParseOutcome(job.key, result, raw, time.monotonic() - started, peak_mb)
