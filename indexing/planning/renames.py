"""Documents renamed and edited at once, where the source itself knows what they were called.

A rename that leaves the bytes alone is found by their hash (`find_moves`), whatever the source.
"""

from collections.abc import Sequence

from indexing.ledger.documents import Standing
from ingestion.document import SourceEntry

Renamed = tuple[SourceEntry, Standing]


def find_renamed(
    missing: Sequence[Standing], new: Sequence[SourceEntry]
) -> tuple[list[Renamed], list[Standing], list[SourceEntry]]:
    """Pair vanished documents with new keys that were theirs according to the source.

    Returns:
        The pairs, what is still missing, and what is still new.
    """
    if not any(entry.formerly for entry in new):
        return [], list(missing), list(new)
    vanished = {standing.key: standing for standing in missing}
    renamed: list[Renamed] = []
    rest: list[SourceEntry] = []
    for entry in new:
        before = next((key for key in entry.formerly if key in vanished), None)
        if before is None:
            rest.append(entry)
        else:
            renamed.append((entry, vanished.pop(before)))
    left = [s for s in missing if s.key in vanished]
    return renamed, left, rest
