"""Taking purged documents out of the files of runs, `<home>/runs/<run>.jsonl`."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from indexing.errors import StoreUnavailableError
from indexing.ledger.redaction import Traces, together
from indexing.upkeep.receipt import Receipt, Step

ABOUT = frozenset({"document_id", "source", "state", "reason", "class"})
"""Fields of a line that say which document was settled, and how."""
UNFINISHED = ".purge.tmp"
"""Suffix of a file that is being written in place of another one."""


def count_run_files(folder: Path, each: Sequence[tuple[Receipt, Traces]]) -> None:
    """Note for each document how many lines tell of it."""
    every = together(traces for _, traces in each)
    found = [0] * len(each)
    for path in run_files(folder):
        told = [line for line, kept in both(path, every) if line != kept]
        for number, (_, traces) in enumerate(each if told else ()):
            found[number] += sum(line != kept for line, kept in both(path, traces))
    for (receipt, _), lines in zip(each, found, strict=True):
        receipt.expect(Step.RUN_FILES, {"run_file_lines": lines})


def clean_run_files(folder: Path, each: Sequence[tuple[Receipt, Traces]]) -> None:
    """Take out every line of the documents, and their names out of the others.

    Raises:
        StoreUnavailableError: A file cannot be written.
    """
    every = together(traces for _, traces in each)
    for leftover in folder.glob(f"*{UNFINISHED}"):
        leftover.unlink(missing_ok=True)
    for path in run_files(folder):
        lines = both(path, every)
        if any(line != kept for line, kept in lines):
            replace_lines(path, [kept for _, kept in lines if kept is not None])


def count_left(folder: Path, traces: Traces) -> int:
    """Count again the lines that tell of documents."""
    return sum(line != kept for path in run_files(folder) for line, kept in both(path, traces))


def both(path: Path, traces: Traces) -> list[tuple[str, str | None]]:
    """Return the lines of a file, each with what may stay of it."""
    lines = list(lines_of(path))
    records = [record_of(line) for line in lines]
    mine = [r for r in records if r is not None and r.get("document_id") in traces.documents]
    then = frozenset(str(record.get("key")) for record in mine)
    return [(n, cleaned(n, r, traces, then)) for n, r in zip(lines, records, strict=True)]


def record_of(line: str) -> dict[str, Any] | None:
    """Read a line; none if it is broken."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def cleaned(
    line: str, record: Mapping[str, Any] | None, traces: Traces, then: frozenset[str]
) -> str | None:
    """Return a line as it may stay; none for one that is about a document, or is broken and may be.

    What is to stay unchanged is returned as it was, to the last character.
    """
    if record is None:
        return None if traces.names_any(line) else line
    if record.get("document_id") in traces.documents:
        return None
    kept = traces.without_names(record)
    if "document_id" in record:  # what a line of another document is about stays
        named = ABOUT if record.get("key") in traces.keys else {*ABOUT, "key"}
        kept |= {name: record[name] for name in named if name in record}
    if isinstance(record.get("run"), dict):
        kept = {**kept, "run": traces.without_entries(record["run"], then)}
    return line if kept == record else json.dumps(kept, ensure_ascii=False)


def run_files(folder: Path) -> list[Path]:
    """Return the files of all runs."""
    return sorted(folder.glob("*.jsonl"))


def lines_of(path: Path) -> Iterator[str]:
    """Yield the lines of a file; bytes that are no text stand for themselves."""
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return
    except OSError as error:
        raise unusable(path, "read", error) from error
    yield from text.split("\n")


def replace_lines(path: Path, lines: Sequence[str]) -> None:
    """Write a file anew; a reader sees the old one or the new one."""
    fresh = path.with_name(f"{path.name}{UNFINISHED}")
    try:
        with fresh.open("w", encoding="utf-8", errors="surrogateescape") as file:
            file.write("\n".join(lines))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise unusable(path, "written", error) from error


def unusable(path: Path, what: str, error: OSError) -> StoreUnavailableError:
    """Say what to do about a file that cannot be used."""
    return StoreUnavailableError(
        f"The run file {path} cannot be {what} ({error.strerror}). Check its permissions and the "
        "disk space of HOLDFAST_HOME, and run the command again: it goes on where it stopped."
    )
