"""Evaluations of the live index that are kept, one file each, so that the next one can compare.

A file names no document and holds no question, only digests: nothing in it has to be purged.
"""

import datetime as dt
import hashlib
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from config.errors import HoldfastError
from query.decision import Status

logger = logging.getLogger(__name__)

FOLDER = "evaluations"
FORMAT = 1
KEPT = 100
"""Files of one set; older ones go."""
READ = 10
"""Documents of each question whose content is kept in mind."""


def digest(text: str) -> str:
    """Stand for a text that is not to be kept."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fared:
    """How one question fared."""

    id: str
    question: str
    """Digest of its text, its earlier turns and what a person says of it: a question of which any
    of these was written anew is another one."""
    verdict: str
    p: float
    found_at_1: bool | None
    found_at_5: bool | None
    """None where no document is named that answers it."""
    ndcg: float | None
    right: bool | None
    """Whether it was answered exactly if it is answerable; none where nobody says."""
    read: tuple[str, ...]
    """Digests of the first documents, best first."""
    status: str = Status.OK.value

    @property
    def is_lost(self) -> bool:
        """Whether it could not be asked; what was kept before this was written has the verdict."""
        return Status.UNAVAILABLE.value in {self.status, self.verdict}

    @property
    def fares(self) -> bool:
        """Whether nothing about it is wrong."""
        return self.found_at_5 is not False and self.right is not False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One evaluation of one set."""

    made_at: dt.datetime
    questions: str
    """Name of the set."""
    generation: str
    epoch: int
    fared: tuple[Fared, ...]
    documents: Mapping[str, str]
    """Digest of the content of every document that was found or should be, by digest of its
    name. One that is not served is not there."""
    total: int | None = None
    """Questions of the set that count; none where it was not written down."""
    format: int = FORMAT

    @property
    def state(self) -> str:
        """What was asked, as `--as-of` takes it."""
        return f"{self.generation}@{self.epoch}"

    @property
    def lost(self) -> int:
        """Questions that could not be asked."""
        return sum(one.is_lost for one in self.fared)

    @property
    def degraded(self) -> int:
        """Questions that were answered although a part of Holdfast was not there."""
        return sum(one.status == Status.DEGRADED.value for one in self.fared)

    @property
    def trouble(self) -> str:
        """Say why nothing may be held against this evaluation; empty where all was well."""
        n = len(self.fared)
        said = [
            f"{self.lost} of {n} could not be asked" if self.lost else "",
            f"{self.degraded} of {n} degraded" if self.degraded else "",
        ]
        return " and ".join(filter(None, said))

    def is_baseline_of(self, later: "Record") -> bool:
        """Tell whether a later evaluation can be held against this one.

        It must have been healthy: an outage refuses everything, so that whatever comes after it
        looks better. And it must have asked the whole set, or just the questions of the later one:
        a sample says nothing about those it left out.
        """
        if self.trouble or not self.asked & later.asked:
            return False
        whole = len(later.fared) if self.total is None else self.total
        return len(self.fared) >= whole or self.asked == later.asked

    @property
    def asked(self) -> frozenset[tuple[str, str]]:
        """What was asked, by id and digest."""
        return frozenset((one.id, one.question) for one in self.fared)

    @property
    def found_share(self) -> float | None:
        """Share of questions with a document that answers them among the first five."""
        return share([one.found_at_5 for one in self.fared])

    @property
    def right_share(self) -> float | None:
        """Share of questions answered exactly if they are answerable."""
        return share([one.right for one in self.fared])


ADAPTER = TypeAdapter(Record)


def share(values: list[bool | None]) -> float | None:
    """Return the share of yes among yes and no; none where there is neither."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def keep(home: Path, record: Record) -> Path:
    """Write an evaluation to a file of its own, and remove the oldest ones of its set.

    Raises:
        HoldfastError: It cannot be written.
    """
    folder = home / FOLDER
    moment = record.made_at.strftime("%Y%m%dT%H%M%S%fZ")
    file = folder / f"{stem(record.questions)}-{moment}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(record), default=str), encoding="utf-8")
        os.replace(unfinished, file)
        for old in files_of(home, record.questions)[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        raise HoldfastError(f"{file} cannot be written ({error.strerror}).") from error
    return file


def kept(home: Path, questions: str, newest: int) -> list[Record]:
    """Return the newest evaluations of a set, the oldest of them first."""
    return list(islice(latest(home, questions), newest))[::-1]


def latest(home: Path, questions: str) -> Iterator[Record]:
    """Yield the evaluations of a set, the newest first.

    A damaged file is left out and told: what it held cannot be compared with.
    """
    for file in reversed(files_of(home, questions)):
        try:
            record = ADAPTER.validate_json(file.read_bytes())
        except (OSError, ValidationError) as error:
            logger.warning("%s is left out, it cannot be read as an evaluation: %s", file, error)
            continue
        if record.format == FORMAT:
            yield record


def files_of(home: Path, questions: str) -> list[Path]:
    """Return the files of a set, the oldest first."""
    return sorted((home / FOLDER).glob(f"{stem(questions)}-*T*Z.json"))


def stem(questions: str) -> str:
    """Name the files of a set."""
    plain = re.sub(r"[^a-z0-9]+", "_", questions.lower()).strip("_")[:40]
    return f"{plain}_{digest(questions)[:8]}"
