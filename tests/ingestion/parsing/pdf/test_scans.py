"""Mixed PDFs: text layers where they are good, recognition page by page where they are not."""

import io
import os
import shutil

import pytest

from config.recognition import OcrMode
from ingestion.document import Reason, Refusal
from ingestion.parsing.ocr import tesseract
from ingestion.parsing.partition import partition
from ingestion.reading import OcrSpec, ReadingSpec

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="tesseract is not installed"
)
OFF = ReadingSpec(ocr=OcrSpec(mode=OcrMode.OFF))
PROSE = (
    "The committee met on the second of June and",
    "agreed to buy three new pumps for the works.",
    "The old ones are kept as a reserve until the",
    "end of the year and are then sold or scrapped.",
)


def typed(canvas):
    canvas.setFont("Helvetica", 12)
    for index, line in enumerate(PROSE):
        canvas.drawString(72, 700 - 16 * index, line)


def scanned(canvas, lines=PROSE, turn=0):
    """Draws a picture of a page over the whole page."""
    from PIL import Image, ImageDraw, ImageFont
    from reportlab.lib.utils import ImageReader

    picture = Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=38)
    for index, line in enumerate(lines):
        draw.text((150, 200 + 60 * index), line.replace("pumps", "valves"), font=font, fill=0)
    canvas.drawImage(ImageReader(picture.rotate(turn)), 0, 0, 595, 842)


def layered(text):
    def page(canvas):
        scanned(canvas)
        layer = canvas.beginText(72, 740)
        layer.setTextRenderMode(3)
        layer.setFont("Helvetica", 17)
        layer.setLeading(28)
        for line in text:
            layer.textLine(line)
        canvas.saveState()
        canvas.drawText(layer)
        canvas.restoreState()

    return page


def words(document):
    return " ".join(element.text for element in document.elements)


@needs_tesseract
def test_a_scan_among_typed_pages_is_recognised(parse, make_pdf):
    document = parse(make_pdf(typed, scanned), "a.pdf")
    by_page = {n: " ".join(e.text for e in document.elements if e.page == n) for n in (1, 2)}
    assert "three new pumps" in by_page[1]
    assert "three new valves" in by_page[2]
    assert document.flags == ("text_recognised",)
    assert dict(document.scores)["ocr_confidence"] > 0.8


@needs_tesseract
def test_a_scan_with_a_stamp_in_type_is_still_a_scan(parse, make_pdf):
    def page(canvas):
        scanned(canvas)
        canvas.drawString(72, 30, "Received 4 June")
        canvas.setFont("Helvetica", 5)
        canvas.setFillGray(0.75)
        canvas.rotate(90)
        canvas.drawString(300, -20, "No. 77-4711-QX")

    document = parse(make_pdf(page), "a.pdf")
    assert "three new valves" in words(document)
    assert words(document).count("Received 4 June") == 1
    assert document.elements[-1].text == "No. 77-4711-QX"  # too pale to be recognised, but known


@needs_tesseract
def test_a_garbled_layer_is_recognised_instead(parse, make_pdf):
    shifted = ["".join(chr(ord(c) + 3) if c.isalpha() else c for c in line) for line in PROSE]
    document = parse(make_pdf(layered(shifted)), "a.pdf")
    assert "three new valves" in words(document)
    assert document.flags == ("text_recognised",)
    legible = parse(make_pdf(layered(PROSE)), "a.pdf")
    assert legible.flags == ("ocr_text_layer",)


def test_the_layer_of_a_scan_is_its_text(make_pdf):
    document = partition(make_pdf(layered(PROSE)), "a.pdf", OFF)
    assert "three new pumps" in words(document)
    assert document.flags == ("ocr_text_layer",)


def upright(canvas):
    canvas.drawString(350, 60, "PAID 4711.50")


def along_the_edge(canvas):
    canvas.rotate(90)
    canvas.drawString(300, -20, "PAID 4711.50")


@pytest.mark.parametrize("stamp", [upright, along_the_edge])
def test_what_is_stamped_on_a_scan_after_its_layer_was_made_is_read(make_pdf, stamp):
    def page(canvas):
        layered(PROSE)(canvas)
        stamp(canvas)

    document = partition(make_pdf(page), "a.pdf", OFF)
    assert [e.text for e in document.elements] == [" ".join(PROSE), "PAID 4711.50"]
    assert document.flags == ("ocr_text_layer",)


def test_what_is_set_in_type_holds_before_the_layer_at_its_place(make_pdf):
    def page(canvas):
        layered(PROSE)(canvas)
        canvas.setFont("Helvetica", 17)
        canvas.setFillGray(1)
        canvas.rect(72, 708, 60, 20, stroke=0, fill=1)
        canvas.setFillGray(0)
        canvas.drawString(72, 712, "decided")

    document = partition(make_pdf(page), "a.pdf", OFF)
    assert words(document) == " ".join(PROSE).replace("agreed", "decided")


def test_the_layer_of_a_page_that_lies_on_its_side_is_read_along_its_lines(make_pdf):
    def page(canvas):
        canvas.setPageRotation(90)
        canvas.translate(595, 0)
        canvas.rotate(90)
        canvas.translate(0, 595 - 842)
        layered(PROSE)(canvas)

    document = partition(make_pdf(page), "a.pdf", OFF)
    assert words(document) == " ".join(PROSE)


def test_a_scan_with_a_layer_in_a_typed_letter_is_read_too(make_pdf):
    letter = ["We send you the minutes of the meeting as they were signed by all of us."] * 3

    def page(canvas):
        layered(PROSE)(canvas)
        for index, line in enumerate(letter):
            canvas.drawString(72, 300 - 16 * index, line)

    document = partition(make_pdf(page), "a.pdf", OFF)
    assert [e.text for e in document.elements] == [" ".join(letter), " ".join(PROSE)]
    assert document.flags == ("ocr_text_layer",)


def test_a_layer_over_blank_paper_is_hidden_text(make_pdf):
    def page(canvas):
        layered(PROSE)(canvas)
        extra = canvas.beginText(72, 100)
        extra.setTextRenderMode(3)
        extra.textOut("SECRET orders where nothing is printed")
        canvas.drawText(extra)

    document = partition(make_pdf(page), "a.pdf", OFF)
    assert "SECRET" not in words(document)
    assert "three new pumps" in words(document)
    assert document.flags == ("hidden_text_removed", "ocr_text_layer")
    assert [cut.reason for cut in document.cuts] == ["not_drawn"]


def test_without_recognition_scans_are_refused_or_flagged(make_pdf):
    refusal = partition(make_pdf(scanned), "a.pdf", OFF)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.NEEDS_OCR
    assert "1 of 1 pages" in refusal.detail
    assert partition(make_pdf(typed, scanned), "a.pdf", OFF).flags == ("pages_without_text",)


def test_a_scan_that_is_not_recognised_is_flagged_whatever_is_set_in_type_on_it(make_pdf):
    def stamped(canvas):
        scanned(canvas)
        canvas.drawString(72, 30, "Received 4 June")

    for pages in ([typed, stamped], [stamped]):
        document = partition(make_pdf(*pages), "a.pdf", OFF)
        assert "Received 4 June" in words(document)
        assert document.flags == ("pages_without_text",)


def test_without_tesseract_the_refusal_says_what_to_install(make_pdf, monkeypatch):
    tesseract._found.cache_clear()
    monkeypatch.setenv("PATH", "/nonexistent")
    refusal = partition(make_pdf(scanned), "a.pdf")
    tesseract._found.cache_clear()
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.NEEDS_OCR
    assert "tesseract-ocr" in refusal.detail


@pytest.mark.parametrize(
    ("ending", "reason", "advice"),
    [
        ("exec sleep 60", Reason.TIMEOUT, "raise that"),
        ("kill -9 $$", Reason.PARSER_ERROR, "more memory"),
    ],
)
def test_a_tesseract_that_is_there_but_fails_is_not_called_missing(
    make_pdf, tmp_path, monkeypatch, ending, reason, advice
):
    stand_in = tmp_path / "tesseract"
    stand_in.write_text(f'#!/bin/sh\n[ "$1" = --list-langs ] && echo "List:\neng" || {ending}\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    tesseract._found.cache_clear()
    reading = ReadingSpec(ocr=OcrSpec(page_timeout_seconds=0.3))
    refusal = partition(make_pdf(scanned), "a.pdf", reading)
    mixed = partition(make_pdf(typed, scanned), "a.pdf", reading)
    tesseract._found.cache_clear()
    assert isinstance(refusal, Refusal)
    assert refusal.reason is reason
    assert advice in refusal.detail
    assert mixed.flags == ("pages_without_text",)


@needs_tesseract
def test_too_many_scans_are_refused_before_any_is_recognised(make_pdf, monkeypatch):
    monkeypatch.setattr(tesseract.Tesseract, "run", lambda *_: pytest.fail("a page was recognised"))
    reading = ReadingSpec(ocr=OcrSpec(max_pages=1))
    refusal = partition(make_pdf(typed, scanned, scanned), "a.pdf", reading)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.TOO_LARGE
    assert "ocr.max_pages" in refusal.detail


@needs_tesseract
def test_a_document_out_of_time_is_refused_as_a_whole(make_pdf):
    reading = ReadingSpec(ocr=OcrSpec(budget_seconds=0.0))
    refusal = partition(make_pdf(typed, scanned), "a.pdf", reading)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.TIMEOUT
    assert "parse_timeout_seconds" in refusal.detail


@needs_tesseract
def test_a_turned_scan_is_read(parse, make_pdf):
    long = [*PROSE, *PROSE, *PROSE]
    document = parse(make_pdf(lambda c: scanned(c, long, 180)), "a.pdf")
    assert "three new valves" in words(document)


@needs_tesseract
@pytest.mark.thorough
def test_a_page_that_is_too_long_for_tesseract_is_drawn_smaller(parse, make_pdf):
    def page(canvas):
        canvas.setPageSize((150, 14_400))
        canvas.translate(0, 14_400 - 842)
        canvas.scale(0.5, 1)
        scanned(canvas, ["Four new pumps", "and one motor"])

    document = parse(make_pdf(page), "a.pdf")
    assert words(document).replace("valves", "pumps") == "Four new pumps and one motor"


def test_pages_turned_by_their_rotation_are_read_upright(parse, make_pdf):
    def turned(canvas):
        canvas.setPageRotation(90)
        canvas.translate(595, 0)
        canvas.rotate(90)
        canvas.drawString(72, 400, "First line of a turned page")
        canvas.drawString(72, 384, "and its second line.")

    document = parse(make_pdf(turned), "a.pdf")
    assert words(document) == "First line of a turned page and its second line."
    assert document.flags == ()


def test_the_same_bytes_give_the_same_document(make_pdf):
    data = io.BytesIO(make_pdf(typed, layered(PROSE))).getvalue()
    assert partition(data, "a.pdf", OFF) == partition(data, "a.pdf", OFF)
