"""Small documents of every kind, built on the spot, and a shorthand to read them."""

import io
import zipfile

import pytest

from ingestion.document import ParsedDocument, Refusal
from ingestion.parsing.partition import partition


@pytest.fixture(scope="session")
def parse():
    """Parse bytes or text and insist that it was read."""

    def parse_ok(data, key):
        result = partition(data.encode() if isinstance(data, str) else data, key)
        assert isinstance(result, ParsedDocument), result
        assert any(element.text.strip() for element in result.elements)
        return result

    return parse_ok


@pytest.fixture(scope="session")
def refuse():
    """Parse bytes or text and insist that it was refused with a readable sentence."""

    def parse_refused(data, key):
        result = partition(data.encode() if isinstance(data, str) else data, key)
        assert isinstance(result, Refusal), result
        assert result.key == key
        assert result.detail
        assert "\n" not in result.detail
        return result

    return parse_refused


@pytest.fixture(scope="session")
def kinds():
    """(kind, level, text, page) of every element."""

    def listed(document):
        return [(e.kind.value, e.level, e.text, e.page) for e in document.elements]

    return listed


@pytest.fixture(scope="session")
def saved():
    """Bytes of anything with a `save(file)`."""

    def to_bytes(document):
        buffer = io.BytesIO()
        document.save(buffer)
        return buffer.getvalue()

    return to_bytes


@pytest.fixture(scope="session")
def zipped():
    """A ZIP archive from a mapping of names to contents."""

    def to_zip(parts, compression=zipfile.ZIP_DEFLATED):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return buffer.getvalue()

    return to_zip


@pytest.fixture(scope="session")
def make_pdf():
    """A PDF whose pages are drawn by the given functions of a reportlab canvas."""

    def draw(*pages, **options):
        from reportlab.pdfgen.canvas import Canvas

        buffer = io.BytesIO()
        canvas = Canvas(buffer, pagesize=(595, 842), **options)
        for page in pages:
            page(canvas)
            canvas.showPage()
        canvas.save()
        return buffer.getvalue()

    return draw
