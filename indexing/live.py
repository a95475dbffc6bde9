"""Which generation is live: what the alias names, held against what the ledger remembers.

The alias is what readers follow; the ledger is told right after it was written. A process that
dies between the two leaves a ledger that names the generation before. Whoever changes generations
lets the ledger learn of it first, because what the ledger takes for replaced may be thrown away.
The alias is written inside a ledger transaction that proves the leases, so that a process which
slept until others took over does not undo what they decided.
"""

from collections.abc import Sequence

from indexing.errors import LedgerError, StoreCorruptError
from indexing.failpoints import Failpoint, reached
from indexing.ledger.database import Ledger
from indexing.ledger.generations import (
    Generation,
    GenerationState,
    find_generation,
    list_generations,
    read_generation,
)
from indexing.ledger.leases import LeaseToken, prove
from indexing.ledger.promotions import PromotionKind, write_promotion
from indexing.stores.base import VectorStore

SERVED = frozenset({GenerationState.LIVE, GenerationState.RETIRED, GenerationState.READY})
"""States in which the alias may name a generation: only what passed its gates is ever served.

Generations in them are audited, repaired and kept, since somebody may come to read them."""


def is_served(generation: Generation) -> bool:
    """Whether the alias may name a generation: it was live, or it passed its gates.

    The very first one has nothing to be held against; it is served while it is being built.
    """
    first = generation.state is GenerationState.BUILDING and generation.built_from is None
    return first or generation.state in SERVED


def find_live(ledger: Ledger, store: VectorStore, alias: str) -> Generation | None:
    """Return the generation the alias names, or none if nothing was ever indexed.

    Raises:
        LedgerError: The alias names a collection that the ledger does not know.
        StoreCorruptError: The alias is gone, or names a generation that must not be served.
    """
    # The alias is written before the ledger has a live generation. So it counts as gone only if it
    # still is after the ledger was asked: the first one may be made live by another process now.
    name = store.alias(alias)
    lost = first_live(ledger) if name is None else None
    if lost is not None:
        name = store.alias(alias)
    if name is None:
        refuse_lost(alias, lost)
        return None
    generation = find_generation(ledger, name)
    if generation is None:
        raise LedgerError(
            f"The alias {alias} names {name}, which the ledger at {ledger.location} does not "
            "know. Index and ledger belong together: restore the matching one, let `holdfast "
            "verify --repair` point the alias at what the ledger has as live, or choose another "
            "store.collection."
        )
    if not is_served(generation):
        raise StoreCorruptError(
            f"The alias {alias} names {name}, which is {generation.state.value} and must not be "
            "served. Another program wrote the alias. `holdfast verify --repair` points it at the "
            "generation that the ledger has as live."
        )
    return generation


def first_live(ledger: Ledger) -> Generation | None:
    """Return the generation that the ledger has as live."""
    live = [g for g in list_generations(ledger) if g.state is GenerationState.LIVE]
    return live[0] if live else None


def refuse_lost(alias: str, lost: Generation | None) -> None:
    """Refuse to take an index for empty where the ledger remembers a live generation.

    Raises:
        StoreCorruptError: It does.
    """
    if lost is not None:
        raise StoreCorruptError(
            f"The alias {alias} is gone although the ledger has {lost.name} at epoch "
            f"{lost.epoch} as live. Nothing was changed. Run `holdfast verify --repair` to "
            "restore both from the ledger and the blobs, restore a backup, or move the ledger "
            "away as well to begin anew."
        )


def settle(
    ledger: Ledger, store: VectorStore, alias: str, generation: Generation | None
) -> Generation | None:
    """Let the ledger learn which generation the alias names, if it does not know."""
    if generation is None or generation.state is GenerationState.LIVE:
        return generation
    name = generation.name
    with ledger.write() as connection:
        known = read_generation(connection, name)
        if known and known.state is not GenerationState.LIVE and store.alias(alias) == name:
            write_promotion(connection, alias, name, None, PromotionKind.OBSERVED)
    return find_live(ledger, store, alias)


def make_live(
    ledger: Ledger,
    store: VectorStore,
    alias: str,
    generation: str,
    previous: str | None,
    kind: PromotionKind,
    leases: Sequence[LeaseToken],
) -> None:
    """Write the alias and tell the ledger.

    The alias write is the moment at which readers change over.

    Raises:
        LeaseLostError: Somebody else took over; nothing was changed.
        StoreError: The alias could not be written.
    """
    with ledger.write() as connection:
        for lease in leases:
            prove(connection, lease)
        store.point_alias(alias, generation)
        reached(Failpoint.SWITCHED)
        write_promotion(connection, alias, generation, previous, kind)
    reached(Failpoint.PROMOTED)
