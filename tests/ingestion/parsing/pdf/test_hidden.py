"""Text of a PDF that no reader sees: set apart with the reason, never among the elements."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.document import ParsedDocument, Refusal
from ingestion.parsing.partition import partition

CORPORA = Path(__file__).resolve().parents[5] / "shared" / "data" / "corpora"
SEEN = "Everything in this line is seen."
SECRET = "SECRET orders"


def at(canvas, text, y=500):
    canvas.drawString(72, y, text)


def render_mode_3(canvas):
    text = canvas.beginText(72, 500)
    text.setTextRenderMode(3)
    text.textOut(SECRET)
    canvas.drawText(text)


def white(canvas):
    canvas.setFillGray(1)
    at(canvas, SECRET)


def same_color(canvas):
    canvas.setFillColorRGB(0.2, 0.4, 0.6)
    canvas.rect(50, 480, 400, 60, fill=1, stroke=0)
    at(canvas, SECRET)


def tiny(canvas):
    canvas.setFont("Helvetica", 1)
    at(canvas, SECRET)


def off_page(canvas):
    canvas.drawString(-900, 500, SECRET)


def covered(canvas):
    at(canvas, SECRET)
    canvas.setFillGray(1)
    canvas.rect(50, 480, 400, 60, fill=1, stroke=0)


def covered_by_a_picture(canvas):
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    at(canvas, SECRET)
    canvas.drawImage(ImageReader(Image.radial_gradient("L")), 50, 450, 300, 100)


def transparent(canvas):
    canvas.setFillAlpha(0)
    at(canvas, SECRET)


def clipped(canvas):
    path = canvas.beginPath()
    path.rect(0, 0, 5, 5)
    canvas.clipPath(path, stroke=0)
    at(canvas, SECRET)


def inside_a_form(canvas):
    canvas.beginForm("inner")
    canvas.setFillGray(1)
    canvas.setFont("Helvetica", 11)
    at(canvas, SECRET)
    canvas.endForm()
    canvas.doForm("inner")


@pytest.mark.parametrize(
    ("hide", "reason"),
    [
        (render_mode_3, "render_mode_3"),
        (white, "white_on_white"),
        (same_color, "same_color"),
        (tiny, "tiny"),
        (off_page, "off_page"),
        (covered, "covered"),
        (covered_by_a_picture, "covered"),
        (transparent, "transparent"),
        (clipped, "not_drawn"),
        (inside_a_form, "white_on_white"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_hidden_text_becomes_a_cut(hide, reason, parse, make_pdf):
    def page(canvas):
        at(canvas, SEEN, 700)
        hide(canvas)

    document = parse(make_pdf(page), "a.pdf")
    assert [element.text for element in document.elements] == [SEEN]
    assert document.flags == ("hidden_text_removed",)
    assert [(cut.reason, cut.page) for cut in document.cuts] == [(reason, 1)]
    assert "SECRET" in document.cuts[0].sample


def layered(state):
    """A PDF with text in a layer (optional content) that is on or off."""
    content = (
        b"BT /F1 12 Tf 72 700 Td (Everything in this line is seen.) Tj ET "
        b"/OC /MC0 BDC BT /F1 12 Tf 72 500 Td (SECRET orders) Tj ET EMC"
    )
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[6 0 R]/D<</" + state + b"[6 0 R]>>>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources"
        b"<</Font<</F1 5 0 R>>/Properties<</MC0 6 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/OCG/Name(Notes)>>",
    ]
    made = io.BytesIO(b"%PDF-1.5\n")
    made.seek(0, io.SEEK_END)
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(made.tell())
        made.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = made.tell()
    made.write(b"xref\n0 7\n0000000000 65535 f \n")
    made.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    made.write(b"trailer<</Size 7/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start)
    return made.getvalue()


def test_a_layer_that_is_switched_off_is_hidden(parse):
    off, on = parse(layered(b"OFF"), "a.pdf"), parse(layered(b"ON"), "a.pdf")
    assert "SECRET" not in str(off.elements)
    assert [cut.reason for cut in off.cuts] == ["not_drawn"]
    assert "SECRET" in str(on.elements)
    assert on.cuts == ()


def test_what_only_looks_like_hiding_stays(parse, make_pdf):
    def page(canvas):
        canvas.setFillGray(0)
        canvas.rect(0, 400, 595, 300, fill=1, stroke=0)
        canvas.setFillGray(1)
        at(canvas, "White on black is seen.", 600)
        canvas.setFillColorRGB(0.3, 0, 0)
        at(canvas, "Dark red on white, too.", 300)
        canvas.setFillColorRGB(0, 0, 1)
        canvas.rect(50, 190, 300, 40, fill=1, stroke=0)
        canvas.setFillColorRGB(0.3, 0, 0)
        at(canvas, "Of equal brightness but another colour.", 205)

    document = parse(make_pdf(page), "a.pdf")
    assert len(" ".join(element.text for element in document.elements).split()) == 16
    assert document.flags == ()


def test_a_word_that_is_partly_hidden_loses_only_that_part(parse, make_pdf):
    def page(canvas):
        at(canvas, SEEN, 700)
        text = canvas.beginText(72, 500)
        text.textOut("half")
        text.setTextRenderMode(3)
        text.textOut("SECRET")
        canvas.drawText(text)

    document = parse(make_pdf(page), "a.pdf")
    assert "half" in str(document.elements)
    assert "SECRET" not in str(document.elements)


@pytest.mark.skipif(not CORPORA.exists(), reason="the shared corpora are not on this machine")
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.thorough)])
def test_every_oracle_of_the_hazard_generator_is_met(seed, tmp_path):
    generator = CORPORA / "hazards" / "gen.py"
    subprocess.run([sys.executable, generator, tmp_path, str(seed)], check=True, timeout=150,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    lines = (tmp_path / "expect.jsonl").read_text(encoding="utf-8").splitlines()
    oracles = [one for one in map(json.loads, lines) if one["path"].endswith(".pdf")]
    assert len(oracles) >= 10
    for oracle in oracles:
        result = partition((tmp_path / "files" / oracle["path"]).read_bytes(), oracle["path"])
        if oracle["expect"] == "quarantine":
            assert isinstance(result, Refusal), oracle
        elif oracle["expect"] == "flag":
            assert isinstance(result, ParsedDocument), oracle
            text = str(result.elements)
            assert all(token in text for token in oracle["visible"]), oracle
            assert not any(token in text for token in oracle["hidden"]), oracle
            assert "hidden_text_removed" in result.flags
