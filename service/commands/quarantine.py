"""`holdfast quarantine`: the documents that were refused, why, and trying them again."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from config.errors import ConfigError
from indexing.corpus import Corpus
from indexing.history import find_standing
from indexing.ledger.documents import DocumentState, Standing, list_standings
from indexing.ledger.retries import UNSEEN, let_retry
from indexing.ledger.runs import outcomes_of
from ingestion.document import Reason
from service.console import print_json, safe, say, table
from service.disk import unwritable
from service.options import DEFAULTS, Options, looked_at, opened

app = App(name="quarantine", help="Documents that were refused, and why.")


def refused_documents(
    corpus: Corpus, source: str | None = None, reasons: Sequence[str] = ()
) -> list[Standing]:
    """Return the documents in quarantine, of one source or for some reasons only.

    Raises:
        ConfigError: There is no such source, or no such reason.
    """
    unknown = [reason for reason in reasons if reason not in set(Reason)]
    if unknown:
        raise ConfigError(f"There is no reason {unknown[0]!r}; there are: {', '.join(Reason)}.")
    live = corpus.live()
    standings = standings_of(corpus, live.name if live else "", source)
    refused = [s for s in standings if s.state is DocumentState.QUARANTINED]
    return [s for s in refused if not reasons or s.reason in reasons]


def standings_of(corpus: Corpus, generation: str, source: str | None) -> list[Standing]:
    """Return the standings of every document, or of one source.

    Raises:
        ConfigError: There is no such source, neither in the settings nor in the index.
    """
    standings = list_standings(corpus.ledger, generation, source)
    if source is not None and not standings:
        indexed = {s.source for s in list_standings(corpus.ledger, generation)}
        known = sorted(indexed | {s.name for s in corpus.settings.sources})
        if source not in known:
            raise ConfigError(
                f"There is no source named {source!r}; there are: {', '.join(known) or 'none'}."
            )
    return standings


def described(standing: Standing) -> dict[str, Any]:
    """Return a quarantined document as plain values."""
    return {
        "document_id": str(standing.document_id),
        "source": standing.source,
        "key": standing.key,
        "reason": standing.reason,
        "detail": standing.detail,
        "content_sha256": standing.content_sha256,
        "serves_version": standing.version or None,
        "attempts": standing.attempts,
    }


@app.command(name="list")
def list_quarantined(*, options: Options = DEFAULTS) -> int:
    """List every refused document with its reason code and what to do about it.

    A document is tried again by the next ingest once its content or the pipeline changes.

    Args:
        options: Options of every command.
    """
    with looked_at(options) as corpus:
        refused = refused_documents(corpus)
    if options.json:
        for s in refused:
            print_json(described(s))
        return 0
    table(["key", "reason", "detail"], [(s.key, s.reason or "", s.detail or "") for s in refused])
    reasons = Counter(s.reason or "" for s in refused).most_common()
    counted = ", ".join(f"{count} {reason}" for reason, count in reasons)
    say(f"{len(refused)} documents in quarantine" + (f": {counted}" if counted else ""))
    return 0


@app.command
def show(
    document: Annotated[str, Parameter(allow_leading_hyphen=False)],
    /,
    *,
    source: str | None = None,
    options: Options = DEFAULTS,
) -> int:
    """Show one refused document: why, what is served instead, and what became of it in each run.

    Args:
        document: Document id, or its key in a source.
        source: Name of the source, where several have that key.
        options: Options of every command.
    """
    with looked_at(options) as corpus:
        live = corpus.required_live()
        standing = find_standing(corpus, live, document, source)
        if standing.state is not DocumentState.QUARANTINED:
            raise ConfigError(f"{standing.key} is not in quarantine, it is {standing.state.value}.")
        past = outcomes_of(corpus.ledger, standing.document_id)
    shown = described(standing) | {
        "bytes": None if standing.stat == UNSEEN else standing.stat.size,
        "runs": [
            {
                "run_id": one.run_id,
                "started_at": one.started_at.isoformat(timespec="seconds"),
                "key": one.key,
                "state": one.state,
                "reason": one.reason,
                "detail": one.detail,
                "seconds": round(one.seconds, 4),
            }
            for one in past
        ],
    }
    if options.json:
        print_json(shown)
        return 0
    say(f"[bold]{safe(standing.key)}[/] in {safe(standing.source)} ({standing.document_id})")
    say(f"  [yellow]{safe(standing.reason or '')}[/]: {safe(standing.detail or '')}")
    if standing.stat == UNSEEN:
        say("  The next `holdfast ingest` tries it again.")
    else:
        say(f"  {standing.stat.size} bytes, sha256 {standing.content_sha256 or 'not known'}")
    if standing.version:
        say(f"  Readers still see its last good version, {standing.version}.")
    table(
        ["run", "started", "state", "reason", "seconds"],
        [
            (
                *(one["run_id"][:12], one["started_at"], one["state"]),
                *(one["reason"] or "", one["seconds"]),
            )
            for one in shown["runs"]
        ],
    )
    return 0


@app.command
def export(
    file: Annotated[Path, Parameter(allow_leading_hyphen=False)],
    /,
    *,
    source: str | None = None,
    reason: Annotated[tuple[str, ...], Parameter(consume_multiple=True)] = (),
    options: Options = DEFAULTS,
) -> int:
    """Write the quarantine to a new file, one JSON object a line, to hand on or to count.

    Args:
        file: The file to write; one that exists is left alone.
        source: Only of this source.
        reason: Only with these reason codes.
        options: Options of every command.
    """
    with looked_at(options) as corpus:
        refused = refused_documents(corpus, source, reason)
    write_rows(file, [json.dumps(described(s), ensure_ascii=True) + "\n" for s in refused])
    if options.json:
        print_json({"file": str(file), "documents": len(refused)})
    else:
        say(f"{len(refused)} documents written to {safe(file)}")
    return 0


def write_rows(file: Path, lines: Sequence[str]) -> None:
    """Write a file that is not there yet, all of it or none.

    Raises:
        ConfigError: There is such a file, or it cannot be written.
        OSError: Its disk is full.
    """
    try:
        out = file.open("x", encoding="utf-8")
    except FileExistsError as error:
        raise ConfigError(f"{file} exists and was left alone; name a new file.") from error
    except OSError as error:
        raise unwritable(file, error) from error
    try:
        with out:
            out.writelines(lines)
    except OSError as error:
        file.unlink(missing_ok=True)  # half of it would be in the way of whoever tries again
        raise unwritable(file, error) from error


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
        live = corpus.required_live()
        chosen = (
            [find_standing(corpus, live, one, source) for one in document]
            if document
            else standings_of(corpus, live.name, source)
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
