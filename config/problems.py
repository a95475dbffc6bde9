"""What is wrong with a setting, as one line for a person; secrets never appear in it."""

import difflib
from collections.abc import Iterable, Mapping, Sequence

from pydantic_core import ErrorDetails

from config.errors import ConfigError
from config.origins import (
    ENV_PREFIX,
    MASK,
    is_secret,
    masked_options,
    names_secret,
    options,
    show,
)
from config.sources import KINDS, SourceSettings

_LONGEST_VALUE = 120


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of "X is not an option", with the nearest known name if one is near."""
    # Without the prefix that all variables share and that would make any two look alike.
    by_ending = {option.removeprefix(ENV_PREFIX): option for option in sorted(known)}
    near = difflib.get_close_matches(name.removeprefix(ENV_PREFIX), by_ending, n=1)
    if near:
        return f"; did you mean {by_ending[near[0]]}?"
    return "; config/holdfast.yaml lists all options."


def refusal(problems: Sequence[str]) -> ConfigError:
    """Return one error for all problems, one line each."""
    if len(problems) == 1:
        return ConfigError(problems[0])
    return ConfigError("\n".join((f"{len(problems)} settings are wrong:", *problems)))


def explain(details: ErrorDetails, origins: Mapping[str, str]) -> str:
    """Say which option is wrong, where it came from, what was expected and what was given.

    Args:
        details: One error of pydantic.
        origins: Where each value came from, by dotted option.
    """
    location, kind = _without_kind(details["loc"])
    name = _name(location)
    option, origin = _origin(location, origins)
    if details["type"] == "union_tag_invalid":
        given = str(details.get("ctx", {}).get("tag", ""))
        return f"{name}.kind (from {origin}): {given!r} is no kind of source{_nearest_kind(given)}"
    if details["type"] == "extra_forbidden":
        siblings = _source_options(location, kind) or options()
        return f"{name} (from {origin}) is not an option{nearest(name, siblings)}"
    if details["type"] == "missing":
        return f"{name} (from {origin}) is missing; every source needs it."
    expected = details["msg"].removeprefix("Input ").removeprefix("Value ")
    expected = expected.removeprefix("error, ")
    expected = expected[:1].lower() + expected[1:]
    asked = masked_options(details["input"]) if "options" in location else details["input"]
    named = "options" in location and names_secret(location[-1], asked)
    given = MASK if named or is_secret(option) else _quoted(asked)
    return f"{name} (from {origin}): {expected}; given: {given}"


def doubled_sources(sources: Sequence[SourceSettings]) -> list[str]:
    """Report source names used twice: the name is part of the id of every document."""
    names = [source.name for source in sources]
    doubled = sorted({name for name in names if names.count(name) > 1})
    return [f"Two sources are named {name}; give each source its own name." for name in doubled]


def _name(location: Sequence[int | str]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _origin(location: Sequence[int | str], origins: Mapping[str, str]) -> tuple[str, str]:
    """Return the option an error lies in, or the section, and the origin of its value."""
    for length in range(len(location), 0, -1):
        option = ".".join(str(part) for part in location[:length])
        if option in origins:
            return option, origins[option]
    if not location:
        return "", "default"
    section = str(location[0])
    # Options that do not go together: whoever mends it has to know where any of them stands.
    within = {place for name, place in origins.items() if name.startswith(f"{section}.")}
    return section, ", ".join(sorted(within)) or "default"


def _without_kind(location: Sequence[int | str]) -> tuple[tuple[int | str, ...], str]:
    """Take the kind out of the place of an error in a source, where the validation puts it."""
    if len(location) > 2 and location[0] == "sources" and location[2] in KINDS:
        return (*location[:2], *location[3:]), str(location[2])
    return tuple(location), "local"


def _nearest_kind(given: str) -> str:
    near = difflib.get_close_matches(given, KINDS, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(KINDS)}."


def _source_options(location: Sequence[int | str], kind: str) -> list[str]:
    """Return the options of the source that an error lies in, named as in the message."""
    if len(location) < 2 or location[0] != "sources":
        return []
    return [f"{_name(location[:2])}.{field}" for field in KINDS[kind].model_fields]


def _quoted(value: object) -> str:
    text = repr(show(value)) if isinstance(value, str) else show(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
