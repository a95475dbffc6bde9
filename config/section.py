"""The base of every section of the settings."""

from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Days: TypeAlias = Annotated[float, Field(le=36_500)]
"""An age; a hundred years mean for ever, and a date can still be counted back by them."""
Hours: TypeAlias = Annotated[float, Field(le=24 * 36_500)]
Seconds: TypeAlias = Annotated[float, Field(le=20 * 86_400)]
"""A limit of time; twenty days mean none. SQLite, sockets and waits for programs count in
milliseconds of 31 bits, which end after 24.8 days."""


def _not_empty(value: object) -> object:
    if value == "":
        raise ValueError("must not be empty; write . for the folder that relative paths start from")
    return value


NamedPath: TypeAlias = Annotated[Path, BeforeValidator(_not_empty)]
"""A path that was written down: an empty text, such as of an unset variable, is none."""


LONGEST_NAME = 200
"""Characters of a tenant or a source: what every ledger takes, and an index beside a key."""
LONGEST_ALIAS = 72
"""Of a collection, to whose name a generation adds its number."""


class Section(BaseModel):
    """One section of the settings: frozen; an unknown key is an error, and so is infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
