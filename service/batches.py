"""Batches of the command line: JSON lines in, JSON lines out, and what cannot go with them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from service.console import json_line, write_json
from service.disk import unwritable
from service.exits import Exit


def check_form(
    named: str, one: str | None, batch: Path | None, out: Path | None, alone: Mapping[str, object]
) -> None:
    """Make sure that there is one thing to do, and that nothing that was given is left out.

    Args:
        named: What the command takes instead of a batch, such as QUESTION.
        one: That, if it is given.
        batch: The file of the batch.
        out: Where its results go.
        alone: Options that say something of one thing only, and their values; none is not given.

    Raises:
        ConfigError: It is not so; nothing was read or written.
    """
    if (one is None) == (batch is None):
        raise ConfigError(f"Give either a {named} or --batch FILE.")
    if batch is None:
        if out is not None:
            raise ConfigError(
                f"--out is for the results of a --batch; send those of a {named} to a file with "
                "`--json > FILE`."
            )
        return
    beside = [option for option, value in alone.items() if value is not None]
    if beside:
        raise ConfigError(
            f"{' and '.join(beside)} cannot go with --batch, whose lines would not heed it; "
            f"give it with a {named}."
        )
    if out is not None and is_same_file(batch, out):
        raise ConfigError(
            f"--batch and --out are both {batch}, which would be lost; name another file for the "
            "results."
        )


def exit_of_all(lost: Iterable[bool]) -> Exit:
    """Return the exit code of a batch by which lines were lost: an outage must not look like done.

    Args:
        lost: Of each line, whether nothing could be said of it.
    """
    every = list(lost)
    if not any(every):
        return Exit.DONE
    return Exit.FAILED if all(every) else Exit.WITH_ERRORS


def is_same_file(one: Path, other: Path) -> bool:
    """Tell whether two names are of one file, by whatever links."""
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there
        return one.absolute() == other.absolute()


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read a JSON-lines file, all of it, so that a wrong line costs nothing that was asked.

    Raises:
        ConfigError: The file cannot be read, or a line is no object.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as UTF-8 text ({error}).") from error
    # Not splitlines: a text inside a line may hold other characters that end lines elsewhere.
    numbered = enumerate(text.split("\n"), 1)
    return [read_line(path, number, line) for number, line in numbered if line.strip()]


def read_line(path: Path, number: int, line: str) -> dict[str, Any]:
    """Read one line.

    Raises:
        ConfigError: It is no JSON object.
    """
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}, line {number} is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{path}, line {number} is not a JSON object.")
    return value


def write_lines(lines: Iterable[dict[str, Any]], out: Path | None) -> Iterator[dict[str, Any]]:
    """Write one JSON object per line to a file or to standard output; yields each once written.

    Raises:
        ConfigError: The file cannot be written.
        OSError: Its disk is full.
    """
    if out is None:
        for line in lines:
            write_json(line)  # which ends the batch where nobody reads it: each line costs
            yield line
        return
    try:
        with out.open("w", encoding="utf-8") as target:
            for line in lines:
                target.write(json_line(line))
                yield line
    except OSError as error:
        raise unwritable(out, error) from error
