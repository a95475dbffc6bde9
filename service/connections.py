"""Connections that say nothing are ended: uvicorn itself waits for a request for ever.

Its timeout holds between two requests only. A program that lost its power in the middle of one,
that opens connections and sends nothing, or that asks and reads nothing, would hold a place until
the service is started anew.
"""

import asyncio
from contextlib import suppress
from wsgiref.simple_server import WSGIRequestHandler

from uvicorn.protocols.http.h11_impl import H11Protocol

SILENT_SECONDS = 60.0


class HeardProtocol(H11Protocol):
    """HTTP for as long as something is heard.

    A request has to begin, with all of its headers, within `SILENT_SECONDS`, and its body may
    not pause for longer; nor may whoever reads an answer, be it slowly. However long an answer
    takes, nothing is expected meanwhile.
    """

    _heard = 0.0
    _own_turn = -1.0
    """When it was last seen to be our turn."""
    _unsent = 0
    """How much of what was written was not taken yet when it was last heard."""
    _looking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to listen."""
        super().connection_made(transport)
        self._note()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop listening."""
        if self._looking is not None:
            self._looking.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; headers count only once all of them are there."""
        super().data_received(data)
        if not self._is_between_requests():
            self._note()

    def on_response_complete(self) -> None:
        """Wait for the next request from now on."""
        self._note()
        super().on_response_complete()

    def _note(self) -> None:
        self._heard = self.loop.time()
        self._unsent = self.transport.get_write_buffer_size()

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _is_awaited(self) -> bool:
        """Whether it is the other side's turn."""
        if self._is_between_requests() or self.flow.write_paused:
            return True  # to ask, or to read what was answered, whatever else it asked meanwhile
        # What arrived and was not read yet, or was not asked for yet, is not waited for.
        is_ready = not (self.flow.read_paused or self.cycle.waiting_for_100_continue)
        return self.cycle.more_body and is_ready

    def _look(self) -> None:
        if not self._is_awaited():
            self._note()
            self._own_turn = self._heard
        elif self._heard == self._own_turn:
            self._note()  # the other side's turn began since, and nobody knows when
        left = self._left()
        if left <= 0 and self.transport.get_write_buffer_size() < self._unsent:
            self._note()  # slowly, but it reads
            left = self._left()
        if left > 0:
            self._looking = self.loop.call_later(left, self._look)
        else:
            self.transport.abort()

    def _left(self) -> float:
        return self._heard + SILENT_SECONDS - self.loop.time()


class HeardHandler(WSGIRequestHandler):
    """The same for the metrics, whose server waits for ever as well, with a thread for each."""

    timeout = SILENT_SECONDS

    def handle(self) -> None:
        """Serve what is asked, and end without a word where nobody says anything, or leaves."""
        with suppress(TimeoutError, ConnectionError):
            super().handle()

    def log_message(self, *_: object) -> None:
        """Log no scrape."""
