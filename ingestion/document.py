"""The values that flow through ingestion: entry → bytes → elements → cleaned text → chunks."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

from config.trust import Trust

NAMESPACE = UUID("6f0b8a4e-6c1b-5f0e-9d55-2b6a1f3c9e10")
"""Namespace of every id Holdfast derives."""


def document_id(tenant: str, source: str, key: str, taken: int = 0) -> UUID:
    """Derive the stable id of a document from where it was first seen.

    Args:
        tenant: Tenant the source belongs to.
        source: Name of the source.
        key: Key of the document when it was first seen; the id survives later moves.
        taken: How many earlier documents were first seen at this key and moved away.
    """
    name = f"{tenant}\0{source}\0{key}" + (f"\0{taken}" if taken else "")
    return uuid5(NAMESPACE, name)


def sha256_of(data: bytes | str) -> str:
    """Hex SHA-256 of bytes, or of a text as UTF-8."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return hashlib.sha256(raw).hexdigest()


LONGEST_KEY = 2048
"""Bytes in UTF-8: what an index of PostgreSQL takes beside the names of source and generation."""
LATEST_NS = 2**63 - 1
"""In the year 2262: the latest moment that a ledger takes, as nanoseconds since 1970."""
EXACT = "exact:"
"""Begins a tag that is never the same for other content, such as a hash or a strong ETag."""


@dataclass(frozen=True, slots=True)
class Stat:
    """What a source can tell about a document without reading it; equal means untouched."""

    size: int
    modified_ns: int
    tag: str = ""
    """Anything else that changes with the content (inode and change time, an ETag)."""

    def __post_init__(self) -> None:
        """Take a time that no ledger could hold for the nearest one that it can."""
        held = min(max(self.modified_ns, -LATEST_NS), LATEST_NS)
        object.__setattr__(self, "modified_ns", held)

    @property
    def is_exact(self) -> bool:
        """Whether other content would have another tag, however quickly it came."""
        return self.tag.startswith(EXACT)


@dataclass(frozen=True, slots=True)
class Labels:
    """What goes with every point of a document, as its source says: trust, and who may see it."""

    trust: Trust = Trust.MEDIUM
    acl: tuple[str, ...] = ()
    """Groups that may see the document, sorted; none means everybody of the tenant."""

    @property
    def digest(self) -> str:
        """Short hash to tell labels apart; empty for the default ones."""
        if not self.acl and self.trust is Trust.MEDIUM:
            return ""
        return sha256_of(repr((self.trust.value, self.acl)))[:16]


UNLABELLED = Labels()
"""Labels of documents whose source says nothing about them."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One document as listed by a source."""

    key: str
    """Path inside the source with `/` separators; unique within a listing."""
    stat: Stat
    metadata: tuple[tuple[str, str], ...] = ()
    """Where the document came from (URL, commit, row), for the payload. Takes no part in finding
    out what changed."""
    labels: Labels | None = None
    """None means those of the listing."""
    formerly: tuple[str, ...] = ()
    """Keys the document had before, newest first, where the source knows of renames."""


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """Something listed that is not to be taken, and why (a pattern in the settings)."""

    key: str
    detail: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source held at one moment.

    `complete` is true only if every part of the source was readable: a deletion may be
    concluded from a complete listing, never from another.
    """

    entries: tuple[SourceEntry, ...]
    complete: bool
    skipped: tuple[SkippedEntry, ...] = ()
    refused: tuple["Refusal", ...] = ()
    problems: tuple[str, ...] = ()
    """Why the listing is not complete."""
    labels: Labels | None = None
    """Labels of every document of the source, those that are not listed included; none where only
    the entries have labels."""


class Reason(StrEnum):
    """Why a document was refused; the code shown by `holdfast quarantine`."""

    EMPTY_FILE = "empty_file"
    NO_TEXT = "no_text"
    NEEDS_OCR = "needs_ocr"
    LOW_QUALITY = "low_quality"
    """Its text is garbled, or was hardly recognised."""
    UNSUPPORTED_TYPE = "unsupported_type"
    ENCRYPTED = "encrypted"
    CORRUPT = "corrupt"
    UNREADABLE = "unreadable"
    NOT_A_FILE = "not_a_file"
    OUTSIDE_SOURCE = "outside_source"
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    PARSER_CRASHED = "parser_crashed"
    PARSER_ERROR = "parser_error"
    NEEDS_CONVERTER = "needs_converter"
    """A program that is not installed would have to convert it first."""
    TOO_DEEP = "too_deep"
    """It lies in more containers, one within the other, than are opened."""
    UNSAFE = "unsafe"
    """It is built to harm its reader: names that climb out of an archive, entities that expand."""
    CHANGED_WHILE_READ = "changed_while_read"
    NOT_STORED = "not_stored"
    """The points did not arrive; the store may take them another time."""
    NOT_STORABLE = "not_storable"
    """The store can never take what the pipeline made of this content."""
    INVALID_RECORD = "invalid_record"
    """A row of a table, or a whole table, that cannot be read as documents."""
    NOT_KEPT = "not_kept"
    """Its bytes are wanted for another pipeline and are no longer among the blobs."""
    WORKER_LOST = "worker_lost"
    """Every worker that had it to parse was lost; the next run tries it again."""
    PURGED = "purged"
    """It was purged, and stays out until a person readmits it."""

    @property
    def retried(self) -> bool:
        """Whether the next run tries again although neither content nor pipeline changed."""
        passing = {Reason.UNREADABLE, Reason.CHANGED_WHILE_READ, Reason.NOT_STORED}
        return self in {*passing, Reason.WORKER_LOST}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document that was not taken: the quarantine entry."""

    key: str
    reason: Reason
    detail: str
    content_sha256: str | None = None


class ElementKind(StrEnum):
    """What an element is, as far as the pipeline cares."""

    HEADING = "heading"
    TEXT = "text"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CODE = "code"
    MAIL_HEADER = "mail_header"


@dataclass(frozen=True, slots=True)
class Element:
    """One element as the parser yields it, before cleaning."""

    kind: ElementKind
    text: str
    level: int = 0
    """Heading depth, 1 for the topmost; 0 for everything that is no heading."""
    page: int | None = None
    """Page, slide or sheet number, from 1; none where the format has no pages."""
    page_breaks: tuple[tuple[int, int], ...] = ()
    """Where in `text`, about, it goes on on another page, and the number of that."""


@dataclass(frozen=True, slots=True)
class Part:
    """A document inside a document: an attachment, or a member of an archive."""

    name: str
    """Its place inside, with `/` separators; its key is `<key of the container>!/<name>`."""
    data: bytes = b""
    refusal: Refusal | None = None
    """Why it cannot be taken, with its whole key; there is no `data` then."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Text that was set apart instead of being read, and why."""

    reason: str
    """Such as `css_hidden`, `white_on_white`, `render_mode_3`, `boilerplate`, `repeated_header`."""
    characters: int
    sample: str
    """The beginning of the text, for people who look into it; never evidence."""
    page: int | None = None
    at: int | None = None
    """Where in the cleaned text it stood, if that is known."""


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What the parser read from one document."""

    media_type: str
    elements: tuple[Element, ...]
    title: str | None = None
    flags: tuple[str, ...] = ()
    """Document-wide findings, such as `type_mismatch` or `hidden_text_removed`."""
    parts: tuple[Part, ...] = ()
    """Documents inside this one, to be prepared on their own."""
    cuts: tuple[Cut, ...] = ()
    scores: tuple[tuple[str, float], ...] = ()
    """Measures of quality by name, such as `("ocr_confidence", 0.93)`; each in [0, 1]."""


@dataclass(frozen=True, slots=True)
class CleanElement:
    """An element with its exact place in the cleaned text: `text[start:end]`."""

    kind: ElementKind
    start: int
    end: int
    level: int = 0
    page: int | None = None
    page_breaks: tuple[tuple[int, int], ...] = ()
    """Where in the cleaned text it goes on on another page, and the number of that."""


@dataclass(frozen=True, slots=True)
class CleanText:
    """The cleaned text of a version; its elements do not overlap and are in order."""

    text: str
    elements: tuple[CleanElement, ...]
    removed: tuple[tuple[str, int], ...] = ()
    """Trace of the cleaning: (what, how many characters), such as `("zero_width", 12)`."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a version's cleaned text: `text == cleaned_text[start:end]`."""

    ordinal: int
    start: int
    end: int
    text: str
    headings: tuple[str, ...] = ()
    """Heading path, outermost first."""
    page: int | None = None
    """The first page of it; see `page_breaks`."""
    page_breaks: tuple[tuple[int, int], ...] = ()
    """Where in `text` another page begins, and its number; slides and sheets are pages, too."""
    tokens: int = 0
    """Length of `embedding_text` in the encoder's tokens, special tokens included."""
    embedding_text: str = ""
    """What the encoder sees: the heading path (as far as it fits) and the chunk."""
    table_head: str = ""
    """Header row of the table that the chunk goes on with; empty where the text itself shows it."""
    flags: tuple[str, ...] = ()
    injection_score: float = 0.0
    """How much it reads like an instruction to a model, in [0, 1]; from 0.5 on it is flagged."""
    language: str = ""
    """ISO 639-1 code, `und` where it cannot be told."""


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document ready to be embedded: parsed, cleaned and chunked."""

    media_type: str
    text: str
    chunks: tuple[Chunk, ...]
    title: str | None = None
    flags: tuple[str, ...] = ()
    removed: tuple[tuple[str, int], ...] = ()
    elements: tuple[CleanElement, ...] = ()
    """What the chunks were cut along; with them the text can be cut again, without parsing."""
    parts: tuple[Part, ...] = ()
    """Documents inside this one, to be prepared on their own."""
    cuts: tuple[Cut, ...] = ()
    scores: tuple[tuple[str, float], ...] = ()
    """Measures of quality by name; each in [0, 1]."""
    language: str = ""
    """ISO 639-1 code of the language most of it is in, `und` where it cannot be told."""

    @property
    def text_sha256(self) -> str:
        """Hash of the cleaned text."""
        return sha256_of(self.text)

    @property
    def chunks_sha256(self) -> str:
        """Hash of everything that shapes points, so that an equal hash means equal points."""
        parts = (
            (c.ordinal, c.start, c.end, c.page, c.page_breaks, c.headings, c.embedding_text,
             c.flags, c.injection_score, c.language)
            for c in self.chunks
        )  # fmt: skip
        return sha256_of(repr((self.text, self.title, self.flags, tuple(parts))))
