"""The trained judge: the maths of the stack, damaged files, a reader that fails, what loads."""

import subprocess
import sys
from dataclasses import replace
from uuid import UUID, uuid5

import pytest

from config.errors import ConfigError
from config.querying import DeadlineSettings
from config.settings import GateSettings, JudgeKind, RetrievalSettings
from indexing.points import Hit, HybridHits
from query.asking.followups import Turn
from query.asking.question import understand
from query.calibrating.calibration import Binding, Calibration
from query.decision import ReasonCode, Status, Verdict
from query.gate.rules import rule
from query.judging.judge import FeatureJudge
from query.judging.reader import HERE, Reading, read_record, text_of
from query.judging.stacking import Stack
from query.judging.trained_judge import (
    JudgeDown,
    TrainedJudge,
    open_judge,
    places_of,
    until_enough,
)
from query.replay import recorded_judge
from query.resilience import circuit
from query.search.fusion import order
from query.text.passages import make_passage
from tests.query.judging.test_reader import QUESTION, TEXT, record_of, write

PLAIN = Stack((0.0,) * 6, (1.0,) * 6, (1.0, 0.5, 0.25, 0.0, 0.125, 0.0), 0.1)


class Sure:
    """A reader that always says the same, and remembers what it was given."""

    def __init__(self, *readings: Reading, error: Exception | None = None) -> None:
        self.readings, self.error, self.asked = readings, error, []

    def read(self, question, texts):
        self.asked.append((question, tuple(texts)))
        if self.error:
            raise self.error
        return self.readings[: len(texts)]


def judge_with(reader, passages=3) -> TrainedJudge:
    return TrainedJudge(reader, PLAIN, "reader-test", passages, circuit(DeadlineSettings()), 5.0)


def found(count=5):
    hits = tuple(
        Hit(uuid5(UUID(int=7), str(i)), 0.8 - i / 10, {
            "document_id": str(i), "key": f"{i}.md", "version": 1, "start": 0,
            "text": f"{TEXT} {i}", "title": "Warranty", "headings": [], "flags": [], "page": None,
        })
        for i in range(count)
    )  # fmt: skip
    legs = HybridHits(hits, hits, hits)
    return [make_passage(ranked) for ranked in order(legs, RetrievalSettings())], legs


def asked(text=QUESTION):
    return understand(text, GateSettings(), frozenset({"en"}))


def test_only_the_best_passages_are_read_with_their_titles():
    passages, legs = found()
    reader = Sure(*[Reading(2.0, 2.0)] * 3)
    judgement = judge_with(reader).judge(asked(), passages, legs)
    [(question, texts)] = reader.asked
    assert question == QUESTION
    assert texts == tuple(text_of(p) for p in passages[:3])
    assert texts[0].startswith("Warranty. The warranty")
    assert judgement.calibration_id == "reader-test"
    assert judgement.fault is None
    assert judgement.features["reader_answers"] == judgement.features["reader_span"] == 2.0
    assert judgement.features["p_by_features"] < judgement.p_answerable


@pytest.mark.parametrize(
    ("answers", "enough", "read"),
    [
        ((2.0, 5.0, 5.0), 0.0, 1),
        ((-2.0, 2.0, 5.0), 0.0, 2),
        ((-2.0, -2.0, -2.0), 0.0, 3),
        ((2.0, 5.0, 5.0), 3.0, 2),
        ((2.0, 5.0, 5.0), None, 3),
    ],
)
def test_reading_ends_with_a_passage_that_answers(answers, enough, read):
    passages, legs = found()
    readings = {text_of(p): Reading(a, a) for p, a in zip(passages, answers, strict=False)}

    class Reads:
        texts = ()

        def read(self, question, texts):
            self.texts += tuple(texts)
            return [readings[text] for text in texts]

    judge = TrainedJudge(
        reader := Reads(), PLAIN, "reader-test", 3, circuit(DeadlineSettings()), 5.0, enough=enough
    )
    judgement = judge.judge(asked(), passages, legs)
    assert reader.texts == tuple(text_of(p) for p in passages[:read])
    known = until_enough(readings.values(), enough)
    assert known == list(readings.values())[:read]
    p_features = judgement.features["p_by_features"]
    assert judgement.p_answerable == pytest.approx(PLAIN.probability(p_features, known))
    assert judgement.features["reader_answers"] == max(answers[:read])


def test_where_something_was_said_before_another_stack_judges():
    passages, legs = found()
    reader = Sure(*[Reading(2.0, 2.0)] * 3)
    never = Stack((0.0,) * 6, (1.0,) * 6, (0.0,) * 6, -9.0)
    judge = TrainedJudge(
        reader, PLAIN, "reader-test", 3, circuit(DeadlineSettings()), 5.0, in_talk=never
    )
    alone = judge.judge(asked(), passages, legs)
    talk = replace(asked(), earlier=(Turn("user", "I have a Marsh gauge."),))
    assert alone.p_answerable > 0.5 > judge.judge(talk, passages, legs).p_answerable
    same = judge_with(reader).judge(talk, passages, legs)
    assert same.p_answerable == alone.p_answerable


def test_a_surer_reader_makes_a_higher_probability():
    passages, legs = found()
    low, high = (
        judge_with(Sure(*[Reading(x, x)] * 3)).judge(asked(), passages, legs).p_answerable
        for x in (-2.0, 2.0)
    )
    assert low < high


@pytest.mark.parametrize(
    ("error", "said"),
    [(OSError("/secret/path"), "OSError"), (ConfigError("It is damaged."), "It is damaged.")],
)
def test_a_reader_that_fails_leaves_the_features_alone_with_a_reason(error, said):
    passages, legs = found()
    by_features = FeatureJudge().judge(asked(), passages, legs)
    judge = judge_with(Sure(error=error))
    judgement = judge.judge(asked(), passages, legs)
    assert judgement.p_answerable == by_features.p_answerable
    assert judgement.calibration_id == by_features.calibration_id != judge.calibration_id
    assert judgement.fault is not None
    assert judgement.fault.detail == f"The features judge alone. {said}"
    ruling = rule(asked(), passages, legs, judge, GateSettings())
    assert ReasonCode.JUDGE_DOWN in {r.code for r in ruling.reasons}


def test_a_reader_that_keeps_failing_is_left_alone():
    passages, legs = found()
    reader = Sure(error=RuntimeError("down"))
    judge = judge_with(reader)
    for _ in range(DeadlineSettings().failures + 4):
        judge.judge(asked(), passages, legs)
    assert len(reader.asked) == DeadlineSettings().failures


def test_a_calibration_of_the_trained_judge_does_not_hold_for_the_features():
    binding = Binding("g", "e", "c", 8, "r", "reader-test", "p")
    calibration = Calibration(
        calibration_id="c0001-00000000", made_at="", binding=binding, slope=0.1, intercept=3.0,
        answerable_at=0.01, partial_at=0.0, max_risk=0.05, confidence=0.95,
    )  # fmt: skip
    passages, legs = found()
    down = JudgeDown("reader-test", "down")
    plain = rule(asked(), passages, legs, FeatureJudge(), GateSettings())
    fallen = rule(asked(), passages, legs, down, GateSettings(), calibration)
    assert fallen.p_answerable == plain.p_answerable
    assert fallen.calibration_id == FeatureJudge().calibration_id


def test_a_decision_without_the_reader_is_degraded_and_promises_nothing(make_engine):
    question = "How many working days of annual leave does every employee receive?"
    decision = make_engine(judge=JudgeDown("reader-test", "down")).ground(question)
    assert decision.status is Status.DEGRADED
    assert decision.verdict is Verdict.ANSWERABLE
    assert decision.has(ReasonCode.JUDGE_DOWN)
    assert decision.calibration_id == FeatureJudge().calibration_id
    assert decision.risk_bound is None


def test_the_settings_name_the_judge(tmp_path):
    assert isinstance(open_judge(GateSettings(judge=JudgeKind.FEATURES)), FeatureJudge)
    shipped = open_judge(GateSettings())
    assert isinstance(shipped, TrainedJudge)
    assert shipped.calibration_id == read_record(HERE).calibration_id
    judge = open_judge(write(tmp_path, record_of(b"weights")))
    assert judge.calibration_id == "reader-test"
    assert read_record(tmp_path).enough is None
    assert read_record(HERE).enough == 0.0


def test_a_reader_that_is_not_there_is_said_before_the_first_question(tmp_path):
    with pytest.raises(ConfigError, match=r"gate\.reader"):
        open_judge(GateSettings(judge=JudgeKind.TRAINED, reader=tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        {"format": 99},
        {"stack": None},
        {"passages": "many"},
        {"enough": "much"},
        {"stack": {"inputs": ["other"]}},
        {"stack": {**record_of(b"")["stack"], "scales": [1.0, 0.0, 1.0, 1.0, 1.0, 1.0]}},
        {"stack": {**record_of(b"")["stack"], "means": [1.0]}},
        {"stack": {**record_of(b"")["stack"], "intercept": float("nan")}},
    ],
)
def test_a_damaged_record_is_refused(tmp_path, change):
    with pytest.raises(ConfigError):
        open_judge(write(tmp_path, record_of(b"weights", **change)))


def test_naming_the_trained_judge_loads_no_torch(tmp_path):
    write(tmp_path, record_of(b"weights"))
    script = (
        "import sys; from pathlib import Path; from config.settings import GateSettings\n"
        "import query.engine; from query.judging.trained_judge import open_judge\n"
        f"open_judge(GateSettings(judge='trained', reader=Path({str(tmp_path)!r})))\n"
        "print([m for m in ('torch', 'transformers', 'safetensors') if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"


def test_a_replay_judges_by_what_judged_then(tmp_path):
    gate = write(tmp_path, record_of(b"weights"))
    down = {"code": "judge_down", "detail": "The features judge alone. RuntimeError: down"}
    assert isinstance(recorded_judge({"reasons": []}, gate), TrainedJudge)
    again = recorded_judge({"reasons": [down]}, gate)
    passages, legs = found()
    fault = again.judge(asked(), passages, legs).fault
    assert fault is not None
    assert fault.to_json() == down


def test_places_count_in_the_chunk_and_only_where_a_span_beats_null():
    passages, _ = found(3)
    before = len(text_of(passages[0])) - len(passages[0].text)
    assert before > 0
    readings = [
        Reading(1.0, 1.0, before + 4, before + 12),
        Reading(-1.0, 1.0, before, before + 3),
        Reading(1.0, 1.0, 0, 3),  # in the title
    ]
    assert dict(places_of(passages, readings)) == {passages[0].chunk_id: (4, 12)}
    judged = judge_with(Sure(*readings)).judge(asked(), passages, found(3)[1])
    assert judged.places == {passages[0].chunk_id: (4, 12)}


@pytest.mark.parametrize(
    ("error", "traced"), [(ConfigError("There is no model."), False), (RuntimeError("odd"), True)]
)
def test_a_setting_that_is_wrong_is_told_without_a_traceback(error, traced, caplog):
    passages, legs = found()
    judged = judge_with(Sure(error=error)).judge(asked(), passages, legs)
    assert judged.fault is not None
    [record] = caplog.records
    assert str(error) in record.getMessage()
    assert bool(record.exc_info) is traced
