"""Texts come in one order from every database, whatever language it sorts by."""

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import insert

from indexing.ledger import tables
from indexing.ledger.database import open_ledger
from indexing.points import OPEN_END
from indexing.upkeep.ledger_rows import read_rows
from indexing.upkeep.pairing import chunk_records
from tests.support.postgres import empty_database

DANISH = "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'da' LOCALE 'C'"
"""In which `aa` is a letter after `z`."""
IDS = [str(UUID(hex=f"{start}{'0' * 28}")) for start in ("a9a9", "aa00", "ab00", "b000", "fa00")]


@pytest.mark.postgres
def test_ids_pair_with_those_of_a_store_in_a_danish_database(postgres: str, tmp_path: Path) -> None:
    """`verify` called chunks lost that were there, and a backup copied blobs twice."""
    ledger = open_ledger(empty_database(postgres, DANISH), tmp_path)
    common = {"generation": "g", "valid_from": 1, "valid_to": OPEN_END, "ordinal": 0}
    rows = [{**common, "point_id": i, "document_id": i, "embed_sha256": i} for i in reversed(IDS)]
    with ledger.write() as connection:
        connection.execute(insert(tables.chunk), rows)
    with ledger.read() as connection:
        paired = [str(record.point) for record in chunk_records(connection, "g", 0)]
        written = [row["document_id"] for row in read_rows(connection, tables.chunk)]
    ledger.close()
    assert (paired, written) == (IDS, IDS)
