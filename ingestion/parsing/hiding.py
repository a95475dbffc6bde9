"""Text that no reader sees, set apart: what was cut, how much, and how it began."""

from collections.abc import Iterable

from ingestion.document import Cut
from ingestion.parsing.decoding import sound

HIDDEN_TEXT_REMOVED = "hidden_text_removed"
"""Flag of a document from which text was taken that no reader would see."""
SAMPLE_CHARS = 120
MAX_CUTS = 200
"""Further ones of a document are summed up in one cut per reason and page."""
EMBEDDED_DATA = "embedded_data"
"""Reason of pictures and other files that stand in a text as base64."""
_SHOWN = frozenset({"boilerplate", "speaker_notes", "repeated_header", EMBEDDED_DATA})
"""Reasons of what people do see, in another place or form; it is no attempt to hide."""


class Cuts:
    """Gathers what is cut from one document."""

    def __init__(self) -> None:
        self._cuts: list[Cut] = []
        self._sums: dict[tuple[str, int | None], int] = {}

    def add(self, reason: str, text: str, page: int | None = None) -> bool:
        """Record a text; tell whether there was anything but white space."""
        bare = " ".join(sound(text).split())
        if not bare:
            return False
        if len(self._cuts) < MAX_CUTS:
            self._cuts.append(Cut(reason, len(bare), bare[:SAMPLE_CHARS], page))
        else:
            at = (reason, page)
            self._sums[at] = self._sums.get(at, 0) + len(bare)
        return True

    def extend(self, cuts: Iterable[Cut]) -> None:
        """Take over cuts that were made elsewhere."""
        for cut in cuts:
            if len(self._cuts) < MAX_CUTS:
                self._cuts.append(cut)
            else:
                at = (cut.reason, cut.page)
                self._sums[at] = self._sums.get(at, 0) + cut.characters

    @property
    def all(self) -> tuple[Cut, ...]:
        """Everything cut so far."""
        summed = (Cut(reason, n, "…", page) for (reason, page), n in self._sums.items())
        return (*self._cuts, *summed)

    @property
    def flags(self) -> tuple[str, ...]:
        """`hidden_text_removed` if anything was hidden from readers."""
        return (HIDDEN_TEXT_REMOVED,) if any(c.reason not in _SHOWN for c in self.all) else ()
