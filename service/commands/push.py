"""`holdfast push`: hand documents over to a push source; the next ingest brings them in."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from config.errors import ConfigError
from ingestion.sources.pushing import (
    Counter,
    Withdrawal,
    counter_of,
    hand_over,
    read_pushed,
)
from ingestion.sources.spool import PushedDocument, PushError
from service.console import print_json, safe, say
from service.exits import Exit
from service.options import DEFAULTS, Options, load

Outcome = dict[str, str | None]
Several = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]


def push(
    source: str,
    /,
    *files: Path,
    key: str | None = None,
    meta: Several = (),
    acl: Several = (),
    withdraw: Several = (),
    batch: Path | None = None,
    listen: str | None = None,
    options: Options = DEFAULTS,
) -> int:
    """Hand documents over to a source of kind push; `holdfast ingest` brings them in.

    Without FILES, --batch, --withdraw or --listen, one document is read from standard input.

    Args:
        source: Name of the source.
        files: Files to hand over, each under its name.
        key: Name of the document instead, for one file or standard input.
        meta: Metadata as name=value.
        acl: Groups that may see the documents; none means those of the source.
        withdraw: Keys of documents to take out again.
        batch: JSON lines of documents and withdrawals; - is standard input.
        listen: Take documents over HTTP at HOST:PORT until interrupted, instead.
        options: Options of every command.
    """
    settings = load(options).settings
    counter = counter_of(settings, source)
    if listen is not None:
        from service.push_server import serve

        serve(settings, listen)
        return Exit.DONE
    if batch is not None:
        outcomes = list(from_batch(counter, batch))
    elif withdraw:
        outcomes = [attempt(counter, Withdrawal(one)) for one in withdraw]
    else:
        common = (metadata_of(meta), tuple(acl))
        outcomes = [attempt(counter, d) for d in documents(files, key, common, counter.max_bytes)]
    return tell(source, outcomes, options)


def documents(
    files: tuple[Path, ...],
    key: str | None,
    common: tuple[dict[str, str], tuple[str, ...]],
    max_bytes: int,
) -> Iterator[PushedDocument]:
    """Read the documents named on the command line, or the one on standard input."""
    metadata, acl = common
    if not files:
        if key is None:
            raise ConfigError("A document on standard input has no name; give it one with --key.")
        yield PushedDocument(key, sys.stdin.buffer.read(max_bytes + 1), metadata, acl)
        return
    if key is not None and len(files) > 1:
        raise ConfigError(f"--key names one document, and {len(files)} files were given.")
    for file in files:
        try:
            with file.open("rb") as opened:
                content = opened.read(max_bytes + 1)
        except OSError as error:
            raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error
        yield PushedDocument(key or file.name, content, metadata, acl)


def from_batch(counter: Counter, batch: Path) -> Iterator[Outcome]:
    """Hand over what stands in JSON lines; one that is wrong does not hold up the others."""
    limit = 2 * counter.max_bytes + 1_000_000  # base64 and escapes take more than the content
    try:
        with sys.stdin.buffer if str(batch) == "-" else batch.open("rb") as lines:
            number = 0
            while line := lines.readline(limit):
                number += 1
                if len(line) == limit:
                    detail = f"Line {number} is too long; what is behind it was not read."
                    yield {"key": None, "outcome": "refused", "detail": detail}
                    return
                if not line.strip():
                    continue
                try:
                    pushed = read_pushed(line)
                except PushError as error:
                    yield {"key": None, "outcome": "refused", "detail": f"Line {number}: {error}"}
                else:
                    yield attempt(counter, pushed)
    except OSError as error:
        raise ConfigError(f"{batch} cannot be read: {error.strerror}.") from error


def attempt(counter: Counter, pushed: PushedDocument | Withdrawal) -> Outcome:
    """Hand one thing over and say what became of it."""
    try:
        return {"key": pushed.key, "outcome": hand_over(counter, pushed), "detail": None}
    except PushError as error:
        return {"key": pushed.key, "outcome": "refused", "detail": str(error)}


def metadata_of(pairs: tuple[str, ...]) -> dict[str, str]:
    """Read name=value pairs."""
    split = [pair.partition("=") for pair in pairs]
    wrong = next((name for name, equals, _ in split if not (name and equals)), None)
    if wrong is not None:
        raise ConfigError(f"--meta {wrong}: write name=value.")
    return {name: value for name, _, value in split}


def tell(source: str, outcomes: list[Outcome], options: Options) -> int:
    """Print what became of everything; refused documents make it a completion with errors."""
    refused = [o for o in outcomes if o["outcome"] == "refused"]
    if options.json:
        print_json({"source": source, "documents": outcomes})
    else:
        for outcome in outcomes:
            detail = f": {safe(outcome['detail'])}" if outcome["detail"] else ""
            say(f"{outcome['outcome']} {safe(outcome['key'] or '')}{detail}")
        if len(refused) < len(outcomes):
            say(f"`holdfast ingest --source {source}` makes it visible.")
    return Exit.WITH_ERRORS if refused else Exit.DONE
