"""Question sets: JSON lines of questions with what a person says about them, and documents.

A set is a folder of `questions.jsonl` and, optionally, `documents.jsonl`; or one file of
questions. Both may be gzipped. Golden questions (`gold_keys`, `expected`) are read as well, so
that one file serves the promotion gate and the evaluation.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from query.decision import Verdict

QUESTIONS = "questions.jsonl"
DOCUMENTS = "documents.jsonl"
MAX_LINE_CHARS = 16_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledQuestion:
    """A question and what a person says about it."""

    id: str
    question: str
    label: Verdict | None = None
    """None: only retrieval is judged."""
    gold: frozenset[str] = frozenset()
    """Ids or keys of the documents that answer it."""
    exclude: frozenset[str] = frozenset()
    """Ids or keys of documents hidden for this question."""
    answers: tuple[str, ...] = ()
    tier: str = ""
    lang: str = ""
    history: tuple[Any, ...] = ()
    core: bool | None = None
    """Whether it belongs to the quick sample; none where the set has no such sample."""
    reviewed: bool = True
    """False for a draft that no person has looked at."""
    source_ids: frozenset[str] = frozenset()
    """Documents it was made from although they are not in the collection."""

    @property
    def group(self) -> str:
        """What it fails together with: its document, or itself."""
        about = self.gold or self.source_ids or self.exclude
        return min(about) if about else self.id


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """A document that comes with a set."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """One set."""

    name: str
    path: Path
    questions: tuple[LabelledQuestion, ...]
    documents: Path | None = None
    """File of its documents; none means that the live index is asked."""

    def read_documents(self) -> Iterator[LabelledDocument]:
        """Yield the documents.

        Raises:
            ConfigError: A line is no document.
        """
        if self.documents is None:
            return
        for where, record in read_records(self.documents):
            if not isinstance(record.get("id"), str) or not isinstance(record.get("text"), str):
                raise ConfigError(f'{where} is no document: it needs "id" and "text".')
            yield LabelledDocument(record["id"], str(record.get("title") or ""), record["text"])


def read_set(path: Path) -> QuestionSet:
    """Read a folder or a file of questions.

    Raises:
        ConfigError: There are none, one cannot be read, or two have the same id.
    """
    file = existing(path / QUESTIONS) if path.is_dir() else existing(path)
    if file is None:
        raise ConfigError(f"{path} is no question set: it has no {QUESTIONS} (or {QUESTIONS}.gz).")
    questions = tuple(read_question(record, where) for where, record in read_records(file))
    if not questions:
        raise ConfigError(f"{file} has no question.")
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise ConfigError(f"{file}: two questions have the id {question.id!r}.")
        seen.add(question.id)
    documents = existing(path / DOCUMENTS) if path.is_dir() else None
    name = path.name if path.is_dir() else path.name.removesuffix(".gz").removesuffix(".jsonl")
    return QuestionSet(name or path.resolve().name, path, questions, documents)


def existing(file: Path) -> Path | None:
    """Return the file, or its gzipped form, whichever is there."""
    packed = file.with_name(file.name + ".gz")
    return next((place for place in (file, packed) if place.is_file()), None)


def read_records(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield where it stands, and the object, of every line that is not blank.

    Raises:
        ConfigError: The file cannot be read, or a line is no object.
    """
    opener = gzip.open if file.suffix == ".gz" else open
    try:
        with opener(file, "rt", encoding="utf-8") as lines:
            number = 0
            while line := lines.readline(MAX_LINE_CHARS):
                number += 1
                if not line.strip():
                    continue
                where = f"{file}, line {number}"
                try:
                    record = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise ConfigError(f"{where} is not JSON ({error}).") from error
                if not isinstance(record, dict):
                    raise ConfigError(f"{where} is no JSON object.")
                yield where, record
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read as UTF-8 text ({error}).") from error


def read_question(record: Mapping[str, Any], where: str) -> LabelledQuestion:
    """Read one question.

    Raises:
        ConfigError: It is none; the message says what is wrong.
    """
    text = record.get("question")
    if not isinstance(text, str):
        raise ConfigError(f'{where} is no question: "question" must be a text.')
    label = record.get("label", record.get("expected"))
    try:
        verdict = Verdict(label) if label is not None else None
    except ValueError:
        known = ", ".join(v.value for v in Verdict)
        raise ConfigError(f"{where}: {label!r} is no label; it must be one of {known}.") from None
    history = record.get("history") or ()
    if not isinstance(history, list | tuple):
        raise ConfigError(f'{where}: "history" must be a list of earlier turns.')
    answer = record.get("answer")
    return LabelledQuestion(
        id=str(record.get("id") or where.rsplit(" ", 1)[-1]),
        question=text,
        label=verdict,
        gold=_names(record, where, "gold_document_ids", "gold_keys"),
        exclude=_names(record, where, "exclude_document_ids", "exclude_keys"),
        answers=tuple(map(str, record.get("answers") or ([answer] if answer else ()))),
        tier=str(record.get("tier") or record.get("kind") or ""),
        lang=str(record.get("lang") or ""),
        history=tuple(history),
        core=bool(record["core"]) if "core" in record else None,
        reviewed=bool(record.get("reviewed", True)),
        source_ids=_names(record, where, "removed_document_ids", "source_keys"),
    )


def _names(record: Mapping[str, Any], where: str, *fields: str) -> frozenset[str]:
    found: set[str] = set()
    for field in fields:
        given = record.get(field) or ()
        if not isinstance(given, list | tuple):
            raise ConfigError(f'{where}: "{field}" must be a list.')
        found |= {str(name) for name in given}
    return frozenset(found)


def choose(question_set: QuestionSet, limit: int, seed: int = 7) -> tuple[LabelledQuestion, ...]:
    """Return a fixed random sample where the set is larger than `limit`; 0 means all."""
    import random

    questions = list(question_set.questions)
    if not limit or len(questions) <= limit:
        return tuple(questions)
    core = [q for q in questions if q.core]
    # The balanced sample that the authors of a large set chose comes first.
    pool = core if len(core) >= limit else questions
    return tuple(random.Random(seed).sample(pool, limit))
