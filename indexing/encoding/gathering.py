"""Does together what several threads ask for at the same time, without making anybody wait for it.

While one call is at work the next ones gather; whoever is first among them then does the work of
all. A single caller never waits for others to come, and works only while its own items are first
in line.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(eq=False)
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
        return self.ask_all([item])[0]

    def ask_all(self, items: Sequence[Item]) -> list[Result]:
        """Return the results for several items, in their order.

        Raises:
            Exception: What the work raises for the first of them that it cannot do.
        """
        mine = [_Wish[Item, Result](item) for item in items]
        if not mine:
            return []
        with self._lock:
            self._wishes.extend(mine)
            if not self._busy:
                self._busy = True
                mine[0].woken.set()
        try:
            for wish in mine:
                wish.woken.wait()
                if not wish.ended:
                    self._lead()
        except BaseException:
            self._withdraw(mine)
            raise
        return [wish.outcome() for wish in mine]

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

    def _withdraw(self, mine: Sequence[_Wish[Item, Result]]) -> None:
        """Take the wishes of a caller who is going away out of the line, and its duty to lead."""
        with self._lock:
            left = [wish for wish in mine if wish in self._wishes]
            was_to_lead = any(wish.woken.is_set() for wish in left)
            self._wishes = [wish for wish in self._wishes if wish not in left]
            if was_to_lead:
                self._busy = bool(self._wishes)
                if self._wishes:
                    self._wishes[0].woken.set()

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
