"""Taking purged documents out of the ledger: their rows, and what other rows tell of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, delete, func, select, update

from indexing.corpus import Corpus
from indexing.ledger import tables
from indexing.ledger.documents import groups
from indexing.ledger.erasing import erase_as_we_go
from indexing.ledger.feedback import count_feedback_about, redact_feedback
from indexing.ledger.redaction import Traces, together
from indexing.ledger.requests import count_behind, redact_requests
from indexing.upkeep.receipt import Receipt

ROWS: Mapping[str, Table] = {
    "chunks": tables.chunk,
    "versions": tables.version,
    "standings": tables.standing,
    "outcomes": tables.outcome,
    "documents": tables.document,
}
"""Tables with rows of a document, by the field of the receipt that counts them."""
TOUCHED = sorted({*(t.name for t in ROWS.values()), "run", "generation", "request", "feedback"})
"""Every table that is changed."""

Save = Callable[[Connection], None]
"""Writes the receipts down inside a transaction."""


def foreign_names(corpus: Corpus, keys: Iterable[str], documents: Iterable[UUID]) -> frozenset[str]:
    """Return those of the names that are also the name of a document that is not purged."""
    found: set[str] = set()
    purged = {str(document) for document in documents}
    with corpus.ledger.read() as connection:
        for group in groups(sorted(keys)):
            for table in (tables.standing, tables.version):
                rows = connection.execute(
                    select(table.c.key, table.c.document_id).where(table.c.key.in_(group))
                )
                found |= {row.key for row in rows if row.document_id not in purged}
    return frozenset(found)


def purge_requests(corpus: Corpus, each: Sequence[tuple[Receipt, Traces]], save: Save) -> None:
    """Redact the request log, and count for each document the requests that it was behind.

    What people said about these requests, or about the documents, goes with them.
    """

    def count(connection: Connection, bodies: Sequence[Mapping[str, Any]]) -> None:
        for receipt, traces in each:
            receipt.removed.requests_redacted += sum(map(traces.behind, bodies))
        if bodies:
            save(connection)

    every = together(traces for _, traces in each)
    redact_requests(corpus.ledger, every, count)
    redact_feedback(corpus.ledger, every)


def purge_rows(corpus: Corpus, each: Sequence[tuple[Receipt, Traces]], save: Save) -> None:
    """Delete every row of the documents and clean every other that names them, all or nothing."""
    with corpus.ledger.write() as connection:
        erase_as_we_go(connection)
        clean_runs(connection, each)
        for receipt, _ in each:
            delete_rows(connection, receipt)
        clean_gates(connection, each)
        save(connection)


def delete_rows(connection: Connection, receipt: Receipt) -> None:
    """Delete the rows of one document in every generation."""
    for counter, table in ROWS.items():
        deleted = connection.execute(
            delete(table).where(table.c.document_id == str(receipt.document_id))
        ).rowcount
        setattr(receipt.removed, counter, getattr(receipt.removed, counter) + deleted)


def clean_runs(connection: Connection, each: Sequence[tuple[Receipt, Traces]]) -> None:
    """Take the documents out of the reports and messages of runs."""
    table, every = tables.run, together(traces for _, traces in each)
    then = names_then(connection, [receipt.document_id for receipt, _ in each])
    rows = connection.execute(select(table.c.run_id, table.c.message, table.c.report)).all()
    for row in rows:
        names = then.get(row.run_id, {})
        told = {"message": row.message, "report": row.report}
        cleaned = cleaned_run(told, every, frozenset().union(*names.values()))
        if cleaned:
            query = update(table).where(table.c.run_id == row.run_id)
            connection.execute(query.values(**cleaned))
            for receipt, traces in each:
                own = names.get(receipt.document_id, frozenset())
                receipt.removed.run_reports += bool(cleaned_run(told, traces, own))


def cleaned_run(told: Mapping[str, Any], traces: Traces, then: frozenset[str]) -> dict[str, Any]:
    """Return what of a run has to be written otherwise; empty if it does not tell of them."""
    cleaned = {"message": traces.without_names(told["message"])}
    if told["report"]:  # none stays none, for whoever looks for it
        cleaned["report"] = traces.without_entries(told["report"], then)
    return {name: value for name, value in cleaned.items() if value != told[name]}


def names_then(
    connection: Connection, documents: Sequence[UUID]
) -> dict[str, dict[UUID, frozenset[str]]]:
    """Return, by run, the names under which documents were settled by it."""
    table, found = tables.outcome.c, dict[str, dict[UUID, frozenset[str]]]()
    for group in groups([str(document) for document in documents]):
        query = select(table.run_id, table.document_id, table.key)
        for row in connection.execute(query.where(table.document_id.in_(group))):
            names = found.setdefault(row.run_id, {})
            document = UUID(row.document_id)
            names[document] = names.get(document, frozenset()) | {row.key}
    return found


def clean_gates(connection: Connection, each: Sequence[tuple[Receipt, Traces]]) -> None:
    """Take the documents out of what gates said of generations."""
    table, every = tables.generation, together(traces for _, traces in each)
    for row in connection.execute(select(table.c.name, table.c.gates)).all():
        gates = every.without_names(row.gates)
        if gates != row.gates:
            connection.execute(update(table).where(table.c.name == row.name).values(gates=gates))
            for receipt, traces in each:
                receipt.removed.gate_results += traces.names_any(row.gates)


def count_rows(corpus: Corpus, document: UUID) -> dict[str, int]:
    """Count again the rows that the ledger has of a document."""
    left: dict[str, int] = {}
    with corpus.ledger.read() as connection:
        for counter, table in ROWS.items():
            mine = table.c.document_id == str(document)
            query = select(func.count()).select_from(table).where(mine)
            left[counter] = int(connection.execute(query).scalar() or 0)
    return left


def count_told(corpus: Corpus, traces: Traces) -> dict[str, int]:
    """Count again the other rows that tell of documents."""
    with corpus.ledger.read() as connection:
        runs = connection.execute(select(tables.run.c.message, tables.run.c.report)).all()
        gates = connection.execute(select(tables.generation.c.gates)).scalars().all()
    return {
        "run_reports": sum(
            bool(cleaned_run({"message": r.message, "report": r.report}, traces, frozenset()))
            for r in runs
        ),
        "gate_results": sum(traces.names_any(found or "") for found in gates),
        "requests": count_behind(corpus.ledger, traces),
        "feedback": count_feedback_about(corpus.ledger, traces),
    }
