"""`holdfast quarantine`: the documents that were refused, each with its reason."""

from cyclopts import App

from indexing.ledger.documents import DocumentState, list_standings
from service.console import print_json, say, table
from service.options import DEFAULTS, Options, looked_at

app = App(name="quarantine", help="Documents that were refused, and why.")


@app.command(name="list")
def list_quarantined(*, options: Options = DEFAULTS) -> int:
    """List every refused document with its reason code and what to do about it.

    A document is tried again by the next ingest once its content or the pipeline changes.

    Args:
        options: Options of every command.
    """
    with looked_at(options) as corpus:
        live = corpus.live()
        standings = list_standings(corpus.ledger, live.name) if live else []
    refused = [s for s in standings if s.state is DocumentState.QUARANTINED]
    if options.json:
        for s in refused:
            print_json(
                {
                    "document_id": str(s.document_id),
                    "source": s.source,
                    "key": s.key,
                    "reason": s.reason,
                    "detail": s.detail,
                    "content_sha256": s.content_sha256,
                    "serves_version": s.version or None,
                }
            )
        return 0
    table(["key", "reason", "detail"], [(s.key, s.reason or "", s.detail or "") for s in refused])
    say(f"{len(refused)} documents in quarantine")
    return 0
