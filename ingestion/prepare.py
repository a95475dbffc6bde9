"""Prepares one document: bytes → elements → cleaned text → flagged chunks, or a refusal."""

from collections.abc import Mapping
from dataclasses import replace

from config.recognition import LowQuality
from ingestion import quality
from ingestion.chunking import ChunkSpec, chunk
from ingestion.cleaning import clean
from ingestion.document import (
    CleanText,
    Element,
    ElementKind,
    ParsedDocument,
    PreparedDocument,
    Reason,
    Refusal,
)
from ingestion.injection_model import load_weights
from ingestion.language import document_language
from ingestion.language import preload as preload_languages
from ingestion.marking import document_flags, mark, smuggled_cuts
from ingestion.parsing.formats import ARCHIVES, Format

LISTS_OF_NAMES = frozenset(format_.value for format_ in ARCHIVES)
"""Media types that read as the names of what is in them."""
SHEETS = frozenset({Format.CSV, Format.TSV, Format.XLSX, Format.XLS, Format.ODS})
"""Formats that are tables all over, also where a block of single cells reads as text."""
INVISIBLE_TEXT_REMOVED = "invisible_text_removed"
"""Flag of a document that held more invisible characters than legitimate text does."""

_HIDING = ("tags", "zero_width", "bidi", "variation_selector")
_TRIVIAL = 8
"""From so many hidden characters on (one byte in bits) a document is flagged."""


def preload(spec: ChunkSpec | None = None) -> None:
    """Load what every document needs, once, before the parser children are forked."""
    from ingestion.parsing.partition import preload as preload_parsers
    from ingestion.tokenizer import load_counter

    preload_parsers()
    quality.preload()
    preload_languages()
    load_weights()
    if spec is not None:
        load_counter(spec.tokenizer_file)


def prepare(data: bytes, key: str, spec: ChunkSpec) -> PreparedDocument | Refusal:
    """Parse, clean and chunk one document.

    Meant for a parser child, where time and memory are bounded; see `ingestion.parsing`.

    Args:
        data: Raw bytes of the document.
        key: Its key in the source; the extension takes part in deciding the type.
        spec: What chunks must look like.

    Returns:
        The document ready to be embedded, or why it was refused.

    Raises:
        ConfigError: The tokenizer is unreadable, or prefix and window leave no room.
    """
    # Imported late: whoever only prepares parsed documents needs no parser.
    from ingestion.parsing.partition import partition

    parsed = partition(data, key, spec.reading)
    if isinstance(parsed, Refusal):
        return parsed
    return prepare_parsed(parsed, key, spec)


def prepare_parsed(parsed: ParsedDocument, key: str, spec: ChunkSpec) -> PreparedDocument | Refusal:
    """Clean and chunk a document that is parsed already.

    Args:
        parsed: The elements of the document.
        key: Its key in the source, for the refusal.
        spec: What chunks must look like.

    Raises:
        ConfigError: The tokenizer is unreadable, or prefix and window leave no room.
    """
    cleaned = clean(parsed.elements)
    if not cleaned.text:
        return Refusal(
            key, Reason.NO_TEXT, "No visible text is left after cleaning; check what it contains."
        )
    # The title is shown with every chunk: what cannot be seen goes out of it as out of the text.
    titled = clean([Element(ElementKind.HEADING, parsed.title or "")])
    title = titled.text or None
    cuts = (*parsed.cuts, *smuggled_cuts(parsed.elements, parsed.title))
    flags = [*parsed.flags, *document_flags(title, cuts)]
    if _hides_text(dict(cleaned.removed)) or _hides_text(dict(titled.removed)):
        flags.append(INVISIBLE_TEXT_REMOVED)
    scores = _scores(parsed, cleaned)
    low = quality.judge(key, dict(scores), spec.reading.quality)
    if low is not None:
        if spec.reading.quality.below is LowQuality.QUARANTINE:
            return low
        flags.append(quality.LOW_QUALITY)
    language = document_language(cleaned.text)
    return PreparedDocument(
        media_type=parsed.media_type,
        text=cleaned.text,
        chunks=mark(chunk(cleaned, spec), cleaned, cuts, language),
        title=title,
        flags=tuple(dict.fromkeys(flags)),
        removed=cleaned.removed,
        elements=cleaned.elements,
        parts=parsed.parts,
        cuts=cuts,
        scores=scores,
        language=language,
    )


def _scores(parsed: ParsedDocument, cleaned: CleanText) -> tuple[tuple[str, float], ...]:
    if parsed.media_type in LISTS_OF_NAMES:
        return parsed.scores  # names need not be words
    legibility = quality.legibility(_measured(parsed.media_type, cleaned))
    if legibility is None:
        return parsed.scores
    return (*parsed.scores, (quality.LEGIBILITY, legibility))


def _measured(media_type: str, cleaned: CleanText) -> str:
    """The text whose legibility counts: not codes in tables, names of people and attachments."""
    kinds = {ElementKind.TABLE, ElementKind.MAIL_HEADER}
    apart = [e for e in cleaned.elements if media_type in SHEETS or e.kind in kinds]
    if not apart:
        return cleaned.text
    pieces, at = [], 0
    for element in apart:
        pieces.append(cleaned.text[at : element.start])
        if element.kind is not ElementKind.MAIL_HEADER:
            span = cleaned.text[element.start : element.end]
            pieces.append(quality.without_identifiers(span))
        at = element.end
    return "\n".join((*pieces, cleaned.text[at:]))


def cut_again(document: PreparedDocument, spec: ChunkSpec) -> PreparedDocument:
    """Cut the text of a document into other chunks; nothing is parsed.

    Args:
        document: What was read earlier; its chunks, if it has any, do not matter.
        spec: What chunks must look like.

    Raises:
        ConfigError: The tokenizer is unreadable, or prefix and window leave no room.
    """
    cleaned = CleanText(document.text, document.elements, document.removed)
    language = document.language or document_language(document.text)
    chunks = mark(chunk(cleaned, spec), cleaned, document.cuts, language)
    return replace(document, chunks=chunks, language=language)


def _hides_text(removed: Mapping[str, int]) -> bool:
    # An override turns the reading order around: no ordinary text needs even one.
    hidden = sum(removed.get(what, 0) for what in _HIDING)
    return hidden >= _TRIVIAL or removed.get("bidi_override", 0) > 0
