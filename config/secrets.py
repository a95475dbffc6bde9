"""What in the settings file is a secret and must not stand there; and secrets of single sources."""

import json
import re
from collections.abc import Iterator, Mapping

from config.errors import ConfigError
from config.origins import has_password, names_secret, variable_of
from config.settings import Settings

_OPTIONS = re.compile(r"\.options(?:[.\[]|\Z)")
"""A place within the options of a source, at any depth: libraries take nested ones."""
NEVER_IN_FILE = frozenset({"store.api_key", "source_secrets", "generation.api_keys", "serve.keys"})


def secrets_in(option: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield every secret that the file holds in an option, and the variable it belongs into.

    Args:
        option: Dotted name of the option.
        value: What the file says.
    """
    if option in NEVER_IN_FILE:
        if value is not None:
            yield option, variable_of(option)
    elif option == "sources" and isinstance(value, list | tuple):
        for number, source in enumerate(value):
            yield from _inside(f"sources[{number}]", source, variable_of("source_secrets"))
    else:
        yield from _inside(option, value, variable_of(option))


def _inside(place: str, value: object, variable: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            inside = f"{place}.{name}"
            if _OPTIONS.search(place) and names_secret(name, inner):
                yield inside, variable
            else:
                yield from _inside(inside, inner, variable)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _inside(f"{place}[{number}]", inner, variable)
    elif isinstance(value, str) and has_password(value):
        yield place, variable


def secrets_of(settings: Settings, source: str) -> Mapping[str, object]:
    """Return the secret options of one source, from `source_secrets`.

    Raises:
        ConfigError: `source_secrets` is no JSON object of objects.
    """
    if settings.source_secrets is None:
        return {}
    try:
        secrets = json.loads(settings.source_secrets.get_secret_value())
    except ValueError:
        secrets = None
    mine = secrets.get(source, {}) if isinstance(secrets, dict) else None
    if not isinstance(mine, dict):
        # Raised here, so that no chained error shows what was given.
        raise ConfigError(
            f"{variable_of('source_secrets')} is not JSON that gives an object for every source, "
            'such as {"archive": {"key": "…", "secret": "…"}}.'
        )
    return mine
