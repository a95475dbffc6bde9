"""Pictures: recognised by Tesseract where it is installed, refused with what to do otherwise."""

import io
import shutil

import pytest

from config.recognition import OcrMode
from ingestion.document import ParsedDocument, Reason, Refusal
from ingestion.parsing.ocr import tesseract
from ingestion.parsing.partition import partition
from ingestion.reading import OcrSpec, ReadingSpec

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="tesseract is not installed"
)
LINES = ("Quarterly maintenance report", "The pump in hall three was replaced",
         "on the fourth of March and tested twice.", "No further leaks were found.")  # fmt: skip


def drawn(*lines, size=(1700, 900), turn=0):
    """A picture of printed lines."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("L", size, 255)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=52)
    for index, line in enumerate(lines):
        draw.text((120, 110 + 110 * index), line, font=font, fill=0)
    return picture.rotate(turn, expand=True)


def saved(picture, name, **options):
    buffer = io.BytesIO()
    picture.save(buffer, name, **options)
    return buffer.getvalue()


def words(document):
    return " ".join(element.text for element in document.elements)


@needs_tesseract
@pytest.mark.parametrize(
    ("name", "key", "media_type"),
    [
        ("PNG", "a.png", "image/png"),
        ("JPEG", "a.jpg", "image/jpeg"),
        ("TIFF", "a.tiff", "image/tiff"),
        ("WEBP", "a.webp", "image/webp"),
        ("BMP", "a.bmp", "image/bmp"),
    ],
)
def test_every_format_is_recognised(name, key, media_type):
    document = partition(saved(drawn(*LINES), name), key)
    assert isinstance(document, ParsedDocument)
    assert document.media_type == media_type
    assert "pump in hall three was replaced on the fourth of March" in words(document)
    assert dict(document.scores)["ocr_confidence"] > 0.8
    assert document.flags == ("text_recognised",)


@needs_tesseract
@pytest.mark.parametrize(
    "turn",
    [
        180,
        pytest.param(90, marks=pytest.mark.thorough),
        pytest.param(270, marks=pytest.mark.thorough),
    ],
)
def test_a_picture_that_lies_on_its_side_is_turned(turn):
    many = [*LINES, *(f"Line {n}: {LINES[1].lower()}" for n in range(8))]
    document = partition(saved(drawn(*many, size=(1700, 1600), turn=turn), "PNG"), "a.png")
    assert isinstance(document, ParsedDocument)
    assert "Quarterly maintenance report" in words(document)
    assert dict(document.scores)["ocr_confidence"] > 0.8


@needs_tesseract
@pytest.mark.thorough
def test_the_way_a_scan_lies_is_found_out_once(monkeypatch):
    asked = []
    run = tesseract.Tesseract.run

    def counted(self, picture, segmentation, *rest):
        asked.append(segmentation)
        return run(self, picture, segmentation, *rest)

    monkeypatch.setattr(tesseract.Tesseract, "run", counted)
    many = [*LINES, *(f"Line {n}: {LINES[1].lower()}" for n in range(8))]
    page = drawn(*many, size=(1700, 1600), turn=180)
    data = saved(page, "TIFF", save_all=True, append_images=[page, page])
    document = partition(data, "a.tif")
    assert isinstance(document, ParsedDocument)
    assert words(document).count("No further leaks were found") == 3
    assert asked.count(tesseract.Segmentation.ORIENTATION) == 1
    assert len(asked) == 5


@needs_tesseract
def test_the_rows_of_a_table_that_was_scanned_askew_stay_rows():
    from PIL import Image, ImageDraw, ImageFont

    rows = [["Part", "Number", "Price"], ["Bolt", "BX-10", "12.50"], ["Washer", "WX-30", "70.20"],
            ["Pump", "PX-77", "145.00"]]  # fmt: skip
    picture = Image.new("L", (1700, 900), 255)
    draw = ImageDraw.Draw(picture)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            place = (150 + 480 * column, 150 + 90 * row)
            draw.text(place, cell, font=ImageFont.load_default(size=52), fill=0)
    askew = picture.rotate(3, Image.Resampling.BICUBIC, fillcolor=255)
    document = partition(saved(askew, "PNG"), "a.png")
    assert isinstance(document, ParsedDocument)
    assert words(document) == "\n".join(" | ".join(cells) for cells in rows)


@needs_tesseract
def test_transparent_ground_counts_as_white():
    from PIL import Image

    clear = Image.new("RGBA", (1700, 900), (0, 0, 0, 0))
    clear.putalpha(drawn(*LINES).point(lambda value: 255 - value))
    document = partition(saved(clear, "PNG"), "a.png")
    assert isinstance(document, ParsedDocument)
    assert "No further leaks" in words(document)


@needs_tesseract
@pytest.mark.parametrize(("kind", "times"), [("uint16", 257), ("uint16", 16), ("int32", 1)])
def test_pictures_of_many_grey_values_are_not_cut_off(kind, times):
    import numpy as np
    from PIL import Image

    deep = Image.fromarray(np.asarray(drawn(*LINES)).astype(kind) * np.array(times, kind))
    document = partition(saved(deep, "TIFF"), "a.tiff")
    assert isinstance(document, ParsedDocument)
    assert "No further leaks" in words(document)


@needs_tesseract
def test_pictures_in_the_colour_space_lab_are_read():
    from PIL import Image

    flat = Image.new("L", (1700, 900), 128)
    picture = Image.merge("LAB", (drawn(*LINES), flat, flat))
    document = partition(saved(picture, "TIFF"), "a.tiff")
    assert isinstance(document, ParsedDocument)
    assert "No further leaks" in words(document)


@needs_tesseract
def test_the_pages_of_a_tiff_keep_their_numbers():
    from PIL.TiffImagePlugin import AppendingTiffWriter

    first, third = drawn("First page of the file"), drawn("Third page of the file")
    buffer = io.BytesIO()
    with AppendingTiffWriter(buffer, new=True) as file:
        for picture, kind in (
            (first.resize((425, 225)), 1), (first, 0), (drawn(), 2), (third, 2), (third, 3)
        ):  # fmt: skip
            picture.save(file, "TIFF", tiffinfo={254: kind})  # the odd ones are smaller copies
            file.newFrame()
    document = partition(buffer.getvalue(), "a.tif")
    assert isinstance(document, ParsedDocument)
    assert [element.page for element in document.elements] == [1, 3]
    assert document.flags == ("pages_without_text", "text_recognised")


@needs_tesseract
def test_a_long_picture_is_not_made_so_small_that_nobody_can_read_it():
    from PIL import Image, ImageDraw, ImageFont

    receipt = Image.new("L", (260, 16_000), 255)
    text = "Four new pumps\nEleven valves\nOne motor"
    ImageDraw.Draw(receipt).text((20, 90), text, font=ImageFont.load_default(size=18), fill=0)
    document = partition(saved(receipt, "PNG"), "a.png")
    assert isinstance(document, ParsedDocument)
    assert words(document).split() == text.split()


@needs_tesseract
def test_an_empty_picture_has_no_text():
    refusal = partition(saved(drawn(), "PNG"), "a.png")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.NO_TEXT


@pytest.fixture
def without_tesseract(monkeypatch):
    tesseract._found.cache_clear()
    monkeypatch.setenv("PATH", "/nonexistent")
    yield
    tesseract._found.cache_clear()


@pytest.mark.usefixtures("without_tesseract")
def test_without_tesseract_the_refusal_says_what_to_install():
    refusal = partition(saved(drawn(*LINES), "PNG"), "a.png")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.NEEDS_OCR
    assert "tesseract-ocr" in refusal.detail


@needs_tesseract
def test_a_missing_language_is_named():
    reading = ReadingSpec(ocr=OcrSpec(languages=("eng", "xyz")))
    refusal = partition(saved(drawn(*LINES), "PNG"), "a.png", reading)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.NEEDS_OCR
    assert "tesseract-ocr-xyz" in refusal.detail


def test_switched_off_nothing_is_recognised():
    reading = ReadingSpec(ocr=OcrSpec(mode=OcrMode.OFF))
    refusal = partition(saved(drawn(*LINES), "PNG"), "a.png", reading)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, "ocr.mode" in refusal.detail) == (Reason.NEEDS_OCR, True)


@needs_tesseract
@pytest.mark.parametrize(
    ("spec", "option"),
    [
        (OcrSpec(max_megapixels=1.0), "ocr.max_megapixels"),
        (OcrSpec(max_pages=1), "ocr.max_pages"),
    ],
)
def test_limits_refuse_before_anything_is_unpacked(spec, option, monkeypatch):
    from PIL import Image

    def unpacked(self):
        pytest.fail("the picture was unpacked")

    pages = [drawn("One"), drawn("Two")]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    monkeypatch.setattr(Image.Image, "tobytes", unpacked)
    refusal = partition(data, "a.tif", ReadingSpec(ocr=spec))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.TOO_LARGE
    assert option in refusal.detail


@needs_tesseract
def test_pictures_up_to_the_limit_of_the_settings_are_read_whatever_pillow_thinks(monkeypatch):
    from PIL import Image

    picture = saved(drawn(*LINES), "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    document = partition(picture, "a.png")
    assert isinstance(document, ParsedDocument)
    refusal = partition(picture, "a.png", ReadingSpec(ocr=OcrSpec(max_megapixels=0.001)))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.TOO_LARGE
    assert "ocr.max_megapixels = 0.001" in refusal.detail


@needs_tesseract
@pytest.mark.thorough
def test_a_flood_of_pixels_is_refused():
    from PIL import Image

    flood = saved(Image.new("1", (60_000, 60_000), 1), "PNG")
    refusal = partition(flood, "a.png")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.TOO_LARGE


@needs_tesseract
@pytest.mark.parametrize("key", ["a.png", "a.jpg", "a.webp", "a.tif"])
def test_a_damaged_picture_is_corrupt(key):
    name = {"a.png": "PNG", "a.jpg": "JPEG", "a.webp": "WEBP", "a.tif": "TIFF"}[key]
    data = saved(drawn(*LINES), name)
    refusal = partition(data[: len(data) // 3], key)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.CORRUPT
