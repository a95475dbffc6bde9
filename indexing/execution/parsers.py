"""Documents prepared by workers: read here, parsed elsewhere, in the order of the jobs."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from indexing.errors import WorkerLostError
from indexing.execution.runner import ATTEMPTS, Call, Runner, Urgency
from indexing.execution.work import ParseWork, Pipeline, Prepared, prepare_documents
from ingestion.document import Reason, Refusal
from ingestion.parsing.pool import ParseJob, ParseOutcome

GROUP_DOCUMENTS = 8
"""Documents of one piece of work at most: handing one over costs milliseconds."""
GROUP_BYTES = 4_000_000
"""Bytes of one piece, unless a single document has more."""
READERS = 4
"""Threads that read documents from their source."""


@dataclass(frozen=True, slots=True)
class _Read:
    """One document that was read, or refused before a worker was asked."""

    key: str
    raw: bytes | None
    refusal: Refusal | None
    seconds: float


@dataclass(frozen=True, slots=True)
class _Group:
    """Documents that a worker has, or none where nothing is left to parse."""

    documents: tuple[_Read, ...]
    call: Call[tuple[Prepared, ...]] | None


class RemoteParsers:
    """Has documents parsed by workers; each of them keeps to the limits of a parser child."""

    def __init__(self, runner: Runner, pipeline: Pipeline) -> None:
        """Use the workers of `runner`; nothing is started yet."""
        self._runner = runner
        self._pipeline = pipeline

    def process_ahead(self, jobs: Iterable[ParseJob], lookahead: int) -> Iterator[ParseOutcome]:
        """Prepare documents in groups and yield the outcomes in the order of the jobs.

        Args:
            jobs: Taken in the consumer's thread, never further than `lookahead` ahead.
            lookahead: At most so many documents are read or prepared but not yet consumed.

        Raises:
            RunnerError: The workers are gone.
        """
        size = max(1, min(GROUP_DOCUMENTS, lookahead // (2 * self._runner.slots)))
        source = iter(jobs)
        waiting: deque[Future[list[_Group]]] = deque()
        ahead: deque[int] = deque()
        threads = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        try:
            while True:
                while sum(ahead) + size <= max(lookahead, size):
                    group = list(islice(source, size))
                    if not group:
                        break
                    waiting.append(threads.submit(self._hand_over, group))
                    ahead.append(len(group))
                if not waiting:
                    return
                for handed in waiting.popleft().result():
                    yield from self._outcomes(handed)
                ahead.popleft()
        finally:
            abandon(waiting)
            threads.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """Nothing of its own is open: the workers belong to the home."""

    def _hand_over(self, jobs: list[ParseJob]) -> list[_Group]:
        """Read documents, and give workers what is to be parsed of them."""
        groups: list[_Group] = []
        chosen: list[_Read] = []
        size = 0
        for job in jobs:
            read = self._read(job)
            length = len(read.raw or b"")
            if chosen and size + length > GROUP_BYTES:
                groups.append(self._submitted(chosen))
                chosen, size = [], 0
            chosen.append(read)
            size += length
        groups.append(self._submitted(chosen))
        return groups

    def _read(self, job: ParseJob) -> _Read:
        started = time.monotonic()
        raw = job.content()
        if isinstance(raw, Refusal):
            return _Read(job.key, None, raw, time.monotonic() - started)
        refusal = job.too_large(raw, self._pipeline.ingestion.max_document_mb)
        return _Read(job.key, raw, refusal, time.monotonic() - started)

    def _submitted(self, documents: list[_Read], urgency: Urgency = Urgency.AHEAD) -> _Group:
        bodies = tuple((d.key, d.raw) for d in documents if d.raw is not None and not d.refusal)
        if not bodies:
            return _Group(tuple(documents), None)
        work = ParseWork(self._pipeline, bodies)
        return _Group(tuple(documents), self._runner.submit(prepare_documents, work, urgency))

    def _outcomes(self, group: _Group) -> Iterator[ParseOutcome]:
        prepared = iter(self._prepared(group))
        for document in group.documents:
            if document.refusal is not None:
                yield ParseOutcome(document.key, document.refusal, document.raw, document.seconds)
                continue
            done = next(prepared)
            seconds = document.seconds + done.seconds
            yield ParseOutcome(document.key, done.result, document.raw, seconds, done.peak_mb)

    def _prepared(self, group: _Group) -> tuple[Prepared, ...]:
        """Wait for a group; one that loses every worker is tried document by document.

        One after the other, and before everything that waits: Dask also blames what a worker had
        in hand when another piece brought it down.
        """
        if group.call is None:
            return ()
        try:
            return group.call.result()
        except WorkerLostError:
            parsed = [d for d in group.documents if d.refusal is None]
            if len(parsed) > 1:
                alone = (self._submitted([document], Urgency.NOW) for document in parsed)
                return tuple(done for one in alone for done in self._prepared(one))
            return (Prepared(lost(parsed[0].key), 0.0, None),)


def lost(key: str) -> Refusal:
    """Refuse a document that nobody survived; the next run tries it again."""
    detail = (
        f"{ATTEMPTS} workers were lost while they had it. Look at their logs: a parser child has "
        "limits, so it is rather the machine than the document. The next ingest tries it again."
    )
    return Refusal(key, Reason.WORKER_LOST, detail)


def abandon(waiting: Iterable["Future[list[_Group]]"]) -> None:
    """Drop what nobody will consume."""
    for future in waiting:
        if future.cancel():
            continue
        with suppress(Exception):  # why it could not be handed over does not matter any more
            for group in future.result():
                if group.call is not None:
                    group.call.cancel()
