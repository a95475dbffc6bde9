"""Withheld deletions: what a person may approve, and up to which number."""

from collections.abc import Sequence

from sqlalchemy import select

from indexing.errors import IngestError
from indexing.ledger import tables
from indexing.ledger.database import Ledger

LOOKED_AT = 500
"""Newest runs that are searched for withheld deletions."""


def withheld_now(ledger: Ledger, generation: str, sources: Sequence[str]) -> dict[str, int]:
    """Return, by source, how many deletions its newest listing had withheld.

    A later run that withheld nothing settles the matter, so an approval never outlives it. Which
    run came later its lease token says, and no clock.
    """
    table = tables.run
    query = (
        select(table.c.report)
        .where(table.c.generation == generation, table.c.report.is_not(None))
        .order_by(table.c.started_at.desc())
        .limit(LOOKED_AT)
    )
    found: dict[str, int] = {}
    with ledger.read() as connection:
        reports = [report or {} for report in connection.execute(query).scalars()]
    for report in sorted(reports, key=lambda r: int(r.get("token", 0)), reverse=True):
        for source, count in (report.get("withheld_by_source") or {}).items():
            if source in sources:
                found.setdefault(source, int(count))
    return {source: count for source, count in found.items() if count}


def ceilings(ledger: Ledger, generation: str, sources: Sequence[str]) -> dict[str, int]:
    """Return how many deletions an approval allows, by source: a ceiling, not a licence.

    Raises:
        IngestError: Nothing was withheld.
    """
    found = withheld_now(ledger, generation, sources)
    if not found:
        raise IngestError(
            f"Nothing is withheld for {', '.join(sources)}, so there is nothing to approve. Only a "
            "run that ended with DeletionsWithheld can be approved, and only until the next one."
        )
    return found
