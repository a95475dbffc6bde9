"""Masking personal data before anything is kept: each value becomes a label, always the same one.

Only texts that people or documents wrote are looked at. Ids, keys, hashes and times stay, so that a
masked record is found, replayed and purged like any other.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from config.auditing import PersonalData
from query.asking.question import normalise
from query.privacy.personal_data import Kind, find_personal

TEXTS: Final = frozenset(
    {
        "question", "normalised_question", "history", "detail", "answer", "quote", "value",
        "missing", "text", "output", "correct", "note", "clarification", "case", "kind",
    }
)  # fmt: skip
"""Fields of a record, however deep, whose texts people or documents wrote."""
_SINGLE: Final = (str, int, float, type(None))
ORDER: Final = ("question", "asked", "decision")
"""Masked first, in this order, so that a replay numbers its decision alike."""


@dataclass
class Masker:
    """Replaces values by labels; numbers go by the order in which values are first met."""

    known: Collection[str] = ()
    """Names of persons, in their common form, that were introduced before the first text."""
    _labels: dict[tuple[str, str], str] = field(default_factory=dict)
    _met: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> dict[str, int]:
        """How many different values of each kind were met."""
        return dict(sorted(self._met.items()))

    def mask(self, text: str) -> str:
        """Return a text with labels in the place of personal data and secrets."""
        parts, last = [], 0
        people = [*self.known, *(value for kind, value in self._labels if kind == Kind.PERSON)]
        for found in find_personal(text, people):
            kind = found.kind.value
            if (kind, found.value) not in self._labels:
                self._met[kind] += 1
                self._labels[kind, found.value] = f"[{kind}:{self._met[kind]}]"
            parts += [text[last : found.start], self._labels[kind, found.value]]
            last = found.end
        return "".join((*parts, text[last:])) if parts else text

    def mask_values(self, value: Any, *, within: str = "") -> Any:
        """Return JSON values with every text masked that stands in one of the fields of texts.

        Args:
            value: JSON values.
            within: The field that they are the value of.
        """
        if isinstance(value, str):
            return self.mask(value) if within in TEXTS else value
        if isinstance(value, Mapping):
            inherited = within if within in TEXTS else ""
            return {
                name: inner
                if isinstance(inner, _SINGLE) and (inherited or name) not in TEXTS
                else self.mask_values(inner, within=inherited or name)
                for name, inner in value.items()
            }
        if isinstance(value, list | tuple):
            if within not in TEXTS and all(isinstance(v, _SINGLE) for v in value):
                return list(value)  # most of a record are lists of ids with their scores
            return [self.mask_values(inner, within=within) for inner in value]
        return value


def mask_record(record: Mapping[str, Any], personal: PersonalData) -> dict[str, Any]:
    """Return a record of the request log as it is kept.

    It gets the hash of its question and, by kind, how many values were masked.

    Args:
        record: As the engine made it.
        personal: Whether personal data are masked.
    """
    kept = dict(record)
    if personal is PersonalData.MASK:
        masker = Masker(_met_before(kept))
        first = {name: kept[name] for name in ORDER if name in kept}
        for name, value in (first | kept).items():
            kept[name] = masker.mask_values(value, within=name)
        if masker.counts:
            kept["masked"] = masker.counts
    kept["question_hash"] = hash_question(str(kept.get("question") or ""), personal)
    return kept


def _met_before(record: Mapping[str, Any]) -> frozenset[str]:
    """Return the names that earlier turns introduce: they stand behind the question in a record."""
    turns = (record.get("asked") or {}).get("history") or ()
    said = (turn.get("text", "") if isinstance(turn, Mapping) else turn for turn in turns)
    found = (one for text in said if isinstance(text, str) for one in find_personal(text))
    return frozenset(one.value for one in found if one.kind is Kind.PERSON)


def hash_question(question: str, personal: PersonalData) -> str:
    """Return what equal questions have in common, however they are spaced or capitalised.

    The hash is taken of the masked question: from a hash of the question itself a telephone number
    could be guessed.

    Args:
        question: As it was asked, or as it was kept.
        personal: Whether personal data are masked.
    """
    kept = Masker().mask(question) if personal is PersonalData.MASK else question
    return hashlib.sha256(normalise(kept).casefold().encode("utf-8", "replace")).hexdigest()


def masked_kinds(record: Mapping[str, Any]) -> dict[str, int]:
    """Return, by kind, how many values of a kept record were masked; empty if none was."""
    return {str(kind): int(count) for kind, count in (record.get("masked") or {}).items()}


def mask_decision(decision: Mapping[str, Any], record: Mapping[str, Any]) -> Any:
    """Return a decision as it would have been kept with a record, for comparing the two.

    Args:
        decision: Plain values of a decision that was made again.
        record: The kept record of the request.
    """
    if not masked_kinds(record):
        return dict(decision)
    masker = Masker()
    for name in ("question", "asked"):
        masker.mask_values(record.get(name), within=name)
    return masker.mask_values(decision, within="decision")
