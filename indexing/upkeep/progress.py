"""How a long copy tells how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Is told of each step; what it does with it must not fail."""

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Take note.

        Args:
            what: What is being copied or checked.
            done: How many of it are through.
            total: How many there are; none if nobody knows yet.
        """
        ...


def silent(what: str, done: int, total: int | None) -> None:
    """Tell nobody."""
