"""One document from bytes to elements; whatever goes wrong becomes a typed refusal.

Runs in a parser child (see `pool.py`): only there are time, memory and the network bounded.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from ingestion.document import ParsedDocument, Reason, Refusal
from ingestion.parsing.decoding import ENCODING_GUESSED, guessed_weakly, reset_guesses
from ingestion.parsing.embedded import with_embedded
from ingestion.parsing.formats import ARCHIVES, PICTURES, Detected, Format, detect
from ingestion.parsing.sentences import install_local_sentences
from ingestion.reading import ReadingSpec

_PACKAGES = (Format.DOCX, Format.PPTX, Format.XLSX)
TYPE_MISMATCH = "type_mismatch"
_PATHS = re.compile(r"(?<![\w.])(?:[A-Za-z]:)?[/\\][^\s'\",;:()]+")
MAX_DETAIL_CHARS = 300
_DEFAULT_READING = ReadingSpec()
_prepared = False


def preload() -> None:
    """Import and warm up every parser, so that a forked child starts ready."""
    global _prepared  # noqa: PLW0603 - process-wide by nature: it changes `unstructured`
    if _prepared:
        return
    install_local_sentences()
    import charset_normalizer  # noqa: F401
    import docx  # noqa: F401
    import filetype  # noqa: F401
    import openpyxl  # noqa: F401
    import pptx  # noqa: F401
    import pypdfium2  # noqa: F401
    import unstructured.partition.docx
    import unstructured.partition.pptx  # noqa: F401

    _prepared = True
    partition(b"# Warm\n\nUp the *parsers*.\n\n- now\n", "warm.md")
    partition(b"Warm up.\n\nThe text parser, too.\n", "warm.txt")


def partition(
    data: bytes, key: str, reading: ReadingSpec = _DEFAULT_READING
) -> ParsedDocument | Refusal:
    """Parse one document.

    Args:
        data: Its raw bytes.
        key: Its key in the source; the extension takes part in deciding the type.
        reading: How pictures are read, and from where on text is of low quality.

    Returns:
        The document with at least one element with text, or why it was refused.
    """
    detected = detect(data, key)
    if isinstance(detected, Refusal):
        return detected
    if not _prepared:
        install_local_sentences()
    reset_guesses()
    try:
        parsed = _parse(detected.format, data, key, reading)
        if detected.format in _PACKAGES and not isinstance(parsed, Refusal):
            parsed = with_embedded(parsed, data, key)
    except MemoryError:
        raise
    except RecursionError:
        return Refusal(key, Reason.PARSER_ERROR, "The document is nested too deeply to be read.")
    except Exception as error:  # noqa: BLE001 - parsers raise anything; the document is refused
        return _refused(error, detected.format, key)
    if isinstance(parsed, Refusal):
        return parsed
    return _finished(parsed, detected, key)


def _parse(
    format_: Format, data: bytes, key: str, reading: ReadingSpec
) -> ParsedDocument | Refusal:
    from ingestion.parsing import markdown, markup, structured

    simple: dict[Format, Callable[[bytes], ParsedDocument]] = {
        Format.MARKDOWN: markdown.parse_markdown,
        Format.HTML: markup.parse_html,
        Format.TEXT: markup.parse_text,
        Format.JSON: structured.parse_json,
        Format.JSON_LINES: structured.parse_json_lines,
        Format.XML: structured.parse_xml,
    }
    if format_ in simple:
        return simple[format_](data)
    if format_ in ARCHIVES:
        from ingestion.parsing.archives import parse_archive

        return parse_archive(data, key, format_)
    if format_ is Format.PDF:
        from ingestion.parsing.pdf.document import parse_pdf

        return parse_pdf(data, key, reading)
    if format_ in PICTURES:
        from ingestion.parsing.ocr.picture import parse_picture

        return parse_picture(data, key, format_, reading.ocr)
    return _parse_office(format_, data, key)


def _parse_office(format_: Format, data: bytes, key: str) -> ParsedDocument | Refusal:
    """Formats whose parsers are imported only when one comes along."""
    from ingestion.parsing import (
        books,
        calendars,
        converting,
        legacy_workbooks,
        mail,
        markup,
        notebooks,
        office,
        opendocument,
        outlook,
        rtf,
        sheets,
        slides,
        tnef,
        workbooks,
    )

    parsers: dict[Format, Callable[[], ParsedDocument | Refusal]] = {
        Format.DOCX: lambda: office.parse_docx(data),
        Format.PPTX: lambda: slides.parse_pptx(data),
        Format.XLSX: lambda: workbooks.parse_xlsx(data),
        Format.XLS: lambda: legacy_workbooks.parse_xls(data, key),
        Format.DOC: lambda: converting.parse_doc(data, key),
        Format.PPT: lambda: converting.parse_ppt(data, key),
        Format.CSV: lambda: sheets.parse_csv(data),
        Format.TSV: lambda: sheets.parse_tsv(data),
        Format.EPUB: lambda: books.parse_epub(data, key),
        Format.RTF: lambda: rtf.parse_rtf(data),
        Format.NOTEBOOK: lambda: notebooks.parse_notebook(data),
        Format.MAIL: lambda: mail.parse_mail(data, key),
        Format.MBOX: lambda: mail.parse_mbox(data, key),
        Format.MSG: lambda: outlook.parse_msg(data, key),
        Format.TNEF: lambda: tnef.parse_tnef(data, key),
        Format.CALENDAR: lambda: calendars.parse_calendar(data),
    }
    if format_ in parsers:
        return parsers[format_]()
    if format_ in (Format.ODT, Format.ODS, Format.ODP):
        return opendocument.parse_odf(data, format_)
    return markup.parse_with_pandoc(data, format_)


def _finished(parsed: ParsedDocument, detected: Detected, key: str) -> ParsedDocument | Refusal:
    if not any(element.text.strip() for element in parsed.elements):
        return Refusal(
            key,
            Reason.NO_TEXT,
            f"The document ({detected.format.value}) was read but holds no visible text.",
        )
    flags = set(parsed.flags) | ({TYPE_MISMATCH} if detected.mismatch else set())
    if guessed_weakly():
        flags.add(ENCODING_GUESSED)
    return replace(parsed, media_type=detected.format.value, flags=tuple(sorted(flags)))


def _refused(error: Exception, format_: Format, key: str) -> Refusal:
    from ingestion.parsing.calendars import NotACalendarError
    from ingestion.parsing.notebooks import NotANotebookError
    from ingestion.parsing.sheets import TooManyCellsError
    from ingestion.parsing.xml_safe import UnsafeInputError

    if isinstance(error, TooManyCellsError):
        return Refusal(key, Reason.TOO_LARGE, str(error))
    if isinstance(error, UnsafeInputError):
        return Refusal(key, error.reason, str(error))
    if isinstance(error, NotANotebookError):
        return Refusal(key, Reason.CORRUPT, f"The file is no notebook: {error}.")
    if isinstance(error, NotACalendarError):
        return Refusal(key, Reason.CORRUPT, f"The file is no calendar: {error}.")
    detail = f"{type(error).__name__}: {one_line(str(error))}"
    if _is_damage(error):
        return Refusal(key, Reason.CORRUPT, f"The document is damaged ({detail}).")
    return Refusal(key, Reason.PARSER_ERROR, f"The parser for {format_.value} failed ({detail}).")


def _is_damage(error: Exception) -> bool:
    """Errors by which the readers of containers and XML report damaged input."""
    names = {type_.__name__ for type_ in type(error).__mro__}
    return bool(
        names
        & {
            "BadZipFile",
            "XMLSyntaxError",
            "ParseError",
            "PackageNotFoundError",
            "InvalidFileException",
            "PdfiumError",
            "KeyError",
            "CompDocError",
            "XLRDError",
            "OleFileError",
            "EOFError",
            "error",
        }
    )


def one_line(message: str) -> str:
    """An error message on one line, without paths of this machine, cut to a readable length."""
    text = _PATHS.sub("<path>", " ".join(message.split()))
    return text if len(text) <= MAX_DETAIL_CHARS else text[: MAX_DETAIL_CHARS - 1] + "…"
