"""Question sets: questions with what a person says about them, and the documents they are about.

A set is a folder of `questions.jsonl` and, optionally, `documents.jsonl`; or one file of
questions. Both may be gzipped. Lines are read by `query/labelled.py`, as the promotion gate reads
them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from config.errors import ConfigError
from config.sources import RowMedia
from query.labelled import (
    DOCUMENTS,
    QUESTIONS,
    LabelledQuestion,
    existing,
    is_folder,
    read_questions,
    read_records,
)


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """A document that comes with a set."""

    id: str
    title: str
    text: str
    media: RowMedia = RowMedia.TEXT
    """What the text is written in, as the ending of its `path` says."""


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
            ConfigError: A line is no document, or two have the same id.
        """
        if self.documents is None:
            return
        seen: set[str] = set()
        for where, record in read_records(self.documents):
            if not isinstance(record.get("id"), str) or not isinstance(record.get("text"), str):
                raise ConfigError(f'{where} is no document: it needs "id" and "text".')
            # Blanks around an id are no part of a key.
            if (name := record["id"].strip()) in seen:
                # Of two only one can be ingested, and nobody knows which one questions mean.
                raise ConfigError(f"{where}: an earlier document has the id {name!r}.")
            seen.add(name)
            yield LabelledDocument(
                record["id"], str(record.get("title") or ""), record["text"],
                media_of(str(record.get("path") or "")),
            )  # fmt: skip


def media_of(path: str) -> RowMedia:
    """Tell by the name of a document's file what its text is written in; plain text if unsaid."""
    match PurePosixPath(path.lower()).suffix:
        case ".md" | ".markdown":
            return RowMedia.MARKDOWN
        case ".html" | ".htm":
            return RowMedia.HTML
        case _:
            return RowMedia.TEXT


def read_set(path: Path) -> QuestionSet:
    """Read a folder or a file of questions.

    Raises:
        ConfigError: There are none, one cannot be read, or two have the same id.
    """
    questions = read_questions(path)
    documents = existing(path / DOCUMENTS) if is_folder(path) else None
    name = path.name if is_folder(path) else path.name.removesuffix(".gz").removesuffix(".jsonl")
    return QuestionSet(name or path.resolve().name, path, questions, documents)


def is_question_set(path: Path) -> bool:
    """Tell whether a folder holds questions, or a file may do so."""
    return not is_folder(path) or existing(path / QUESTIONS) is not None


def told_apart(sets: Sequence[QuestionSet]) -> list[QuestionSet]:
    """Name sets by their paths where names alone are the same, as of two `golden.jsonl`."""
    names = Counter(one.name for one in sets)
    return [replace(o, name=o.path.as_posix()) if names[o.name] > 1 else o for o in sets]


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
