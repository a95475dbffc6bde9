"""A row of a table as a document: its key, its text, and what goes along with it."""

import datetime as dt
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from config.sources import RowMedia, TableSource
from ingestion.document import EXACT, SourceEntry, Stat, sha256_of
from ingestion.parsing.decoding import sound

# Escaped in the id of a row, since it becomes one segment of a key.
_UNSAFE = {ord(char): quote(char, safe="") for char in "%/\\\0\r\n\t"}

Values = Mapping[str, object]


def row_name(identity: str, media: RowMedia) -> str:
    """Return the last segment of the key of a row, by its id."""
    return f"{identity.translate(_UNSAFE)}.{media.value}"


@dataclass(frozen=True, slots=True)
class RowDocument:
    """One row as a document."""

    entry: SourceEntry
    content: bytes


class RowMapping:
    """Makes documents out of rows, as the columns are mapped in the settings."""

    def __init__(self, settings: TableSource) -> None:
        """Take the columns from the settings of a source."""
        self._id = settings.id
        self._text = settings.text
        self._title = settings.title
        self._modified = settings.modified
        self._media = settings.media
        self._metadata = settings.metadata
        optional = [name for name in (settings.title, settings.modified) if name]
        self.columns = tuple(
            dict.fromkeys([settings.id, *settings.text, *optional, *settings.metadata])
        )
        """Every column that is looked at."""

    def document(self, values: Values, file: str, number: int) -> RowDocument | None:
        """Make the document of a row; none if the row does not say which document it is.

        Args:
            values: The row by column.
            file: Key of its file inside the source; empty where the source is a single file.
            number: Number of the row, from 1.
        """
        identity = as_text(values.get(self._id)).strip()
        if not identity:
            return None
        folder = f"{file}/" if file else ""
        content = self._content(values).encode("utf-8", "replace")
        origin = [("file", file), ("row", str(number)), ("row_id", identity)]
        origin += [(name, as_text(values.get(name))) for name in self._metadata]
        entry = SourceEntry(
            folder + row_name(identity, self._media),
            Stat(len(content), self._modified_ns(values), EXACT + sha256_of(content)),
            # JSON can escape halves of characters, which no store takes; see the text above.
            tuple((n, sound(v)) for n, v in origin if v),
        )
        return RowDocument(entry, content)

    def _content(self, values: Values) -> str:
        texts = [as_text(values.get(column)).strip() for column in self._text]
        body = "\n\n".join(text for text in texts if text)
        title = as_text(values.get(self._title)).strip() if self._title else ""
        if not title or not body:
            return body
        match self._media:
            case RowMedia.HTML:
                return f"<h1>{html.escape(title)}</h1>\n{body}"
            case RowMedia.MARKDOWN:
                return f"# {' '.join(title.split())}\n\n{body}"
            case _:
                return f"{title}\n\n{body}"

    def _modified_ns(self, values: Values) -> int:
        given = values.get(self._modified) if self._modified else None
        if isinstance(given, int | float) and not isinstance(given, bool):
            return _in_range(given)
        text = as_text(given).strip()
        try:
            moment = dt.datetime.fromisoformat(text)
        except ValueError:
            return 0
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        return _in_range(zoned.timestamp())


def _in_range(seconds: float) -> int:
    """Return seconds since 1970 as nanoseconds, or 0 for what no clock shows."""
    return int(seconds * 1_000_000_000) if 0 <= seconds < 2**33 else 0


def as_text(value: object) -> str:
    """Return a value of a table as text; structures become JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bytes():
            return value.decode("utf-8", "replace")
        case dt.datetime() | dt.date():
            return value.isoformat()
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case _:
            return str(value)
