"""Fields of a record that a person wrote: an unknown one is refused, with the nearest that is."""

import difflib
from collections.abc import Collection, Iterable

from config.errors import ConfigError


def refuse_unknown(given: Iterable[object], known: Collection[str], where: str) -> None:
    """Refuse a field that nobody would read; a misspelt one would otherwise count as left out.

    Args:
        given: Names of the fields that are there.
        known: Names of those that are read.
        where: File and line, for the message.

    Raises:
        ConfigError: One is not known; the message names the nearest one that is.
    """
    for name in given:
        if isinstance(name, str) and name in known:
            continue
        near = difflib.get_close_matches(str(name), sorted(known), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}."
        raise ConfigError(f"{where}: there is no field {name!r}; {hint}")
