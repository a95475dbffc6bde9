"""Documents whose labels changed in the settings or at the source although their content did not.

Readers must not go on seeing under yesterday's access rules what is served today, so this does not
wait for new content: the points are written anew with the new labels, out of the old ones, and
nothing is embedded. Documents that are not listed just now but are still served count as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from indexing.ledger.database import Ledger
from indexing.ledger.documents import DocumentState, Standing, open_versions
from indexing.planning.renames import Renamed
from ingestion.document import UNLABELLED, Labels, Listing, SourceEntry

if TYPE_CHECKING:
    from indexing.planning.planned import PlannedMove, SourceComparison


@dataclass(frozen=True, slots=True)
class Relabelled:
    """Served documents of one source whose points carry other labels than they should."""

    documents: tuple[tuple[SourceEntry, Standing], ...]
    unchanged: int
    """How many of them would else count as unchanged."""
    remembered: int
    """How many of them would else count as remembered from the quarantine."""


def labels_of(entry: SourceEntry, listing: Listing) -> Labels:
    """Return the labels that a listed document should have."""
    return entry.labels or listing.labels or UNLABELLED


def labelled(entry: SourceEntry, listing: Listing) -> SourceEntry:
    """Return an entry that says its labels itself."""
    if entry.labels is not None or listing.labels is None:
        return entry
    return replace(entry, labels=listing.labels)


def find_relabelled(
    ledger: Ledger,
    generation: str,
    part: "SourceComparison",
    withheld: Sequence[Standing],
    *,
    renamed: Sequence[Renamed],
    moved: "Sequence[PlannedMove]",
) -> Relabelled:
    """Find the documents of a source whose labels have to be written anew.

    Args:
        ledger: Knows what labels the points carry.
        generation: The one that is compared with.
        part: The listing held against the ledger.
        withheld: Documents that are not listed and stay all the same.
        renamed: Documents that are read anew at another key; what is served of them until then, or
            after that if they are refused, must not keep its labels.
        moved: Documents that go to another key with their labels, as the parts do that are
            indexed; refused parts stay served where they were.
    """
    found = list(_listed(part))
    found += _unlisted(part, withheld)
    elsewhere = [
        (replace(e, key=s.key, stat=s.stat, labels=labels_of(e, part.listing)), s)
        for e, s in renamed
        if s.labels != labels_of(e, part.listing).digest
    ]
    found += elsewhere
    listed = {standing.document_id: labels for labels, standing in _wanted(part, withheld)}
    listed |= {s.document_id: labels_of(e, part.listing) for e, s in renamed}
    listed |= {m.standing.document_id: labels_of(m.entry, part.listing) for m in moved}
    along = {move.standing.document_id for move in moved}
    inside = [
        (SourceEntry(s.key, s.stat, labels=listed[s.container]), s)
        for s in part.inside
        if s.container in listed
        and s.labels != listed[s.container].digest
        and not (s.container in along and s.state is DocumentState.INDEXED)
    ]
    found += inside
    if not found:
        return Relabelled((), 0, 0)
    served = open_versions(ledger, generation, [s.document_id for _, s in found])
    documents = [(e, s) for e, s in found if s.document_id in served]
    suspects = {standing.document_id for _, standing in part.suspects}
    # Parts are counted where they are found, and not among what the source lists.
    kept_out = {s.document_id for s in withheld}
    kept_out |= {s.document_id for _, s in (*inside, *elsewhere)}
    calm = [s for _, s in documents if s.document_id not in suspects | kept_out]
    refused = {r.key: r.reason for r in part.listing.refused}
    # A refusal that is new is settled on its own, as a suspect is.
    calm = [s for s in calm if s.key not in refused or s.reason == refused[s.key]]
    quarantined = sum(s.state is DocumentState.QUARANTINED for s in calm)
    return Relabelled(tuple(documents), len(calm) - quarantined, quarantined)


def _wanted(
    part: "SourceComparison", withheld: Sequence[Standing]
) -> Iterator[tuple[Labels, Standing]]:
    """Yield what stays of a source, with the labels that it should have."""
    for entry in part.listing.entries:
        if (standing := part.known.get(entry.key)) is not None:
            yield labels_of(entry, part.listing), standing
    if part.listing.labels is not None:
        refused = (part.known.get(refusal.key) for refusal in part.listing.refused)
        yield from ((part.listing.labels, s) for s in (*withheld, *refused) if s is not None)


def _listed(part: "SourceComparison") -> Iterator[tuple[SourceEntry, Standing]]:
    common = (part.listing.labels or UNLABELLED).digest
    for entry in part.listing.entries:
        standing = part.known.get(entry.key)
        if standing is None:
            continue
        digest = common if entry.labels is None else entry.labels.digest
        if standing.labels != digest:
            labels = labels_of(entry, part.listing)
            yield replace(entry, stat=standing.stat, labels=labels), standing


def _unlisted(
    part: "SourceComparison", withheld: Sequence[Standing]
) -> Iterator[tuple[SourceEntry, Standing]]:
    labels = part.listing.labels
    if labels is None:
        return
    refused = (part.known.get(refusal.key) for refusal in part.listing.refused)
    for standing in (*withheld, *refused):
        if standing is not None and standing.labels != labels.digest:
            yield SourceEntry(standing.key, standing.stat, labels=labels), standing
