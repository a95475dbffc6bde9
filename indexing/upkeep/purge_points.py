"""Taking the points of purged documents out of every collection, and their bytes with them."""

import re
from collections.abc import Iterable, Mapping, Sequence

from indexing.committing.epochs import CLOSE_BATCH
from indexing.corpus import Corpus
from indexing.failpoints import Failpoint, reached
from indexing.ledger.documents import groups
from indexing.ledger.generations import list_generations
from indexing.stores.base import Erasure, Fence
from indexing.upkeep.belongings import Belongings


def own_collections(corpus: Corpus) -> list[str]:
    """Return every collection that is a generation of this home, also one the ledger forgot."""
    known = {generation.name for generation in list_generations(corpus.ledger)}
    mine = re.compile(rf"{re.escape(corpus.settings.store.collection)}__g\d+")
    there = corpus.store.collections()  # a server may have those of others as well
    return [name for name in there if name in known or mine.fullmatch(name)]


def delete_points(
    corpus: Corpus, belongings: Iterable[Belongings], fences: Mapping[str, Fence]
) -> None:
    """Delete what was found of the documents."""
    for one in belongings:
        for collection, ids in one.points.items():
            for group in groups(sorted(ids), CLOSE_BATCH):
                corpus.store.delete(collection, group, fence=fences.get(collection))
                reached(Failpoint.DELETING)
            corpus.store.flush(collection)


def erase_points(
    corpus: Corpus, collections: Sequence[str], fences: Mapping[str, Fence]
) -> dict[str, Erasure]:
    """Leave no bytes of deleted points behind.

    Every collection is gone through, also one that holds no point of the documents: it may have
    held some that a later run cleared away, and their bytes stay in its files as well.
    """
    return {name: corpus.store.erase(name, fence=fences.get(name)) for name in sorted(collections)}
