"""`holdfast push`: hand documents over to a push source; the next ingest brings them in."""

import errno
import os
import stat
import sys
from collections import Counter as Count
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token

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
# One value each time: what stands behind the value is a file, never silently another group.
Repeated = Annotated[tuple[str, ...], Parameter(consume_multiple=False, negative="")]


@dataclass(frozen=True, slots=True)
class Common:
    """What the command line says of every document that says nothing of its own."""

    metadata: dict[str, str] = field(default_factory=dict)
    acl: tuple[str, ...] = ()

    def of(self, pushed: PushedDocument) -> PushedDocument:
        """Return the document with what it lacks."""
        metadata, acl = pushed.metadata or self.metadata, pushed.acl or self.acl
        return replace(pushed, metadata=metadata, acl=acl)


def file_or_input(_wanted: type, tokens: Sequence[Token]) -> Path:
    """Read the FILE of --batch, which may be - alone; another option is no file."""
    value = tokens[0].value
    if not value or (value.startswith("-") and value != "-"):
        raise ValueError(f"--batch takes a file, or - for standard input, not {value!r}.")
    return Path(value)


def push(
    source: str,
    /,
    *files: Path,
    key: str | None = None,
    meta: Repeated = (),
    acl: Repeated = (),
    withdraw: Several = (),
    batch: Annotated[
        Path | None, Parameter(allow_leading_hyphen=True, converter=file_or_input)
    ] = None,
    listen: str | None = None,
    options: Options = DEFAULTS,
) -> int:
    """Hand documents over to a source of kind push; `holdfast ingest` brings them in.

    Without FILES, --batch, --withdraw or --listen, one document is read from standard input.

    Args:
        source: Name of the source.
        files: Files to hand over, each under its name without its folder.
        key: Name of the document instead, for one file or standard input.
        meta: Metadata as name=value; again for another. Lines of a batch that have their own
            keep it.
        acl: A group that may see the documents; again for another. None means those of the
            source. Lines of a batch that name their own keep them.
        withdraw: Keys of documents to take out again.
        batch: JSON lines of documents and withdrawals; - is standard input.
        listen: Take documents over HTTP at HOST:PORT until interrupted, instead.
        options: Options of every command.
    """
    given = {
        "FILES": bool(files), "--key": key is not None, "--meta": bool(meta), "--acl": bool(acl),
        "--withdraw": bool(withdraw), "--batch": batch is not None, "--listen": listen is not None,
    }  # fmt: skip
    check_together([name for name, is_given in given.items() if is_given])
    common = Common(metadata_of(meta), acl)
    settings = load(options).settings
    counter = counter_of(settings, source)
    if listen is not None:
        from service.push_server import serve

        serve(settings, listen, source)
        return Exit.DONE
    if batch is not None:
        outcomes = list(from_batch(counter, batch, common))
    elif withdraw:
        outcomes = [attempt(counter, Withdrawal(one)) for one in withdraw]
    else:
        read = documents(files, key, counter.max_bytes)
        outcomes = [attempt(counter, common.of(document)) for document in read]
    return tell(source, outcomes, options)


def check_together(given: Sequence[str]) -> None:
    """Make sure that nothing that was given would be left out.

    Raises:
        ConfigError: One option is about something else than another.
    """
    goes_with = {"--listen": (), "--batch": ("--meta", "--acl"), "--withdraw": ()}
    for name, others in goes_with.items():
        beside = [other for other in given if other != name and other not in others]
        if name in given and beside:
            raise ConfigError(
                f"{name} cannot go with {' and '.join(beside)}; nothing was changed. Run "
                "`holdfast push` once for each."
            )


def documents(files: tuple[Path, ...], key: str | None, max_bytes: int) -> Iterator[PushedDocument]:
    """Read the documents named on the command line, or the one on standard input."""
    if not files:
        if key is None:
            raise ConfigError("A document on standard input has no name; give it one with --key.")
        yield PushedDocument(key, sys.stdin.buffer.read(max_bytes + 1))
        return
    if key is not None and len(files) > 1:
        raise ConfigError(f"--key names one document, and {len(files)} files were given.")
    twice = next((name for name, n in Count(f.name for f in files).items() if n > 1), None)
    if twice is not None:
        raise ConfigError(
            f"Several of the files are called {twice}, and each would replace the one before; "
            "nothing was changed. Push them one by one with --key."
        )
    for file in files:
        check_readable(file)
    for file in files:
        try:
            with file.open("rb") as opened:
                content = opened.read(max_bytes + 1)
        except OSError as error:
            raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error
        yield PushedDocument(key or file.name, content)


def check_readable(file: Path) -> None:
    """Refuse a file that cannot be read before any other is handed over.

    It is not opened for that: whoever writes to a pipe would take it for read.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        if stat.S_ISDIR(file.stat().st_mode):
            why = os.strerror(errno.EISDIR)
        else:
            why = "" if os.access(file, os.R_OK) else os.strerror(errno.EACCES)
    except OSError as error:
        why = error.strerror or str(error)
    if why:
        raise ConfigError(f"{file} cannot be read: {why}; nothing was changed.")


def from_batch(counter: Counter, batch: Path, common: Common) -> Iterator[Outcome]:
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
                    if isinstance(pushed, PushedDocument):
                        pushed = common.of(pushed)
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
    twice = next((name for name, n in Count(name for name, _, _ in split).items() if n > 1), None)
    if twice is not None:
        raise ConfigError(f"--meta {twice} is given more than once; a name has one value.")
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
