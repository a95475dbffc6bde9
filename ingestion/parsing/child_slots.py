"""Idle and busy parser children, and what becomes of a document whose child does not answer."""

import dataclasses
import os
import shutil
import signal
import tempfile
import threading
from typing import Any

import msgspec

from config.settings import IngestionSettings
from ingestion.document import PreparedDocument, Reason, Refusal
from ingestion.errors import ParserPoolError, ParsersLostError
from ingestion.parsing import wire
from ingestion.parsing.decoding import sound
from ingestion.parsing.nursery_client import Child, Nursery
from ingestion.parsing.parts import INSIDE, PartLimits

ANSWER_BYTES = 64 * 1024 * 1024
"""An answer may be this large, `ANSWER_RATIO` times the document, and its parts."""
ANSWER_RATIO = 8


@dataclasses.dataclass(eq=False, slots=True)
class Consumer:
    """Whoever waits for answers; the threads of one pool may work for several."""

    is_gone: bool = False


class ChildSlots:
    """Idle children, and one `work_on` per thread at a time."""

    def __init__(self, settings: IngestionSettings, work: str, argument: Any) -> None:
        self._settings = settings
        self._work = work
        self._argument = None if argument is None else wire.encode(argument)
        self._lock = threading.Lock()
        self._nursery: Nursery | None = None
        self._idle: list[Child] = []
        self._busy: dict[Child, Consumer] = {}
        self._closed = False

    def work_on(
        self, key: str, raw: bytes, consumer: Consumer
    ) -> tuple[PreparedDocument | Refusal, float | None]:
        """Have a child work on one document within the limits.

        Args:
            key: Key of the document.
            raw: Its bytes.
            consumer: Who waits for the answer; one that is gone gets a refusal nobody reads.

        Returns:
            The result, and the peak memory of the child in MiB if it answered.

        Raises:
            ParserPoolError: No child could be started or set up.
            ParsersLostError: The processes that parse ended, which says nothing of the document.
        """
        child = self._acquire(consumer)
        if child is None:
            return _refusal(key, Reason.PARSER_ERROR, "Nobody waits for it any more."), None
        timer = threading.Timer(self._settings.parse_timeout_seconds, child.expire)
        timer.daemon = True
        timer.start()
        try:
            child.connection.send_bytes(wire.encode(wire.Job(sound(key))))
            child.connection.send_bytes(raw)
            parts = int(self._settings.max_parts_mb * 2**20)
            answer = child.connection.recv_bytes(_text_limit(raw) + parts)
        except (EOFError, OSError) as error:
            timer.cancel()
            return self._failed(child, key, error), None
        timer.cancel()
        try:
            decoded = wire.decode_answer(answer)
        except msgspec.DecodeError as error:
            self._discard(child)
            return _refusal(
                key, Reason.PARSER_CRASHED, f"The parser sent no answer: {error}."
            ), None
        self._release(child)
        if len(answer) - _part_bytes(decoded.document) > _text_limit(raw):
            return _flooded(key), None
        result = decoded.document or decoded.refusal
        if result is None:
            return _refusal(key, Reason.PARSER_ERROR, "The parser sent no result."), None
        if isinstance(result, Refusal):
            return dataclasses.replace(result, key=key), decoded.peak_mb
        return _under_key(result, key), decoded.peak_mb

    def interrupt(self, consumer: Consumer) -> None:
        """Kill the children at work for a consumer that is gone, and give it no other."""
        with self._lock:
            consumer.is_gone = True
            for child, waiting in self._busy.items():
                if waiting is consumer:
                    child.kill()

    def close(self) -> None:
        """Kill all children and end the nursery."""
        with self._lock:
            self._closed = True
            nursery, self._nursery = self._nursery, None
            for child in self._busy:
                child.kill()
            for child in self._idle:
                child.kill()
                child.renounce()
            self._idle = []
        if nursery is not None:
            nursery.close()

    def _acquire(self, consumer: Consumer) -> Child | None:
        with self._lock:
            if consumer.is_gone:
                return None
            if self._closed:
                raise ParserPoolError("The parser pool was closed while documents were waiting.")
            self._forget_lost()
            child = self._living() or self._forked()
            child.documents += 1
            self._busy[child] = consumer
            return child

    def _living(self) -> Child | None:
        """An idle child that nobody killed meanwhile."""
        while self._idle:
            child = self._idle.pop()
            if not child.is_gone():
                return child
            child.nursery.end(child, wire.KILL)
        return None

    def _forked(self) -> Child:
        self._forget_lost()
        if self._nursery is None:
            self._nursery = self._started()
        try:
            return self._nursery.fork()
        finally:
            self._forget_lost()

    def _started(self) -> Nursery:
        try:
            setup = self._setup()
            return Nursery(setup)
        except OSError as error:
            raise ParserPoolError(
                f"The parser process cannot be started ({error}). See that there is room in the "
                f"temporary folder (TMPDIR) and that this user may start another process."
            ) from error

    def _forget_lost(self) -> None:
        """Have the next document start another nursery if this one is gone; with the lock held."""
        if self._nursery is not None and self._nursery.is_gone():
            nursery, self._nursery = self._nursery, None
            for child in self._idle:
                child.renounce()
            self._idle = []
            nursery.close()

    def _setup(self) -> wire.NurserySetup:
        return wire.NurserySetup(
            work=self._work,
            argument=self._argument,
            scratch=tempfile.mkdtemp(prefix="holdfast-parser-"),
            memory_mb=self._settings.parse_memory_mb,
            timeout_seconds=self._settings.parse_timeout_seconds,
            parts=PartLimits(
                max_parts=self._settings.max_parts,
                max_depth=self._settings.max_part_depth,
                max_total_bytes=int(self._settings.max_parts_mb * 2**20),
                max_part_bytes=int(self._settings.max_document_mb * 2**20),
                max_ratio=self._settings.max_unpack_ratio,
            ),
        )

    def _release(self, child: Child) -> None:
        if child.documents >= self._settings.recycle_after_documents or child.timed_out:
            self._discard(child)
            return
        with self._lock:
            self._busy.pop(child, None)
            if not self._closed:
                self._idle.append(child)
                return
        child.renounce()

    def _discard(self, child: Child, request: bytes = wire.KILL) -> int | None:
        """End a child and remove its temporary files; returns how it ended, if that is known."""
        with self._lock:
            self._busy.pop(child, None)
        nursery = child.nursery
        ended = nursery.end(child, request)
        if ended is None:
            with self._lock:
                self._forget_lost()
        shutil.rmtree(os.path.join(nursery.scratch, str(child.pid)), ignore_errors=True)
        return ended

    def _failed(self, child: Child, key: str, error: BaseException) -> Refusal:
        """Explain why a child did not answer, and get rid of it."""
        flooded = "bad message length" in str(error)
        # One that ends by itself is given a moment: its status tells more than our kill.
        ended = self._discard(child, wire.KILL if child.timed_out or flooded else wire.ENDED)
        if child.timed_out or ended == -signal.SIGXCPU:
            limit = self._settings.parse_timeout_seconds
            return _refusal(
                key,
                Reason.TIMEOUT,
                f"Parsing took longer than ingestion.parse_timeout_seconds = {limit:g} s.",
            )
        if flooded:
            return _flooded(key)
        if ended is None:
            raise ParsersLostError(
                "The parser processes ended while documents were read. Run it again; if that "
                "repeats, see whether the machine is short of memory."
            )
        if ended == wire.EXIT_NOT_SET_UP:
            raise ParserPoolError(
                f"A parser child could not be set up ({child.nursery.last_words()}). See that there"
                " is room in the temporary folder (TMPDIR), and that ingestion.parse_memory_mb is"
                " one this machine takes."
            )
        return self._crashed(key, ended)

    def _crashed(self, key: str, status: int) -> Refusal:
        limit = self._settings.parse_memory_mb
        if status == wire.EXIT_OUT_OF_MEMORY:
            return _refusal(
                key,
                Reason.OUT_OF_MEMORY,
                f"Parsing needed more memory than ingestion.parse_memory_mb = {limit} MiB allows.",
            )
        if status == -signal.SIGKILL:
            return _refusal(
                key,
                Reason.OUT_OF_MEMORY,
                "The parser was killed from outside, as a system does that is out of memory;"
                f" ingestion.parse_memory_mb = {limit} MiB was not reached. Give the machine or"
                " container more memory, or parse less at a time (ingestion.parser_processes).",
            )
        if status == wire.NOT_ENDED:
            detail = "The parser hung up without an answer."
            return _refusal(key, Reason.PARSER_CRASHED, detail)
        if status < 0:
            name = signal.Signals(-status).name
            return _refusal(key, Reason.PARSER_CRASHED, f"The parser was ended by {name}.")
        return _refusal(
            key, Reason.PARSER_CRASHED, f"The parser ended without an answer (exit code {status})."
        )


def _text_limit(raw: bytes) -> int:
    """The largest answer without parts, in proportion to the document."""
    return ANSWER_BYTES + ANSWER_RATIO * len(raw)


def _part_bytes(document: PreparedDocument | None) -> int:
    return sum(len(part.data) for part in document.parts) if document is not None else 0


def _under_key(document: PreparedDocument, key: str) -> PreparedDocument:
    """The document with its refused parts under its true key; children only see a sound one."""
    if sound(key) == key or not any(part.refusal for part in document.parts):
        return document
    parts = tuple(
        part
        if part.refusal is None
        else dataclasses.replace(
            part, refusal=dataclasses.replace(part.refusal, key=f"{key}{INSIDE}{part.name}")
        )
        for part in document.parts
    )
    return dataclasses.replace(document, parts=parts)


def _flooded(key: str) -> Refusal:
    return _refusal(
        key, Reason.TOO_LARGE, "The text read from it is out of proportion to the document."
    )


def _refusal(key: str, reason: Reason, detail: str) -> Refusal:
    return Refusal(key, reason, detail)
