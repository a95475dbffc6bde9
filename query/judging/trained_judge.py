"""The trained judge: what the features say and what the reader says, stacked.

If the reader fails, the features judge alone, under their own calibration id, and the judgement
says so: a missing model may make the gate weaker, never silent.
"""

import functools
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from config.errors import ConfigError
from config.querying import CrossEncoderKind, DeadlineSettings
from config.settings import GateSettings, JudgeKind
from indexing.points import HybridHits
from query.asking.question import Question
from query.decision import Reason, ReasonCode
from query.judging.cross_encoder import CrossEncoderReader, revision_of
from query.judging.judge import READER_ANSWERS, FeatureJudge, Judge, Judgement
from query.judging.promoting import answering_first
from query.judging.reader import HERE, Reading, Reads, SpanReader, read_record, text_of
from query.judging.rivals import rivals_of, says_otherwise, span_of
from query.judging.stacking import LogitPool, Pools, read_stack, read_together
from query.judging.undecided import answering_as_well, open_between
from query.resilience import Circuit, CircuitOpenError, OverdueError, circuit
from query.text.passages import Passage

logger = logging.getLogger(__name__)


def until_enough(readings: Iterable[Reading], enough: float | None) -> list[Reading]:
    """Return the readings up to the first that answers well enough; the rest are not asked for.

    A second passage is there to find what the first lacks: where the first answers, reading on
    changes no AUROC by more than .003 and costs half as much again.
    """
    found: list[Reading] = []
    for reading in readings:
        found.append(reading)
        if enough is not None and reading.answers > enough:
            break
    return found


def places_of(
    passages: Sequence[Passage], readings: Sequence[Reading]
) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield where in its chunk the answer seems to stand, for passages that seem to hold it."""
    for passage, reading in zip(passages, readings, strict=False):
        before = len(text_of(passage)) - len(passage.text)
        if reading.span > 0.0 and reading.start >= before:
            yield passage.chunk_id, (reading.start - before, reading.end - before)


class TrainedJudge:
    """Judges by features and by a reader of the best passages."""

    def __init__(
        self,
        reader: Reads,
        stack: Pools,
        calibration_id: str,
        passages: int,
        trips: Circuit,
        seconds: float,
        features: FeatureJudge | None = None,
        enough: float | None = None,
        lead: float | None = None,
        rival: float | None = None,
        also: float | None = None,
        in_talk: Pools | None = None,
    ) -> None:
        """Put a judge together.

        Args:
            reader: Reads passages.
            stack: Weighs features and readings.
            calibration_id: Names both.
            passages: How many of the best passages are read.
            trips: Leaves a reader alone that keeps failing.
            seconds: How long reading may take, loading included.
            features: Replaces the feature judge.
            enough: Reading ends with a passage that answers better than this; none reads all.
            lead: What a reading counts in the order of the passages; none leaves it alone.
            rival: How near another document must be to be read beside a passage that answers.
            also: Logit from which another document answers, too, where nothing picks one.
            in_talk: Stack of questions before which something was said; none is the same.
        """
        self._reader = reader
        self._stack = stack
        self._calibration_id = calibration_id
        self._passages = passages
        self._circuit = trips
        self._seconds = seconds
        self._features = features or FeatureJudge()
        self._enough = enough
        self._lead = lead
        self._rival = rival
        self._also = also
        self._in_talk = in_talk or stack

    @property
    def calibration_id(self) -> str:
        """Names the weights of reader and stack."""
        return self._calibration_id

    def load(self, text: str) -> None:
        """Have the reader load by letting it read any text.

        Raises:
            Exception: What it raises for a question, too.
        """
        self._reader.read(text, [text])

    def judge(self, question: Question, passages: Sequence[Passage], legs: HybridHits) -> Judgement:
        """Judge a question; what the features find is kept for the rules and the log."""
        by_features = self._features.judge(question, passages, legs)
        try:
            readings, rival, undecided = self._circuit.call(
                self._seconds, lambda: self._read_all(question, by_features.weights, passages)
            )
            stack = self._in_talk if question.earlier else self._stack
            p = stack.probability(by_features.p_answerable, readings)
        except (OverdueError, CircuitOpenError) as error:
            return replace(by_features, fault=_down(str(error)))
        except Exception as error:
            own = isinstance(error, ConfigError)  # says all that there is to say
            logger.warning("The reader of the gate failed: %s", error, exc_info=not own)
            # Callers see the reason: only our own messages are known to name no place on disk.
            known = str(error) if own else type(error).__name__
            return replace(by_features, fault=_down(known))
        places = dict(places_of(passages, readings))
        if rival is not None:
            places |= dict(places_of([rival[0]], [rival[1]]))
        return replace(
            by_features,
            p_answerable=p,
            calibration_id=self._calibration_id,
            places=places,
            first=answering_first(passages, readings, self._lead),
            rival=rival[0].chunk_id if rival else "",
            undecided=undecided,
            features={**by_features.features, **_said(by_features.p_answerable, readings)},
        )

    def _read_all(
        self, question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
    ) -> tuple[Sequence[Reading], tuple[Passage, Reading] | None, tuple[str, ...]]:
        """Read what the judgement counts, then what else may answer.

        Returns:
            What `_read` does, and the chunks of different answers where nothing picks one.
        """
        readings, rival = self._read(question, passages)
        between = open_between(question, weights, passages) if self._also is not None else ()
        if self._also is None or not between:
            return readings, rival, ()
        asked = question.own_text
        known = [readings[0]] if asked == question.text else []
        unread = between[len(known) :]
        read = [*known, *(self._reader.read(asked, [text_of(p)])[0] for p in unread)]
        pairs = list(zip(between, read, strict=True))
        return readings, rival, answering_as_well(question, weights, pairs, self._also)

    def _read(
        self, question: Question, passages: Sequence[Passage]
    ) -> tuple[Sequence[Reading], tuple[Passage, Reading] | None]:
        """Read all at once, or one after the other where one may be enough.

        Returns:
            What the judgement counts, and a passage of another document that answers otherwise,
            if there is one; it makes an answer no likelier.
        """
        texts = [text_of(p) for p in passages[: self._passages]]
        if self._enough is None:
            return self._reader.read(question.text, texts), None
        one_by_one = (self._reader.read(question.text, [text])[0] for text in texts)
        readings = until_enough(one_by_one, self._enough)
        if self._rival is None or readings[0].answers <= self._enough:
            return readings, None
        first = passages[0], readings[0]
        if not span_of(*first):
            return readings, None
        for other in rivals_of(question, passages, self._rival):
            read = other, self._reader.read(question.text, [text_of(other)])[0]
            if read[1].answers > self._enough and says_otherwise(question, first, read):
                return readings, read
        return readings, None


def _said(p_features: float, readings: Sequence[Reading]) -> dict[str, float]:
    """Return what the log says of the reading beside the features: why p is what it is."""
    return {
        "p_by_features": p_features,
        READER_ANSWERS: max(r.answers for r in readings),
        "reader_span": max(r.span for r in readings),
    }


@dataclass(frozen=True)
class JudgeDown:
    """A trained judge whose reader does not take part, for a reason that is known."""

    calibration_id: str
    detail: str

    def judge(self, question: Question, passages: Sequence[Passage], legs: HybridHits) -> Judgement:
        """Judge by features alone."""
        by_features = FeatureJudge().judge(question, passages, legs)
        return replace(by_features, fault=Reason(ReasonCode.JUDGE_DOWN, self.detail))


def open_judge(
    gate: GateSettings, deadlines: DeadlineSettings | None = None, offline: bool = True
) -> Judge:
    """Return the judge that the settings name; a reader's weights load with the first question.

    Args:
        gate: Names the judge.
        deadlines: Those of its reading.
        offline: Whether a model that is not on this machine stays away.

    Raises:
        ConfigError: There is no such reader, or what it is cannot be read.
    """
    if gate.judge is JudgeKind.FEATURES:
        return FeatureJudge()
    limits = deadlines or DeadlineSettings()
    if gate.judge is JudgeKind.CROSS_ENCODER:
        reader = _cross_encoder(str(gate.judge_model), gate.judge_kind, offline)
        return TrainedJudge(
            reader,
            LogitPool(gate.judge_weight, gate.judge_temperature),
            f"{gate.judge_kind.value}-{gate.judge_model}@{reader.revision[:12]}",
            gate.judge_passages,
            circuit(limits),
            limits.judge_seconds,
        )
    folder = gate.reader or HERE
    record = read_record(folder)
    stack: Pools = read_stack(record.stack)
    in_talk: Pools | None = None
    if record.in_talk is not None:
        stack, in_talk = read_together(record.in_talk, read_stack(record.stack))
    return TrainedJudge(
        _reader(folder, record.weights_sha256),
        stack,
        record.calibration_id,
        record.passages,
        circuit(limits),
        limits.judge_seconds,
        enough=record.enough,
        lead=record.lead,
        rival=record.rival,
        also=record.also,
        in_talk=in_talk,
    )


@functools.lru_cache(maxsize=4)
def _reader(folder: Path, weights_sha256: str) -> SpanReader:
    """Return the reader of a folder; engines share it, for its weights take memory and time."""
    return SpanReader(folder, read_record(folder))


@functools.lru_cache(maxsize=2)
def _cross_encoder(model: str, kind: CrossEncoderKind, offline: bool) -> CrossEncoderReader:
    """Return the reader of a model under the files that it has when it is first asked for."""
    return CrossEncoderReader(model, kind, revision_of(model), offline)


def _down(detail: str) -> Reason:
    return Reason(ReasonCode.JUDGE_DOWN, f"The features judge alone. {detail}")
