"""Does together what several threads ask for at the same time, without making anybody wait for it.

While one call is at work the next ones gather; whoever is first among them then does the work of
all. A single caller never waits for others to come, and no thread works for others more than once.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class _Wish(Generic[Item, Result]):
    item: Item
    result: Result | None = None
    error: BaseException | None = None
    ended: bool = False
    woken: threading.Event = field(default_factory=threading.Event)

    def outcome(self) -> Result:
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]


class Gathering(Generic[Item, Result]):
    """Gathers calls into batches; usable from any number of threads."""

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result]], most: int) -> None:
        """Prepare.

        Args:
            work: Does several items at once, one result each, in their order.
            most: Items at once at most.
        """
        self._work = work
        self.most = most
        self._lock = threading.Lock()
        self._wishes: list[_Wish[Item, Result]] = []
        self._busy = False

    def ask(self, item: Item) -> Result:
        """Return the result for an item.

        Raises:
            Exception: What the work raises for this item, whatever else was in its batch.
        """
        mine: _Wish[Item, Result] = _Wish(item)
        with self._lock:
            self._wishes.append(mine)
            leads, self._busy = not self._busy, True
        if not leads:
            mine.woken.wait()
        if not mine.ended:
            self._lead()
        return mine.outcome()

    def _lead(self) -> None:
        """Do the work of those at the front, and leave the rest to the next in line."""
        with self._lock:
            batch = self._wishes[: self.most]
            del self._wishes[: self.most]
        try:
            self._fulfil(batch)
        finally:
            with self._lock:
                heir = self._wishes[0] if self._wishes else None
                self._busy = heir is not None
            if heir is not None:
                heir.woken.set()
            for wish in batch:
                wish.ended = True
                wish.woken.set()

    def _fulfil(self, batch: Sequence[_Wish[Item, Result]]) -> None:
        try:
            results = self._work([wish.item for wish in batch])
            for wish, result in zip(batch, results, strict=True):
                wish.result = result
        except Exception as error:  # noqa: BLE001 - it is raised again where it is waited for
            if len(batch) == 1:
                batch[0].error = error
                return
            for wish in batch:  # one bad item must not cost the others
                self._fulfil([wish])
        except BaseException as error:  # the process is ending; nobody is left waiting
            for wish in batch:
                wish.error = error
            raise
