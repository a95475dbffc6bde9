"""`holdfast purge`: documents removed for good from everything Holdfast keeps, with a receipt."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from cyclopts import Parameter

from config.errors import ConfigError
from service.console import confirmed, err, print_json, safe, say, table
from service.exits import Exit
from service.options import DEFAULTS, Options, looked_at, opened

if TYPE_CHECKING:
    from indexing.corpus import Corpus
    from indexing.upkeep.purge_targets import Target

PLACES = {
    "versions": "versions, every generation",
    "chunks": "chunks, every generation",
    "outcomes": "outcomes of runs",
    "run_reports": "reports of runs",
    "gate_results": "results of gates",
    "run_file_lines": "lines in run files",
    "requests_redacted": "logged requests, redacted",
    "blobs_deleted": "blobs",
    "blobs_shared": "blobs kept: another document has the same bytes",
    "orphans_deleted": "blobs that no document referred to",
}
"""Numbers of a receipt, as people read them."""


def purge(
    *documents: str,
    source: str | None = None,
    readmit: UUID | None = None,
    yes: Annotated[bool, Parameter(negative="")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Remove documents for good: every generation, version, blob and log; and keep them out.

    It cannot be undone. A source that still has a purged document is told so by the next ingest
    (`purged`), until the document is readmitted. Without a DOCUMENT, lists what was purged.

    Args:
        documents: Ids, or keys.
        source: The source whose documents the keys are of.
        readmit: Id of a purged document that may come in again.
        yes: Do not ask.
        options: Options of every command.
    """
    if readmit is not None:
        if documents:
            raise ConfigError("Give either DOCUMENTs to purge or --readmit, not both.")
        return let_in(readmit, options)
    if not documents:
        if yes or source is not None:  # a list of documents may have turned out to be empty
            raise ConfigError(
                "No DOCUMENT is named, so nothing was changed. Name the documents by id or key; "
                "`holdfast purge` alone lists what was purged."
            )
        return show_purged(options)
    from indexing.upkeep.purge import purge as purge_documents
    from indexing.upkeep.purge_targets import find_target

    with opened(options) as corpus:
        targets = [find_target(corpus, named, source) for named in documents]
        if not (yes or agreed(targets)):
            (err.print if options.json else say)("Nothing was changed.")
            return Exit.FAILED
        receipts = purge_documents(corpus, [target.document_id for target in targets])
    for receipt in receipts:
        if options.json:
            print_json(receipt.to_json())
        else:
            show(receipt.to_json())
    return Exit.DONE if all(receipt.complete for receipt in receipts) else Exit.FAILED


def agreed(targets: "Sequence[Target]") -> bool:
    """Ask on a terminal whether these documents are to go.

    Raises:
        ConfigError: There is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise ConfigError(
            "A purge cannot be undone, and there is no terminal to ask on. If it is meant, give "
            "--yes. Nothing was changed."
        )
    for target in targets:
        err.print(safe(target.description))
    return confirmed("Remove for good, from every generation, the history, blobs and logs?")


def let_in(document: UUID, options: Options) -> int:
    """Lift a tombstone."""
    from indexing.upkeep.readmit import readmit as lift

    with opened(options) as corpus:
        tombstone = lift(corpus, document)
    if options.json:
        print_json({"document_id": str(tombstone.document_id), "readmitted": True})
    else:
        say(
            f"{tombstone.document_id} may come in again: `holdfast ingest` reads what its source "
            "has of it. Nothing of what was purged comes back."
        )
    return Exit.DONE


def show_purged(options: Options) -> int:
    """List the tombstones."""
    with looked_at(options) as corpus:
        rows = list(tombstones_of(corpus))
    if options.json:
        for row in rows:
            print_json(row)
        return Exit.DONE
    table(
        ["document", "purged", "finished"],
        [(r["document_id"], r["purged_at"], "yes" if r["complete"] else "no") for r in rows],
    )
    say(f"{len(rows)} documents were purged")
    if not all(row["complete"] for row in rows):
        say("[yellow]`holdfast purge` with the document goes on with one that is not finished.[/]")
    return Exit.DONE


def tombstones_of(corpus: "Corpus") -> list[dict[str, Any]]:
    """Describe every tombstone."""
    from indexing.upkeep.purge import read_known

    return [
        {
            "document_id": str(one.document_id),
            "purged_at": one.purged_at.isoformat(timespec="seconds"),
            "complete": one.finished,
            "contents": len(one.content_sha256s),
        }
        for one in read_known(corpus).values()
    ]


def show(receipt: Mapping[str, Any]) -> None:
    """Print a receipt for people."""
    say(f"[bold]{receipt['document_id']}[/] purged at {receipt['purged_at']}")
    points: Mapping[str, int] = receipt["points_deleted"]
    rows = [(f"points in {name}", count) for name, count in sorted(points.items())]
    rows += [(label, receipt[name]) for name, label in PLACES.items() if receipt[name]]
    for label, count in rows:
        say(f"  {count:>7} {safe(label)}")
    for name, size in receipt["bytes_rewritten"].items():
        if size:
            say(f"  {size / 1e6:>7.1f} MB of {safe(name)} written anew")
    for place, bound in receipt["bound"].items():
        say(f"  {place:<8} {safe(bound)}")
    left = {name: count for name, count in receipt["left"].items() if count}
    if receipt["complete"]:
        say("[green]Looked through everything again: nothing is left.[/]")
    else:
        found = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in left.items())
        say(f"[bold red]Still there: {safe(found)}.[/] Run the command again.")
