"""`holdfast quarantine`: the documents that were refused, why, and trying them again."""

from typing import Annotated

from cyclopts import App, Parameter

from config.errors import ConfigError
from indexing.history import find_standing
from indexing.ledger.documents import DocumentState, list_standings
from indexing.ledger.retries import let_retry
from service.console import print_json, say, table
from service.options import DEFAULTS, Options, looked_at, opened

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
                    "attempts": s.attempts,
                }
            )
        return 0
    table(["key", "reason", "detail"], [(s.key, s.reason or "", s.detail or "") for s in refused])
    say(f"{len(refused)} documents in quarantine")
    return 0


@app.command
def retry(
    document: Annotated[tuple[str, ...], Parameter(allow_leading_hyphen=False)] = (),
    /,
    *,
    source: str | None = None,
    options: Options = DEFAULTS,
) -> int:
    """Let the next ingest try refused documents again although nothing about them changed.

    Args:
        document: Document ids or keys; none means every document in quarantine.
        source: Name of the source, where several have such a key.
        options: Options of every command.
    """
    with opened(options) as corpus:
        live = corpus.live()
        if live is None:
            raise ConfigError("Nothing is indexed yet. Run `holdfast ingest`.")
        chosen = (
            [find_standing(corpus, live, one, source) for one in document]
            if document
            else list_standings(corpus.ledger, live.name, source)
        )
        refused = [s for s in chosen if s.state is DocumentState.QUARANTINED]
        standing_well = [s.key for s in chosen if document and s not in refused]
        if standing_well:
            raise ConfigError(f"{standing_well[0]} is not in quarantine; nothing was changed.")
        let_retry(corpus.ledger, live.name, [s.document_id for s in refused])
    if options.json:
        print_json({"retried_by_next_ingest": [s.key for s in refused]})
    else:
        say(f"{len(refused)} documents are tried again by the next `holdfast ingest`.")
    return 0
