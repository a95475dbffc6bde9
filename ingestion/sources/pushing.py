"""What a program pushes, as JSON: one document or one withdrawal, checked before it is taken.

`holdfast push --batch` and the HTTP route take the same objects:

    {"key": "tickets/7.md", "text": "…", "metadata": {"team": "blue"}, "acl": ["staff"]}
    {"key": "scans/7.pdf", "base64": "…"}
    {"key": "tickets/7.md", "withdraw": true}
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.errors import ConfigError
from config.settings import Settings
from config.sources import PushSource
from ingestion.sources.configured import largest_document, spool_of
from ingestion.sources.spool import PushedDocument, PushError, Spool

Text = Annotated[str, Field(strict=True)]
NO_GROUPS: Final = (
    "acl: it names no group. Name those that may see the document, or leave it out: then those of "
    "the source may, which may be everybody."
)
"""A program that came to no groups hardly means that everybody may see the document."""


class _Pushed(BaseModel):
    """One pushed object; what is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Text
    text: Text | None = None
    base64: Text | None = None
    metadata: dict[str, Text] = {}
    acl: tuple[Text, ...] | None = None
    withdraw: bool = Field(default=False, strict=True)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A document is to be taken out again."""

    key: str


@dataclass(frozen=True, slots=True)
class Counter:
    """Where documents for one source are handed over."""

    name: str
    spool: Spool
    max_bytes: int
    """Larger documents are not taken."""


def counter_of(settings: Settings, name: str) -> Counter:
    """Return where documents for a push source are handed over.

    Raises:
        ConfigError: There is no source of this name, or it is of another kind.
    """
    source = next((s for s in settings.sources if s.name == name), None)
    if not isinstance(source, PushSource):
        known = ", ".join(s.name for s in settings.sources if isinstance(s, PushSource))
        raise ConfigError(
            f"There is no source of kind push named {name!r}; there are: {known or 'none'}. Add "
            f"`- {{kind: push, name: {name}}}` under `sources:` in config/holdfast.yaml."
        )
    return Counter(name, spool_of(settings, source), largest_document(settings, source))


def read_pushed(line: str | bytes) -> PushedDocument | Withdrawal:
    """Read one pushed object.

    Raises:
        PushError: It is no such object; the message says what is wrong with it.
    """
    try:
        pushed = _Pushed.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise PushError(f"Nothing was taken: {where}: {first['msg']}.") from None
    given = (pushed.text is not None) + (pushed.base64 is not None) + pushed.withdraw
    if given != 1:
        raise PushError("Nothing was taken: give exactly one of text, base64 and withdraw.")
    if pushed.withdraw:
        return Withdrawal(pushed.key)
    if pushed.base64 is None:
        content = (pushed.text or "").encode("utf-8", "replace")
    else:
        try:
            content = base64.b64decode(pushed.base64, validate=True)
        except (binascii.Error, ValueError) as error:
            raise PushError(f"Nothing was taken: base64: {error}.") from error
    if pushed.acl == ():
        raise PushError(f"Nothing was taken: {NO_GROUPS}")
    return PushedDocument(pushed.key, content, pushed.metadata, pushed.acl or ())


def hand_over(counter: Counter, pushed: PushedDocument | Withdrawal) -> str:
    """Take a document or a withdrawal; returns what became of it.

    Raises:
        PushError: The document is not as it has to be; nothing was changed.
        SourceUnavailableError: The spool cannot be written just now.
    """
    if isinstance(pushed, Withdrawal):
        return "withdrawn" if counter.spool.withdraw(pushed.key) else "unknown"
    return counter.spool.put(pushed, counter.max_bytes).value
