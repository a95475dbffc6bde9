"""Writing the answer that a verdict allows: by a model whose sentences hold, else by quotes."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from config.tracing import SpanName, span
from query.claims.claims import check
from query.claims.second_reading import Checks
from query.decision import Evidence, Reason, ReasonCode
from query.generation.chain import Generates
from query.generation.endings import Attempt, Ending, Generated
from query.generation.prompt import AnswerRequest, Piece
from query.generation.release import release
from query.outcome import Outcome
from query.quoting.extractive import compose
from query.ruling import Ruling
from query.text.language import detect_language
from query.text.passages import CELL, Passage

logger = logging.getLogger(__name__)

UNMARKED = "en"


@dataclass(frozen=True, slots=True)
class Written:
    """An answer, and how it came about."""

    text: str | None
    reasons: tuple[Reason, ...] = ()
    fell_back: bool = False
    """A model should have phrased it, and none could."""
    generated: Mapping[str, Any] = field(default_factory=dict)
    """For the request log; empty where no model was asked."""
    milliseconds: float = 0.0
    """How long the models took."""


def write_answer(
    question: str,
    outcome: Outcome,
    ruling: Ruling,
    generator: Generates | None,
    surroundings: Mapping[str, str],
) -> Written:
    """Write the answer; the caller has made sure that the verdict allows one.

    Args:
        question: The question, standing on its own.
        outcome: Evidence and candidates.
        ruling: The verdict.
        generator: Phrases answers, where one is configured.
        surroundings: Longer texts by chunk id that a generator reads in place of the chunk.
    """
    blocked = {p.chunk_id for p in outcome.passages if p.blocked}
    usable = tuple(e for e in outcome.evidence if e.chunk_id not in blocked)
    partly = any(r.code is ReasonCode.PART_NOT_COVERED for r in ruling.reasons)
    missing = ruling.missing if partly else ()
    quotes = compose(outcome.supported, usable, missing)
    if generator is None or quotes is None:
        return Written(quotes)
    pieces = _pieces(usable, outcome.passages, surroundings)
    request = AnswerRequest(question, pieces, detect_language(question) or UNMARKED)
    began = time.perf_counter()
    with span(SpanName.GENERATE, pieces=len(pieces)):
        try:
            made = generator.answer(request)
        except Exception:
            logger.exception("The generator failed.")
            made = Generated(None)
    took = (time.perf_counter() - began) * 1000.0
    if made.text is None:
        how = "; ".join(f"{a.provider}: {a.ending.value}" for a in made.attempts) or "internal"
        detail = f"No model's answer could be used ({how}); the answer is quoted."
        reason = Reason(ReasonCode.GENERATOR_FELL_BACK, detail)
        return Written(quotes, (reason,), True, made.to_json(), took)
    last = made.attempts[-1]
    detail = f"Phrased by {last.model} at {last.provider}; every sentence is in the evidence."
    reasons = [Reason(ReasonCode.GENERATED, detail)]
    if made.withheld:
        detail = f"{made.withheld} sentences were withheld: the evidence does not hold them."
        reasons.append(Reason(ReasonCode.SENTENCES_WITHHELD, detail))
    reasons += made.checked.reasons
    note = f" (Not found in the documents: {'; '.join(missing)}.)" if missing else ""
    return Written(made.text + note, tuple(reasons), False, made.to_json(), took)


def _pieces(
    usable: Sequence[Evidence], passages: Sequence[Passage], longer: Mapping[str, str]
) -> tuple[Piece, ...]:
    known = {p.chunk_id: p for p in passages}
    return tuple(
        Piece(
            number,
            item.key,
            item.version,
            known[item.chunk_id].trust,
            _read(item, known[item.chunk_id], longer.get(item.chunk_id, "")),
        )
        for number, item in enumerate(usable, 1)
    )


def _read(item: Evidence, passage: Passage, longer: str) -> str:
    """Return what a model reads; a table that began in an earlier chunk has its head there."""
    if not longer:
        return passage.readable
    first = longer.split("\n", 1)[0]
    if passage.table_head and CELL in first and first not in passage.table_head:
        longer = f"{passage.table_head}\n{longer}"
    return "\n\n".join((*item.headings, longer))


@dataclass(frozen=True, slots=True)
class RecordedGenerator:
    """Says again what a model wrote then, for a replay; its sentences are checked anew."""

    record: Mapping[str, Any]
    most_chars: int
    checks: Checks = check
    """Checks them as they were checked then."""

    def answer(self, request: AnswerRequest) -> Generated:
        """Return what the recorded output comes to."""
        attempts = tuple(
            Attempt(a["provider"], a["model"], Ending(a["ending"]), a["tries"], a["detail"])
            for a in self.record["attempts"]
        )
        if self.record["text"] is None:
            return Generated(None, attempts)
        output, sent = str(self.record["output"]), int(self.record["sent"])
        asked = replace(request, pieces=request.pieces[:sent])
        found = release(output, asked, self.most_chars, self.checks)
        checked = replace(found.checked, reasons=self._reasons())
        sha256 = str(self.record["prompt_sha256"])
        return Generated(found.text, attempts, found.withheld, sha256, sent, output, checked)

    def _reasons(self) -> tuple[Reason, ...]:
        """Return why less was checked then: what had failed is not made to fail again."""
        recorded = self.record.get("reasons", ())
        return tuple(Reason(ReasonCode(r["code"]), r["detail"]) for r in recorded)
