"""Printing: JSON for programs on standard output, tables and bars for people."""

import errno
import json
import os
import re
import stat
import sys
from collections.abc import Container, Mapping, Sequence
from types import TracebackType
from typing import IO, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from config.origins import mask_url
from indexing.planning.planned import Plan
from indexing.running.report import RunReport
from indexing.running.watch import Progress as IngestProgress

_BRACKET = re.compile(r"\\+\[(?P<tag>[a-z#/@][^[]*?])?")


class Voice(Console):
    """Speaks to nobody once its reader has gone away, so that what a command does goes on.

    Rich would end the process there, in the middle of an ingest whose progress nobody reads.
    """

    def on_broken_pipe(self) -> None:
        """Send this and what is still to be said nowhere."""
        speak_to_nobody(self.file.fileno())

    def _check_buffer(self) -> None:
        # Rich knows only pipes whose reader has gone away, not terminals.
        try:
            super()._check_buffer()
        except OSError as error:
            if not has_left(error, self.file):
                raise
            self.on_broken_pipe()


def has_left(error: Exception, output: IO[str]) -> bool:
    """Tell whether whoever read an output has gone away: a pipe broke, or a terminal was closed.

    A program that was told to outlive its terminal (`disown`, `setsid`) still has it as an output.
    """
    if isinstance(error, BrokenPipeError):
        return True
    if not isinstance(error, OSError) or error.errno != errno.EIO:
        return False
    return stat.S_ISCHR(os.fstat(output.fileno()).st_mode)


def speak_to_nobody(output: int) -> None:
    """Send what is written to an output from now on nowhere: its reader has gone away."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, output)
    os.close(nowhere)


# Data may hold :names: that stand for pictures elsewhere; keys are copied, and quotes are exact.
out = Voice(highlight=False, emoji=False, soft_wrap=True)
err = Voice(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def print_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print one value as one line of JSON; where nobody reads it, the command goes on."""
    try:
        write_json(value)
    except BrokenPipeError:
        speak_to_nobody(sys.stdout.fileno())


def write_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write one line of JSON, in whatever encoding standard output has.

    Raises:
        BrokenPipeError: Nobody reads it any more.
    """
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    try:
        sys.stdout.write(json_line(value, ensure_ascii=plain))
    except OSError as error:
        if has_left(error, sys.stdout):
            raise BrokenPipeError from error
        raise


def json_line(value: Mapping[str, Any] | Sequence[Any], *, ensure_ascii: bool = False) -> str:
    """Return one value as one line of JSON that can be written as UTF-8."""
    line = json.dumps(value, ensure_ascii=ensure_ascii, default=str)
    try:
        line.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can write
        line = json.dumps(value, default=str)
    return line + "\n"


def say(text: str) -> None:
    """Print a line for people; markup is allowed, data must be escaped."""
    out.print(text)


def confirmed(question: str) -> bool:
    """Ask whoever sits at the terminal; everything but a yes is a no."""
    err.print(f"{safe(question)} {escape('[y/N]')} ", end="")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def safe(text: object) -> str:
    """Make data printable: no markup, no control characters that could forge a terminal line."""
    return _BRACKET.sub(_escaped, escape(printable(text)))


def printable(text: object) -> str:
    """Write control characters as escapes, so that none can forge a terminal line."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in str(text))


def _escaped(found: re.Match[str]) -> str:
    """Keep a backslash before a bracket that opens no tag, of which Rich takes one away."""
    return found[0] if found["tag"] else f"\\{found[0]}"


def without_secrets(text: str) -> str:
    """Make one line of a message, the passwords inside its URLs masked."""
    return " ".join(mask_url(word) for word in text.split())


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    title: str = "",
    whole: Container[str] = (),
) -> None:
    """Print a table of data.

    Args:
        columns: Their headers.
        rows: Cells; long ones go on below, none is cut off.
        title: Above the table.
        whole: Columns that stay on one line however narrow the terminal is, because they are
            copied into other commands.
    """
    # Data, too: a set is named after its file.
    named = Text(printable(title)) if title else None
    view = Table(title=named, title_justify="left", header_style="bold")
    cells = [[Text(printable(cell)) for cell in row] for row in rows]
    for number, name in enumerate(columns):
        if name in whole:
            width = max((len(row[number]) for row in cells), default=0)
            view.add_column(name, no_wrap=True, min_width=width)
        else:
            view.add_column(name, overflow="fold")
    for row in cells:
        view.add_row(*row)
    out.print(view)


def found(plan: Plan) -> str:
    """Say what a plan found in one line: what is listed adds up, what is gone stands behind."""
    unchanged, quarantined = plan.standing_still
    always = {
        "new": len(plan.added),
        "changed": len(plan.edited),
        "moved": sum(move.standing.container is None for move in plan.moved),
        "unchanged": unchanged,
    }
    where_any = {
        "tried again": len(plan.retried),
        "refused": len(plan.refused),
        "still in quarantine": quarantined,
        "skipped": len(plan.skipped),
    }
    parts = [f"{n} {what}" for what, n in always.items()]
    parts += [f"{n} {what}" for what, n in where_any.items() if n]
    gone = {"gone": len(plan.deleted), "deletions withheld": len(plan.withheld)}
    beside = ", ".join(f"{n} {what}" for what, n in gone.items() if n)
    line = f"{plan.enumerated} listed: {', '.join(parts)}"
    return f"{line}; {beside}" if beside else line


class TerminalWatcher:
    """Shows an ingest on standard error: a bar on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        """Prepare the bar; it appears when there is something to read."""
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[chunks]} chunks"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=err,
        )
        self._task = self._bar.add_task("reading", total=None, visible=False, chunks=0)
        self._shown = 0.0
        self.report: RunReport | None = None

    def __enter__(self) -> "TerminalWatcher":
        if err.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop() if err.is_terminal else None

    def planned(self, plan: Plan) -> None:
        """Say what was found."""
        line = found(plan)
        if err.is_terminal and plan.to_prepare:
            self._bar.update(self._task, total=len(plan.to_prepare), visible=True)
        err.print(line)

    def progressed(self, progress: IngestProgress) -> None:
        """Move the bar, or print a line at every fifth of the way."""
        if err.is_terminal:
            self._bar.update(self._task, completed=progress.documents_done, chunks=progress.chunks)
        elif (
            progress.documents_total
            and progress.share >= min(self._shown + 0.2, 1)
            and progress.share > self._shown
        ):
            self._shown = progress.share
            err.print(
                f"{progress.documents_done} of {progress.documents_total} documents, "
                f"{progress.chunks} chunks, {progress.seconds:.1f} s"
            )

    def ended(self, report: RunReport) -> None:
        """Keep the report for the command."""
        self.report = report
