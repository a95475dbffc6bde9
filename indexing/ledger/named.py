"""Looking up what readers see of documents that are named by their keys or their ids."""

from collections.abc import Collection

from sqlalchemy import and_, select

from indexing.ledger import tables
from indexing.ledger.database import Ledger
from indexing.ledger.documents import OpenVersion, groups, version_from
from indexing.points import OPEN_END


def versions_named(
    ledger: Ledger,
    generation: str,
    names: Collection[str],
    epoch: int | None = None,
    tenant: str | None = None,
) -> dict[str, OpenVersion]:
    """Return the version of each name that is a document's key or id.

    Where several sources have a key, the one that was committed last counts.

    Args:
        ledger: Where to look.
        generation: Whose documents.
        names: Keys or document ids; those that name nothing are not in the result.
        epoch: The state to look at; none means what is open now.
        tenant: Whose documents alone; several may have documents of one key. None means all.
    """
    table = tables.version
    wanted, found = sorted(set(names)), list[OpenVersion]()
    served = table.c.valid_to == OPEN_END
    if epoch is not None:
        served = and_(table.c.valid_from <= epoch, table.c.valid_to > epoch)
    if tenant is not None:
        theirs = select(tables.document.c.document_id).where(tables.document.c.tenant == tenant)
        served = and_(served, table.c.document_id.in_(theirs))
    with ledger.read() as connection:
        for column in (table.c.key, table.c.document_id):
            for group in groups(wanted):
                query = select(table).where(
                    table.c.generation == generation,
                    served,
                    column.in_(group),
                )
                found += [version_from(row) for row in connection.execute(query)]
    asked = set(wanted)
    return {
        name: version
        for version in sorted(found, key=lambda one: one.valid_from)
        for name in (version.key, str(version.document_id))
        if name in asked
    }
