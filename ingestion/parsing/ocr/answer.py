"""What Tesseract answers: words with places and confidence, or an orientation."""

import re
import statistics
from dataclasses import dataclass

from ingestion.parsing.layout.shapes import Word

MIN_WORD_CONFIDENCE = 0.2
"""Words below are what Tesseract sees in pictures and dirt."""
MIN_ORIENTATION_CONFIDENCE = 1.0
_ALIKE = (0.7, 1.35)
"""Lines of so many times the usual height are set in the size of the text: letters with and
without ascenders make boxes of different heights."""
_ROTATE = re.compile(r"Rotate:\s*(\d+)")
_SURE = re.compile(r"Orientation confidence:\s*([\d.]+)")


@dataclass(frozen=True, slots=True)
class Recognised:
    """The text of one picture."""

    words: tuple[Word, ...] = ()
    """In reading order, places in points."""
    confidence: float = 0.0
    """Mean over its characters, in [0, 1]."""
    height: float = 0.0
    """Of the picture as it was read, turned and set straight, in points."""

    @property
    def characters(self) -> int:
        """Characters of all words."""
        return sum(len(word.text) for word in self.words)


def read_words(answer: str, points: float) -> Recognised:
    """Read the tab-separated words of a picture.

    Args:
        answer: As Tesseract writes it, with a heading.
        points: Width of a pixel.
    """
    found: list[tuple[str, float, tuple[int, int, int, int], tuple[int, int]]] = []
    top = height = 0
    for row in answer.split("\n")[1:]:
        cells = row.split("\t")
        if len(cells) < 12:
            continue
        if cells[0] == "4":
            top, height = int(cells[7]), int(cells[9])
        text = cells[11].strip()
        if cells[0] != "5" or not text:
            continue
        sure = float(cells[10]) / 100
        if sure >= MIN_WORD_CONFIDENCE:
            box = (int(cells[6]), int(cells[7]), int(cells[8]), int(cells[9]))
            found.append((text, min(sure, 1.0), box, (top, height)))
    usual = statistics.median([line[1] for *_, line in found]) if found else 0.0
    words = tuple(
        Word(
            text,
            box[0] * points,
            line[0] * points,
            (box[0] + box[2]) * points,
            (line[0] + line[1]) * points,
            _size(line[1], usual) * points,
            confidence=sure,
        )
        for text, sure, box, line in found
    )
    weight = sum(len(word.text) for word in words)
    mean = sum(word.confidence * len(word.text) for word in words) / weight if weight else 0.0
    return Recognised(words, mean)


def _size(height: int, usual: float) -> float:
    return usual if _ALIKE[0] * usual <= height <= _ALIKE[1] * usual else height


def read_rotation(answer: str) -> int:
    """Degrees by which the picture has to be turned clockwise to be read; 0 if not sure."""
    rotate, sure = _ROTATE.search(answer), _SURE.search(answer)
    if rotate is None or sure is None or float(sure[1]) < MIN_ORIENTATION_CONFIDENCE:
        return 0
    return int(rotate[1]) % 360
