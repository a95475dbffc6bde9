"""Every option by its dotted name: what exists, where its value came from, and how it is shown.

A value that may be a secret is masked here and nowhere else, so an error message and
`holdfast doctor` cannot disagree about what is safe to print.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from config.section import Section
from config.settings import Settings

MASK = "********"
ENV_PREFIX = "HOLDFAST_"
NESTED = "__"
_READABLE = "ledger.url"
"""The secret of which only the password is masked."""

# Greedy up to the last "@", so that a password with an unescaped "/" or "@" is masked whole.
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*):.*", re.DOTALL)
QUERY_SECRETS = (
    r"(?:[^=&]*(?:passw[^=&]*|passphrase|pwd|secret[^=&]*|token|credentials?|signature"
    r"|(?:api|access|account|auth|private|shared)[_-]?key)|sig)"
)
"""Names of secrets behind the question mark of an address; its only letters are those of names."""
_QUERY_OPTION = re.compile(r"[?&]([^&=]*+)(=?)")
_QUERY_SECRET = re.compile(QUERY_SECRETS, re.I)
_SECRET_NAME = re.compile(r"secret|passw|token|credential|passphrase|_key$|^key$|client_keys", re.I)


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings in force, and where each of them came from.

    Attributes:
        settings: The validated tree; every path in it is absolute.
        origins: Dotted option to "default", the YAML file, ".env", "environment NAME" or
            "argument". Every option has an entry.
        config_file: The YAML file that was read, if there was one.
    """

    settings: Settings
    origins: Mapping[str, str]
    config_file: Path | None


@dataclass(frozen=True, slots=True)
class OptionInForce:
    """One option as a person may see it: secrets are masked in `value_text`."""

    name: str
    value_text: str
    origin: str


def section_of(field: FieldInfo) -> type[Section] | None:
    """Return the section class a field holds, or none when the field is an option."""
    annotation = field.annotation
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return None


@cache
def options() -> Mapping[str, FieldInfo]:
    """All options by dotted name, in the order of the settings."""
    found: dict[str, FieldInfo] = {}

    def collect(section: type[Section], prefix: str) -> None:
        for name, field in section.model_fields.items():
            below = section_of(field)
            if below is None:
                found[prefix + name] = field
            else:
                collect(below, f"{prefix}{name}.")

    collect(Settings, "")
    return MappingProxyType(found)


def variable_of(option: str) -> str:
    """Return the environment variable that sets a dotted option or section."""
    return ENV_PREFIX + option.replace(".", NESTED).upper()


def is_secret(option: str) -> bool:
    """Tell whether a dotted option holds a secret, or is a section with one inside."""

    def secret(field: FieldInfo) -> bool:
        return SecretStr in (field.annotation, *get_args(field.annotation))

    return any(
        secret(field)
        for name, field in options().items()
        if name == option or name.startswith(f"{option}.")
    )


def mask_url(text: str) -> str:
    """Replace the password inside a URL, in the user part and in the query part.

    Addresses of strangers come through here: the time grows with their length, not its square.
    """
    user, at, rest = text.rpartition("@")
    masked = _URL_PASSWORD.sub(rf"\1:{MASK}", user, count=1) if at else user
    return _mask_options(f"{masked}{at}{rest}")


def _mask_options(text: str) -> str:
    parts, kept = list[str](), 0
    for option in _QUERY_OPTION.finditer(text):
        # A question mark may be part of a name, or stand before it.
        names = (option[1], option[1].rpartition("?")[2])
        if option.start() >= kept and option[2] and any(map(_QUERY_SECRET.fullmatch, names)):
            parts += (text[kept : option.end()], MASK)
            end = text.find("&", option.end())
            kept = end if end >= 0 else len(text)
    return "".join(parts) + text[kept:]


def has_password(text: str) -> bool:
    """Tell whether a URL carries a password."""
    return "://" in text and mask_url(text) != text


def names_secret(name: object, value: object) -> bool:
    """Tell whether an option of a source holds a secret; without a value there is none."""
    return value is not None and _SECRET_NAME.search(str(name)) is not None


def show(value: object) -> str:
    """Return a value of an option as one line of text, without secrets of sources and in URLs."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case Enum():
            return str(value.value)
        case str() | Path():
            return mask_url(str(value)) if str(value) else '""'
        case tuple() | list() | Mapping():
            return json.dumps(_masked(value), ensure_ascii=False, default=str)
        case _:
            return mask_url(str(value))


def _masked(value: object) -> object:
    """Return plain values in which URLs have lost their passwords, and sources their secrets."""
    match value:
        case BaseModel():
            return _masked(value.model_dump(mode="json"))
        case Mapping():
            return {
                str(name): masked_options(inner) if name == "options" else _masked(inner)
                for name, inner in value.items()
            }
        case tuple() | list():
            return [_masked(inner) for inner in value]
        case str():
            return mask_url(value)
        case _:
            return value


def masked_options(value: object) -> object:
    """Return the options of a file system as plain values in which no secret is left."""
    match value:
        case Mapping():
            return {
                str(name): MASK if names_secret(name, inner) else masked_options(inner)
                for name, inner in value.items()
            }
        case tuple() | list():
            return [masked_options(inner) for inner in value]
        case _:
            return _masked(value)


def describe(loaded: LoadedSettings) -> list[OptionInForce]:
    """List every option with its value and origin, secrets masked, in the order of the settings.

    A ledger URL stays readable except for its password, since people look there to see
    which database is in force; any other secret is masked whole.
    """
    listed: list[OptionInForce] = []
    for name in options():
        value: object = loaded.settings
        for part in name.split("."):
            value = getattr(value, part)
        if isinstance(value, SecretStr):
            plain = value.get_secret_value()
            value = plain if name == _READABLE and "://" in plain else MASK
        listed.append(OptionInForce(name, show(value), loaded.origins[name]))
    return listed
