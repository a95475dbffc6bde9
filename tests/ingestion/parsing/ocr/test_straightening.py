"""Scans that lie askew: by how much, and what is not taken for it."""

import pytest
from PIL import Image, ImageDraw, ImageFont

from ingestion.parsing.ocr.straightening import straightened, tilt


def page(lines=8, size=(900, 700)):
    picture = Image.new("L", size, 240)
    draw = ImageDraw.Draw(picture)
    for row in range(lines):
        text = "The works council met again in spring"
        draw.text((90, 80 + 60 * row), text, font=ImageFont.load_default(size=26), fill=20)
    return picture


@pytest.mark.parametrize("degrees", [-5.0, -1.0, 0.0, 0.5, 3.0])
def test_the_tilt_of_lines_is_measured_and_undone(degrees):
    askew = page().rotate(degrees, Image.Resampling.BICUBIC, fillcolor=240)
    assert tilt(askew) == pytest.approx(-degrees, abs=0.15)
    assert tilt(straightened(askew)) == 0


def test_nothing_of_a_page_is_cut_off_and_its_new_corners_are_paper():
    askew = page().rotate(3, Image.Resampling.BICUBIC, fillcolor=240)
    level = straightened(askew)
    assert level.width > askew.width
    assert level.height > askew.height
    assert level.getpixel((0, 0)) == 240


@pytest.mark.parametrize("lines", [0, 2])
def test_long_strokes_are_no_lines_of_print(lines):
    picture = page(lines)
    ImageDraw.Draw(picture).line((50, 650, 850, 600), fill=0, width=9)
    assert straightened(picture) is picture


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1)])
def test_a_picture_of_no_lines_is_left_alone(size):
    assert tilt(Image.new("L", size, 0)) == 0
