"""Recognises pictures of one document: upright or turned, within time and size."""

import io
import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ingestion.parsing.ocr.answer import Recognised, read_rotation, read_words
from ingestion.parsing.ocr.straightening import straightened
from ingestion.parsing.ocr.tesseract import (
    RecognitionError,
    RecognitionTimeoutError,
    Segmentation,
    Tesseract,
)
from ingestion.reading import OcrSpec

if TYPE_CHECKING:
    from PIL.Image import Image

DOUBTFUL = 0.65
"""Below this confidence it is tried whether the picture lies on its side or head."""
FEW_CHARACTERS = 20
_FLAT = 8
"""Grey values this near each other (of 255) are an empty page."""
_ESTIMATED_FROM = 3


class BudgetExceededError(RecognitionTimeoutError):
    """The document has more to recognise than its time allows."""


@dataclass
class Recogniser:
    """Tesseract for the pictures of one document."""

    tesseract: Tesseract
    spec: OcrSpec
    started: float = field(default_factory=time.monotonic)
    done: int = 0
    turned: int = 0
    """Degrees by which pictures are turned first: those of one scan mostly lie the same way."""
    page_ends: float = math.inf
    """When the time of the page at work is used up, however often it is tried."""

    def recognise(self, picture: "Image", points: float, waiting: int = 0) -> Recognised:
        """Recognise the text of one picture in grey values.

        Args:
            picture: As a reader sees it; if it lies on its side it is turned.
            points: Width of a pixel on the page, in points.
            waiting: How many more pictures there are.

        Raises:
            BudgetExceededError: The time of the document is used up, or is going to be.
            RecognitionTimeoutError: The time of this picture is used up.
            RecognitionError: Tesseract failed at this picture.
        """
        darkest, lightest = picture.getextrema()
        if int(lightest) - int(darkest) <= _FLAT:  # type: ignore[arg-type]
            return Recognised()
        self._check_budget(waiting)
        self.page_ends = time.monotonic() + self.spec.page_timeout_seconds
        if self.turned:
            picture = picture.rotate(-self.turned, expand=True)
        found = self._words(picture, points)
        if self._is_doubtful(found) and self.tesseract.finds_orientation:
            found = self._turned(picture, points, found)
        self.done += 1
        return found

    def _turned(self, picture: "Image", points: float, found: Recognised) -> Recognised:
        try:
            answer = self._run(picture, Segmentation.ORIENTATION)
        except RecognitionTimeoutError:
            raise
        except RecognitionError:
            return found  # too few letters to tell
        degrees = read_rotation(answer)
        if not degrees:
            return found
        other = self._words(picture.rotate(-degrees, expand=True), points)
        if _worth(other) <= _worth(found):
            return found
        self.turned = (self.turned + degrees) % 360
        return other

    def _is_doubtful(self, found: Recognised) -> bool:
        return found.confidence < DOUBTFUL or found.characters < FEW_CHARACTERS

    def _words(self, picture: "Image", points: float) -> Recognised:
        picture = straightened(picture)
        found = read_words(self._run(picture, Segmentation.PAGE), points)
        return replace(found, height=picture.height * points)

    def _run(self, picture: "Image", segmentation: Segmentation) -> str:
        buffer = io.BytesIO()
        picture.save(buffer, "PPM")
        now = time.monotonic()
        left = self.started + self.spec.budget_seconds - now
        left_for_page = self.page_ends - now
        if left <= 0:
            raise BudgetExceededError(self._over_budget(None))
        if left_for_page <= 0:
            raise RecognitionTimeoutError(self._over_page_time())
        seconds = min(left, left_for_page)
        try:
            return self.tesseract.run(buffer.getvalue(), segmentation, self.spec.dpi, seconds)
        except RecognitionTimeoutError as error:
            if left <= left_for_page:
                raise BudgetExceededError(self._over_budget(None)) from error
            raise RecognitionTimeoutError(self._over_page_time()) from error

    def _over_page_time(self) -> str:
        return (
            "it takes longer than ocr.page_timeout_seconds ="
            f" {self.spec.page_timeout_seconds:g}; raise that, or scan it in a lower resolution"
        )

    def _check_budget(self, waiting: int) -> None:
        """Give up early rather than after all the time is spent."""
        spent = time.monotonic() - self.started
        if self.done < _ESTIMATED_FROM:
            return
        expected = spent / self.done * (self.done + 1 + waiting)
        if expected > self.spec.budget_seconds * 1.1:
            raise BudgetExceededError(self._over_budget(expected))

    def _over_budget(self, expected: float | None) -> str:
        takes = f"about {expected:.0f} s" if expected else "more than that"
        return (
            f"the text of one document may be recognised for {self.spec.budget_seconds:.0f} s and"
            f" this one takes {takes}; raise ingestion.parse_timeout_seconds or split it"
        )


def _worth(found: Recognised) -> float:
    return found.confidence * found.characters
