"""`holdfast docs`: every document with its state, and the live chunks as the store holds them."""

from typing import Any

from cyclopts import App

from config.errors import ConfigError
from indexing.corpus import Corpus
from indexing.ledger.documents import DocumentState, list_standings, open_versions
from indexing.ledger.generations import Generation
from indexing.points import visible
from service.console import print_json, say, table
from service.options import DEFAULTS, Options, looked_at

app = App(name="docs", help="Documents: their state, and their live chunks.")


@app.command(name="list")
def list_documents(*, deleted: bool = False, options: Options = DEFAULTS) -> int:
    """List every document with its state, version, chunks and flags.

    Args:
        deleted: Also list documents that are gone from their source.
        options: Options of every command.
    """
    with looked_at(options) as corpus:
        live = corpus.live()
        rows = describe(corpus, live, deleted=deleted) if live else []
    if options.json:
        for row in rows:
            print_json(row)
        return 0
    table(
        ["key", "state", "version", "chunks", "flags", "reason"],
        [
            (
                r["key"],
                r["state"],
                r["version"],
                r["chunks"],
                ", ".join(r["flags"]),
                r["reason"] or "",
            )
            for r in rows
        ],
    )
    say(f"{len(rows)} documents")
    return 0


def describe(corpus: Corpus, live: Generation, *, deleted: bool) -> list[dict[str, Any]]:
    """Build one object per document."""
    versions = open_versions(corpus.ledger, live.name)
    rows = []
    for standing in list_standings(corpus.ledger, live.name):
        if standing.state is DocumentState.DELETED and not deleted:
            continue
        version = versions.get(standing.document_id)
        rows.append(
            {
                "document_id": str(standing.document_id),
                "source": standing.source,
                "key": standing.key,
                "state": standing.state.value,
                "reason": standing.reason,
                "version": standing.version,
                "content_sha256": standing.content_sha256,
                "chunks": version.chunk_count if version else 0,
                "flags": list(version.flags) if version else [],
            }
        )
    return rows


@app.command
def chunks(*, as_of: int | None = None, options: Options = DEFAULTS) -> int:
    """Print every chunk that readers see, one per line, read from the store itself.

    Args:
        as_of: An earlier epoch to look at; the default is the committed one.
        options: Options of every command.
    """
    with looked_at(options) as corpus:
        live = corpus.live()
        if live is None:
            return 0
        epoch = live.epoch if as_of is None else as_of
        if not 0 <= epoch <= live.epoch:
            raise ConfigError(
                f"--as-of {epoch} is not a committed epoch of {live.name}; it has 0 to "
                f"{live.epoch}."
            )
        where = visible(epoch, corpus.settings.tenant, aborted=live.aborted)
        found = [p.payload for p in corpus.store.scroll(live.name, where)]
    found.sort(key=lambda p: (p["source"], p["key"], p["ordinal"]))
    if options.json:
        for payload in found:
            print_json(
                {
                    name: payload.get(name)
                    for name in (
                        "document_id",
                        "key",
                        "ordinal",
                        "start",
                        "end",
                        "page",
                        "text",
                        "flags",
                    )
                }
            )
        return 0
    table(
        ["key", "#", "span", "page", "text"],
        [
            (p["key"], p["ordinal"], f"{p['start']}-{p['end']}", p["page"] or "", p["text"][:60])
            for p in found
        ],
    )
    say(f"{len(found)} chunks at epoch {epoch} of {live.name}")
    return 0
