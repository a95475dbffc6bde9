"""The places settings come from, each read into a tree of values that knows its origins.

pydantic-settings turns variables into the tree of `config/settings.py`; the YAML file and the
arguments already have that shape. What is found wrong on the way is collected, not raised, so
that a person sees all problems at once.
"""

import json
import os.path
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from config.files import read_yaml, root_of
from config.origins import ENV_PREFIX, NESTED, options, section_of, variable_of
from config.problems import nearest
from config.secrets import secrets_in
from config.settings import Settings
from config.sources import SourceSettings, kind_of

# Names other tools already use for the same thing; they count when ours is absent.
BORROWED = {
    "store.url": "QDRANT_URL",
    "store.api_key": "QDRANT_API_KEY",
    "orchestration.api_url": "PREFECT_API_URL",
    "tracing.endpoint": "OTEL_EXPORTER_OTLP_ENDPOINT",
}

FOLDERS_OR_URLS = frozenset({"blobs.url", "orchestration.backup_to"})
"""Texts that are paths where they are no URLs. Names of models, which may be folders, are not among
them: they are part of the pipeline fingerprint as they are written."""
_SQLITE_FILE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!/|:memory:|file:)(.+)", re.DOTALL)

Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says: a tree of values, and by dotted option the origin to print."""

    values: Values
    origins: dict[str, str]


class _Tree(BaseSettings, Settings):
    """The settings as pydantic-settings sees them; never built, only its fields are read."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter=NESTED, defer_build=True
    )


class _Variables(EnvSettingsSource):
    """Variables of one place, the environment or `.env`, as a tree of values."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        super().__init__(_Tree)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._variables.items()}


def ours(variables: Mapping[str, str]) -> dict[str, str]:
    """Keep the variables that are for Holdfast, and the borrowed ones.

    An empty variable counts as not set: compose files pass `${NAME:-}` for what is not set.
    """
    return {
        name: value
        for name, value in variables.items()
        if value and (name.upper().startswith(ENV_PREFIX) or name in BORROWED.values())
    }


def argument_layer(overrides: Mapping[str, object], cwd: Path) -> Layer:
    """Turn options given by dotted name into a layer."""
    values: Values = {}
    for name, value in overrides.items():
        *sections, last = name.split(".")
        nested: Values = {last: value}
        for section in reversed(sections):
            nested = {section: nested}
        merge(values, nested)
    _anchor_paths(values, cwd)
    return Layer(values, dict.fromkeys(_flat(values), "argument"))


def variable_layers(
    environment: Mapping[str, str], dotenv: Mapping[str, str], cwd: Path, problems: list[str]
) -> list[Layer]:
    """Read the environment and `.env`, in this order; `problems` gains what is no option."""
    layers = [
        _variable_layer(environment, "environment ", "", cwd, problems),
        _variable_layer(dotenv, "", " (in .env)", cwd, problems),
    ]
    for option, name in BORROWED.items():
        holder = layers[0] if name in environment else layers[1]
        value = environment.get(name) or dotenv.get(name)
        if value is None or any(option in layer.origins for layer in layers):
            continue
        section, key = option.split(".")
        merge(holder.values, {section: {key: value}})
        holder.origins[option] = f"environment {name}" if holder is layers[0] else ".env"
    return layers


def _variable_layer(
    variables: Mapping[str, str], prefix: str, place: str, cwd: Path, problems: list[str]
) -> Layer:
    sections = {option.split(".")[0] for option in options() if "." in option}
    structured = {variable_of(name) for name in (*sections, "sources")}
    lists = {variable_of(name) for name, field in options().items() if _is_list(field)}
    known_names = structured | {variable_of(option) for option in options()}
    known: dict[str, str] = {}
    for name, value in variables.items():
        upper = name.upper()
        if upper in lists - structured and not _is_json(value) and value[:1] not in "[{":
            known[name] = json.dumps(value)  # several in one text, such as eng+deu
        elif upper in structured | lists and not _is_json(value):
            problems.append(f"{name}{place} is not valid JSON; give one JSON value.")
        elif upper in known_names:
            known[name] = value
        elif name not in BORROWED.values():
            problems.append(f"{name}{place} is not an option{nearest(upper, known_names)}")
    values = _Variables(known)()
    _anchor_paths(values, cwd)
    given = {name.upper(): name for name in known}
    origins = {
        option: prefix
        + (given.get(variable_of(option)) or given[variable_of(option.split(".")[0])])
        if prefix
        else ".env"
        for option in _flat(values)
    }
    return Layer(values, origins)


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is tuple


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def yaml_layer(file: Path, cwd: Path, problems: list[str]) -> Layer:
    """Read the YAML file; `problems` gains the secrets that stand in it."""
    origin = str(file.relative_to(cwd)) if file.is_relative_to(cwd) else str(file)
    values: Values = {}
    for name, value in read_yaml(file).items():
        if value is None and (name == "sources" or _is_section(name)):
            continue  # a heading whose options are all commented out
        if isinstance(value, dict) and _is_section(name):
            values[name] = {str(key): inner for key, inner in value.items()}
        else:
            values[name] = value
    flat = _flat(values)
    for option, value in flat.items():
        for place, variable in secrets_in(option, value):
            problems.append(
                f"{place} in {origin} holds a secret, and files get shared; move it to the "
                f"environment or to .env as {variable}."
            )
    _anchor_paths(values, root_of(file))
    return Layer(values, dict.fromkeys(flat, origin))


def merge(into: Values, values: Mapping[str, object]) -> None:
    """Lay one tree over another; lists are replaced whole."""
    for name, value in values.items():
        below = into.get(name)
        if isinstance(below, dict) and isinstance(value, Mapping):
            merge(below, value)
        else:
            into[name] = dict(value) if isinstance(value, Mapping) else value


def _is_section(name: str) -> bool:
    field = Settings.model_fields.get(name)
    return field is not None and section_of(field) is not None


def _flat(values: Mapping[str, object]) -> dict[str, object]:
    """Return a tree of values by dotted option; unknown names are kept as they are."""
    flat: dict[str, object] = {}
    for name, value in values.items():
        if _is_section(name) and isinstance(value, Mapping):
            flat.update({f"{name}.{key}": inner for key, inner in value.items()})
        else:
            flat[name] = value
    return flat


def _anchor_paths(values: Values, base: Path) -> None:
    """Make relative paths absolute, each from where the layer that names it stands."""
    for option, field in options().items():
        *sections, name = option.split(".")
        holder: object = values
        for section in sections:
            holder = holder.get(section) if isinstance(holder, dict) else None
        if not isinstance(holder, dict):
            continue
        value = holder.get(name)
        if option == "ledger.url" and isinstance(value, str):
            holder[name] = _SQLITE_FILE.sub(lambda found: _sqlite(found, base), value)
        elif not isinstance(value, str | Path) or not str(value):
            continue
        elif Path in (field.annotation, *get_args(field.annotation)):
            holder[name] = anchor(value, base)
        elif option in FOLDERS_OR_URLS and "://" not in str(value):
            holder[name] = str(anchor(value, base))
    _anchor_sources(values, base)


def _sqlite(found: re.Match[str], base: Path) -> str:
    return f"{found[1]}{anchor(found[2], base)}"


def _anchor_sources(values: Values, base: Path) -> None:
    """Make relative source paths absolute."""
    sources = values.get("sources")
    if not isinstance(sources, list | tuple):
        return
    anchored: list[object] = []
    for source in sources:
        if isinstance(source, SourceSettings):
            anchored.append(source.model_copy(update=_anchored(dict(source), base)))
        elif isinstance(source, Mapping):
            anchored.append({**source, **_anchored(source, base)})
        else:
            anchored.append(source)
    values["sources"] = anchored


def _anchored(source: Mapping[str, object], base: Path) -> dict[str, object]:
    """Return the options of a source that are paths, made absolute."""
    changed: dict[str, object] = {}
    path, url = source.get("path"), source.get("url")
    if isinstance(path, str | Path) and str(path):
        changed["path"] = anchor(path, base)
    if kind_of(source) == "git" and isinstance(url, str) and url and "://" not in url:
        changed["url"] = url if url.startswith("-") else str(anchor(url, base))
    return changed


def anchor(path: str | Path, base: Path) -> Path:
    """Make a path absolute from `base`; `~` is the home of the user."""
    return base / os.path.expanduser(path)  # Path.expanduser raises for an unknown user
