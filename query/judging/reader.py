"""The trained reader at run time: its files are checked, torch loads with the first question.

A reader is a folder with two files: `reader.json` says what it is and how it is stacked with the
features, `reader.safetensors` holds the weights that training changed (`trained_file.py`).
"""

import functools
import json
import math
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from config.errors import ConfigError
from query.networks.trained_file import SHIPPED, TrainedFile
from query.text.passages import Passage

FORMAT = 1
RECORD = "reader.json"
WEIGHTS = "reader.safetensors"
LONGEST_READ = 400
"""Characters of a question that are read: half of what the reader takes is left for the passage."""
_REPEATED: Final = re.compile(r"([^\w\s])\1{3,}")
HERE = SHIPPED
"""Where a reader that ships lies."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader says about one passage; both are logits, higher is better."""

    span: float
    """How much the best span of the passage beats "not here"."""
    answers: float
    """Whether the passage answers at all."""
    start: int = -1
    """Characters of the best span in the text that was read; both -1 where that was not asked."""
    end: int = -1


class Reads(Protocol):
    """Anything that reads passages for a question."""

    def read(self, question: str, texts: Sequence[str]) -> Sequence[Reading]:
        """Return one reading per text."""
        ...


@dataclass(frozen=True, slots=True)
class ReaderRecord:
    """The content of `reader.json`."""

    calibration_id: str
    weights_sha256: str
    backbone: str
    """Revision of the backbone (`ModelFiles.revision`)."""
    length: int
    """Longest input in tokens."""
    passages: int
    """How many of the best passages are read at most."""
    stack: Mapping[str, Any]
    enough: float | None = None
    """A passage that answers better than this ends the reading; none reads all of them."""
    lead: float | None = None
    """Score that a logit of "answers" outweighs in the order (`promoting.py`); none leaves it."""
    rival: float | None = None
    """How near another document must be to be read beside one that answers; none reads none."""
    also: float | None = None
    """Logit from which another document answers, too, where nothing picks one; none reads none."""
    in_talk: Mapping[str, Any] | None = None
    """Stack of conversations, which has its say beside the other one; none has none."""


def read_record(folder: Path) -> ReaderRecord:
    """Read what a reader is.

    Raises:
        ConfigError: It is not there, is damaged, or is of a version that this one does not know.
    """
    file = folder / RECORD
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise ConfigError(
                f"{RECORD} has format {record['format']}, this version of Holdfast knows {FORMAT}."
            )
        return ReaderRecord(
            str(record["calibration_id"]),
            str(record["weights_sha256"]),
            str(record["backbone"]),
            int(record["length"]),
            int(record["passages"]),
            dict(record["stack"]),
            None if record.get("enough") is None else float(record["enough"]),
            None if record.get("lead") is None else float(record["lead"]),
            None if record.get("rival") is None else float(record["rival"]),
            None if record.get("also") is None else float(record["also"]),
            None if record.get("in_talk") is None else dict(record["in_talk"]),
        )
    except OSError as error:
        raise ConfigError(
            f"gate.judge is `trained`, but there is no reader ({RECORD}: {error.strerror}). Name "
            "its folder in gate.reader, or set gate.judge to `features`."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{RECORD} is no record of a reader ({error}).") from error


@dataclass(frozen=True)
class SpanReader:
    """A reader in a folder."""

    folder: Path
    record: ReaderRecord
    _one: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    """Reading fills the processor: several at once would only make each other slower."""

    @functools.cached_property
    def _parts(self) -> tuple[Any, Any]:
        """Load tokenizer and network.

        Raises:
            ConfigError: A file is damaged, or the backbone is not the one it was trained on.
            ModelError: There is no backbone.
        """
        record = self.record
        file = self.folder / WEIGHTS
        return TrainedFile(
            file, record.weights_sha256, record.backbone, record.length, RECORD
        ).load()

    def read(self, question: str, texts: Sequence[str]) -> Sequence[Reading]:
        """Return one reading per text.

        Raises:
            ConfigError: The reader cannot be loaded.
            ValueError: It gave no usable numbers.
        """
        import torch

        from query.networks.reader_network import best_places, encode

        if not texts:
            return []
        with self._one, torch.inference_mode():
            tokenizer, network = self._parts
            asked = in_brief(question)
            batch, encodings = encode(tokenizer, [(asked, text) for text in texts])
            spans, answers = network(batch)
            found = zip(
                *(t.tolist() for t in (*best_places(spans), answers)), encodings, strict=True
            )
        readings = [
            Reading(span, answer, one.offsets[first][0], one.offsets[last][1])
            for span, first, last, answer, one in found
        ]
        if not all(math.isfinite(r.span) and math.isfinite(r.answers) for r in readings):
            raise ValueError("the reader gave no usable numbers")
        return readings


def in_brief(question: str) -> str:
    """Return both ends of a question too long to be read beside a passage: there people ask.

    Of a sign that is repeated ("??????") one says all, and every other is a token.
    """
    question = _REPEATED.sub(r"\1", question)
    words = " ".join(question.split())
    if len(words) <= LONGEST_READ:
        return question
    half = LONGEST_READ // 2
    return f"{words[:half].rsplit(maxsplit=1)[0]} … {words[-half:].split(maxsplit=1)[-1]}"


def text_of(passage: Passage) -> str:
    """Return what the reader reads of a passage: its title, the head of its table, its text."""
    titled = f"{passage.title}. " if passage.title else ""
    headed = f"{passage.table_head}\n" if passage.table_head else ""
    return f"{titled}{headed}{passage.text}"
