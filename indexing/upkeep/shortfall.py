"""What a home turned out to lack while it was backed up: counted, with a few examples."""

from indexing.upkeep.manifest import Lacking

EXAMPLES = 10


class Shortfall:
    """Adds up what is missing or damaged."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._points = 0
        self._blobs = 0
        self._examples: list[str] = []

    def point(self, example: str) -> None:
        """Count a point that is not in the backup."""
        self._points += 1
        self._show(example)

    def blob(self, example: str) -> None:
        """Count a blob that is not in the backup."""
        self._blobs += 1
        self._show(example)

    @property
    def lacking(self) -> Lacking:
        """The sum."""
        return Lacking(self._points, self._blobs, tuple(self._examples))

    def _show(self, example: str) -> None:
        if len(self._examples) < EXAMPLES:
            self._examples.append(example)
