"""Tesseract as a command: bounded in time, and its answers read without trust."""

import dataclasses
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.parsing.ocr.answer import read_rotation, read_words
from ingestion.parsing.ocr.recognition import BudgetExceededError, Recogniser
from ingestion.parsing.ocr.tesseract import (
    RecognitionError,
    RecognitionTimeoutError,
    Segmentation,
    Tesseract,
)
from ingestion.reading import OcrSpec

HEAD = "level\tpage\tblock\tpar\tline\tword\tleft\ttop\twidth\theight\tconf\ttext\n"
LINE = "4\t1\t1\t1\t1\t0\t100\t200\t400\t40\t-1\t\n"


def word(text, left=100, conf=90.0, top=205, height=30):
    return f"5\t1\t1\t1\t1\t1\t{left}\t{top}\t80\t{height}\t{conf}\t{text}\n"


def command(tmp_path, script):
    """A stand-in for the command."""
    path = tmp_path / "tesseract"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return Tesseract(str(path), ("eng",), finds_orientation=False)


def grey(value=0):
    from PIL import Image

    picture = Image.new("L", (200, 100), 255)
    picture.putpixel((5, 5), value)
    return picture


def test_words_get_the_place_of_their_line_in_points():
    found = read_words(HEAD + LINE + word("Hello") + word("there", left=200), 0.24)
    assert [w.text for w in found.words] == ["Hello", "there"]
    first = found.words[0]
    assert (first.x0, first.top, first.bottom, first.size) == pytest.approx((24, 48, 57.6, 9.6))
    assert found.confidence == pytest.approx(0.9)


def test_confidence_is_weighed_by_characters_and_dirt_is_left_out():
    found = read_words(
        HEAD + LINE + word("aaa", conf=50) + word("b", conf=90) + word("~", conf=3), 1
    )
    assert found.confidence == pytest.approx(0.6)
    assert found.characters == 4


def test_letters_without_ascenders_do_not_make_another_size():
    tall, low = LINE, LINE.replace("\t40\t-1", "\t30\t-1")
    large = LINE.replace("\t40\t-1", "\t90\t-1")
    found = read_words(HEAD + tall + word("Hat") + tall + word("Fit") + low + word("sea")
                       + large + word("Title"), 1.0)  # fmt: skip
    assert [w.size for w in found.words] == [40, 40, 40, 90]


@given(st.text(max_size=300))
def test_any_answer_is_read_without_an_exception_but_for_numbers(answer):
    found = read_words(HEAD + answer.replace("\t", " "), 1.0)
    assert found.words == ()


def test_rotation_is_taken_only_when_sure():
    assert read_rotation("Rotate: 270\nOrientation confidence: 5.2\n") == 270
    assert read_rotation("Rotate: 270\nOrientation confidence: 0.2\n") == 0
    assert read_rotation("nothing") == 0


def test_a_hanging_command_is_ended(tmp_path):
    hanging = command(tmp_path, "exec sleep 60")
    with pytest.raises(RecognitionTimeoutError, match="took longer"):
        hanging.run(b"", Segmentation.PAGE, 300, 0.2)


def test_what_a_failing_command_says_is_passed_on(tmp_path):
    failing = command(tmp_path, "echo 'no such model' >&2; exit 3")
    with pytest.raises(RecognitionError, match="no such model"):
        failing.run(b"", Segmentation.PAGE, 300, 5)


def test_it_runs_on_one_thread_whatever_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "8")
    printing = command(tmp_path, 'cat > /dev/null; echo "$OMP_THREAD_LIMIT"; echo "$@"')
    threads, arguments = printing.run(b"x", Segmentation.PAGE, 300, 5).strip().split("\n")
    assert threads == "1"
    assert arguments == "stdin stdout -l eng --psm 3 --dpi 300 tsv"


def test_an_empty_page_costs_no_call(tmp_path):
    never = command(tmp_path, "exit 9")
    assert Recogniser(never, OcrSpec()).recognise(grey(255), 1.0).words == ()


def test_a_picture_that_outlasts_the_time_of_the_document_ends_the_document(tmp_path):
    hanging = command(tmp_path, "exec sleep 60")
    picture = grey()
    picture.save(tmp_path / "a.ppm")  # its first use loads much, which is not what is waited for
    with pytest.raises(BudgetExceededError, match="parse_timeout_seconds"):
        Recogniser(hanging, OcrSpec(budget_seconds=0.3)).recognise(picture, 1.0)


def test_all_tries_of_a_page_together_have_its_time(tmp_path):
    answer = (HEAD + LINE + word("unsure", conf=30)).replace("\t", "\\t")
    doubtful = command(
        tmp_path,
        "cat > /dev/null; sleep 0.3; case $4 in osd) echo 'Rotate: 90';"
        f" echo 'Orientation confidence: 9';; *) printf '{answer}';; esac",
    )
    turning = dataclasses.replace(doubtful, finds_orientation=True)
    with pytest.raises(RecognitionTimeoutError, match=r"ocr\.page_timeout_seconds = 0\.5"):
        Recogniser(turning, OcrSpec(page_timeout_seconds=0.5)).recognise(grey(), 1.0)


def test_the_height_of_a_page_is_that_of_the_picture_as_it_was_turned(tmp_path):
    answer = (HEAD + LINE + word("Long enough to be sure of it")).replace("\t", "\\t")
    answering = command(tmp_path, f"cat > /dev/null; printf '{answer}'")
    found = Recogniser(answering, OcrSpec(), turned=90).recognise(grey(), 0.5)
    assert found.height == 0.5 * grey().width


def test_a_document_beyond_its_time_is_given_up_early(tmp_path):
    answer = (HEAD + LINE + word("Long enough to be sure of it")).replace("\t", "\\t")
    slow = command(tmp_path, f"cat > /dev/null; sleep 0.1; printf '{answer}'")
    # Three calls of a tenth of a second fit in on any machine, a thousand more on none.
    recogniser = Recogniser(slow, OcrSpec(budget_seconds=30.0))
    for _ in range(3):
        recogniser.recognise(grey(), 1.0, waiting=1000)
    with pytest.raises(BudgetExceededError, match="parse_timeout_seconds"):
        recogniser.recognise(grey(), 1.0, waiting=1000)


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs /proc")
def test_the_command_shares_the_process_group_that_is_killed(tmp_path):
    asking = command(tmp_path, "cat > /dev/null; ps -o pgid= -p $$ 2>/dev/null || "
                               "cut -d' ' -f5 /proc/$$/stat")  # fmt: skip
    group = asking.run(b"x", Segmentation.PAGE, 300, 5).strip()
    assert int(group) == os.getpgid(0)
