"""How many requests are worked on at once and how many may wait for that; others come back later.

A place is a thread. Probes, figures and refused keys need none, so that they are answered however
much is asked.
"""

import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from typing import TypeVar

from anyio import CapacityLimiter, WouldBlock, move_on_after, to_thread

from config.querying import ServeSettings
from service.api_problems import ProblemError

Answer = TypeVar("Answer")


class TurnedAway(StrEnum):
    """Why a request got no place."""

    FULL = "full"
    """As many waited as may."""
    OVERDUE = "overdue"
    """No place became free in time."""
    GONE = "gone"
    """Whoever asked had left when one did."""


class Places:
    """The places of one service; for the tasks of one event loop."""

    def __init__(
        self, settings: ServeSettings, told: Callable[[TurnedAway], None] = lambda _: None
    ) -> None:
        """Begin with all of them free.

        Args:
            settings: How many there are, how many may wait for one, and how long.
            told: Is told of every request that got none.
        """
        self._settings = settings
        self._told = told
        self._free = CapacityLimiter(settings.concurrency)
        # The places bound the threads; anyio's own bound of 40 is left to probes and keys.
        self._threads = CapacityLimiter(math.inf)

    async def run(
        self, work: Callable[[], Answer], gone: Callable[[], Awaitable[bool]] | None = None
    ) -> Answer:
        """Do work in a thread as soon as there is a place for it, first come, first served.

        Args:
            work: Blocks.
            gone: Says whether whoever asked has left; nothing is done for nobody.

        Raises:
            ProblemError: There is no place, and none became free in time.
        """
        holder = object()
        await self._take(holder)
        try:
            if gone is not None and await gone():
                raise self._turned_away(TurnedAway.GONE)
            return await to_thread.run_sync(work, limiter=self._threads)
        finally:
            self._free.release_on_behalf_of(holder)

    async def _take(self, holder: object) -> None:
        with suppress(WouldBlock):
            self._free.acquire_on_behalf_of_nowait(holder)
            return
        if self._free.statistics().tasks_waiting >= self._settings.waiting:
            raise self._turned_away(TurnedAway.FULL)
        with move_on_after(self._settings.longest_wait_seconds):
            await self._free.acquire_on_behalf_of(holder)
            return
        raise self._turned_away(TurnedAway.OVERDUE)

    def _turned_away(self, why: TurnedAway) -> ProblemError:
        self._told(why)
        # By then whoever waits now was served or turned away.
        return ProblemError(
            503,
            "overloaded",
            "More is asked at once than can be served, so nothing was checked; try again later.",
            self._settings.longest_wait_seconds,
        )
