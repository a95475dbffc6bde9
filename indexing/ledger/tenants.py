"""Whose the documents of a home are: several tenants may share one, none has another's."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select

from config.errors import ConfigError
from indexing.ledger import tables
from indexing.ledger.database import Ledger
from indexing.ledger.documents import groups


def tenants_of(ledger: Ledger, documents: Iterable[UUID]) -> dict[UUID, str]:
    """Return the tenant of each document; one that the ledger does not know is left out.

    A run makes points of documents of all tenants where it builds or mends a generation: whose
    they are says the ledger, and not the setting of whoever started the run.
    """
    table = tables.document
    found: dict[UUID, str] = {}
    with ledger.read() as connection:
        for group in groups([str(d) for d in documents]):
            query = select(table.c.document_id, table.c.tenant).where(
                table.c.document_id.in_(group)
            )
            found |= {UUID(row.document_id): row.tenant for row in connection.execute(query)}
    return found


def refuse_sources_of_others(ledger: Ledger, tenant: str, sources: Sequence[str]) -> None:
    """Make sure that no source is one of which another tenant has documents.

    A source is known by its name alone: listed for another tenant it would look as if all of the
    first one's documents had gone, or had another content.

    Raises:
        ConfigError: One is; nothing was changed.
    """
    table = tables.document
    query = (
        select(table.c.source, table.c.tenant)
        .where(table.c.source.in_(list(sources)), table.c.tenant != tenant)
        .distinct()
        .order_by(table.c.source, table.c.tenant)
    )
    with ledger.read() as connection:
        row = connection.execute(query).first()
    if row is not None:
        raise ConfigError(
            f"The source {row.source} has documents of the tenant {row.tenant!r} in this home, and "
            f"the setting `tenant` is {tenant!r}. Give your source another name, correct `tenant`, "
            "or choose another home; nothing was changed."
        )
