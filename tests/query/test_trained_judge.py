"""The trained judge: the maths of the stack, damaged files, a reader that fails, what loads."""

import hashlib
import json
import math
import subprocess
import sys
from uuid import UUID, uuid5

import pytest

from config.errors import ConfigError
from config.querying import DeadlineSettings
from config.settings import GateSettings, JudgeKind, RetrievalSettings
from indexing.points import Hit, HybridHits
from query.calibration import Binding, Calibration
from query.decision import ReasonCode, Status, Verdict
from query.fusion import order
from query.gate import rule
from query.judge import FeatureJudge
from query.passages import make_passage
from query.question import understand
from query.reader import FORMAT, HERE, RECORD, WEIGHTS, Reading, SpanReader, read_record, text_of
from query.replay import recorded_judge
from query.resilience import circuit
from query.trained_judge import (
    INPUTS,
    JudgeDown,
    Stack,
    TrainedJudge,
    open_judge,
    places_of,
    read_stack,
    stacked,
    until_enough,
)

PLAIN = Stack((0.0,) * 6, (1.0,) * 6, (1.0, 0.5, 0.25, 0.0, 0.125, 0.0), 0.1)
TEXT = "The warranty of a Marsh gauge is 36 months from delivery."
QUESTION = "How long is the warranty of a Marsh gauge?"


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


def test_the_stack_is_a_logistic_regression_over_the_best_of_the_passages():
    readings = [Reading(1.0, -2.0), Reading(-3.0, 2.0), Reading(0.0, 0.5)]
    assert stacked(0.5, readings) == (0.0, 1.0, 2.0, 0.5, -2.0, 1.0)
    expected = 1 / (1 + math.exp(-(0.1 + 0.0 + 0.5 * 1.0 + 0.25 * 2.0 + 0.125 * -2.0)))
    assert PLAIN.probability(0.5, readings) == pytest.approx(expected)


def test_no_input_carries_the_stack_beyond_three_standard_deviations():
    at_the_edge = PLAIN.probability(0.5, [Reading(3.0, 0.0)])
    assert PLAIN.probability(0.5, [Reading(1e6, 0.0)]) == at_the_edge
    for p in (0.0, 1.0):
        assert 0.0 < PLAIN.probability(p, [Reading(-1e9, 1e9)]) < 1.0


def test_one_passage_counts_as_its_own_second():
    assert stacked(0.5, [Reading(1.0, -2.0)])[2:4] == (-2.0, -2.0)


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


def record_of(weights: bytes, **changes):
    stack = {
        "inputs": list(INPUTS), "means": [0.0] * 6, "scales": [1.0] * 6,
        "coefficients": [1.0] * 6, "intercept": 0.0,
    }  # fmt: skip
    return {
        "format": FORMAT, "calibration_id": "reader-test", "backbone": "none", "length": 192,
        "weights_sha256": hashlib.sha256(weights).hexdigest(), "passages": 3, "stack": stack,
        **changes,
    }  # fmt: skip


def write(folder, record, weights=b"weights"):
    (folder / RECORD).write_text(json.dumps(record), encoding="utf-8")
    (folder / WEIGHTS).write_bytes(weights)
    return GateSettings(judge=JudgeKind.TRAINED, reader=folder)


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


def test_a_stack_survives_its_json_form():
    record = record_of(b"")["stack"]
    assert read_stack(json.loads(json.dumps(record))).coefficients == (1.0,) * 6


def test_damaged_weights_are_not_loaded(tmp_path):
    write(tmp_path, record_of(b"weights"), b"weightz")
    reader = SpanReader(tmp_path, read_record(tmp_path))
    with pytest.raises(ConfigError, match="damaged"):
        reader.read(QUESTION, [TEXT])


def test_another_backbone_is_refused(tmp_path):
    write(tmp_path, record_of(b"weights"))
    reader = SpanReader(tmp_path, read_record(tmp_path))
    with pytest.raises(ConfigError, match="backbone"):
        reader.read(QUESTION, [TEXT])


@pytest.mark.model
def test_what_training_changed_is_read_back_onto_the_backbone(tmp_path):
    import torch
    from safetensors.torch import save

    from config.settings import EmbeddingSettings
    from indexing.model_files import find_model
    from query.reader_network import ReaderNetwork, best_spans, encode, open_tokenizer

    torch.manual_seed(1)
    files = find_model(EmbeddingSettings())
    network = ReaderNetwork(files.path)
    network.freeze(4)
    weights = save({k: v.contiguous() for k, v in network.own_weights().items()})
    assert len(weights) < 40e6
    write(tmp_path, record_of(weights, backbone=files.revision), weights)
    reader = SpanReader(tmp_path, read_record(tmp_path))
    [reading, other] = reader.read(QUESTION, [TEXT, "Nothing."])
    assert reading != other
    batch, _ = encode(open_tokenizer(files.tokenizer_file, 192), [(QUESTION, TEXT)])
    with torch.inference_mode():
        spans, answers = network.eval()(batch)
    assert reading.answers == pytest.approx(answers.item(), abs=1e-4)
    assert reading.span == pytest.approx(best_spans(spans).item(), abs=1e-4)


def test_the_best_span_begins_before_it_ends():
    import torch

    from query.reader_network import best_spans

    begin = torch.tensor([0.0, 1.0, 0.0, 9.0])
    end = torch.tensor([0.0, 8.0, 2.0, 0.0])
    logits = torch.stack([begin, end], -1).unsqueeze(0)
    # 9 + 8 would end before it begins; 1 + 8 and 9 + 0 are the spans there are.
    assert best_spans(logits).item() == pytest.approx(9.0)


def test_naming_the_trained_judge_loads_no_torch(tmp_path):
    write(tmp_path, record_of(b"weights"))
    script = (
        "import sys; from pathlib import Path; from config.settings import GateSettings\n"
        "import query.engine; from query.trained_judge import open_judge\n"
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


@pytest.mark.model
def test_half_precision_says_nearly_the_same():
    import torch

    from config.settings import EmbeddingSettings
    from indexing.model_files import find_model
    from query.reader_network import ReaderNetwork, best_spans, encode, open_tokenizer

    torch.manual_seed(1)
    files = find_model(EmbeddingSettings())
    network = ReaderNetwork(files.path).eval()
    batch, _ = encode(open_tokenizer(files.tokenizer_file, 64), [(QUESTION, TEXT)])
    with torch.inference_mode():
        spans, answers = network(batch)
        network.to_bf16()
        half_spans, half_answers = network(batch)
    assert half_spans.dtype is torch.float32
    assert half_answers.item() == pytest.approx(answers.item(), abs=0.05)
    assert best_spans(half_spans).item() == pytest.approx(best_spans(spans).item(), abs=0.1)


@pytest.mark.model
def test_the_best_span_is_given_with_its_place():
    import torch

    from query.reader_network import MASKED, best_places

    logits = torch.full((1, 9, 2), MASKED)
    logits[0, 0] = 0.0
    logits[0, 3, 0], logits[0, 5, 1] = 4.0, 5.0
    logits[0, 6, 0], logits[0, 2, 1] = 9.0, 9.0  # would end before it begins
    score, first, last = (value.item() for value in best_places(logits))
    assert (score, first, last) == (pytest.approx(9.0), 3, 5)


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


@pytest.mark.model
def test_the_reader_that_ships_tells_an_answer_from_a_near_miss_and_shows_where_it_stands():
    reader = SpanReader(HERE, read_record(HERE))
    texts = [TEXT, "The warranty of a Marsh gauge does not cover damage by frost."]
    right, wrong = reader.read(QUESTION, texts)
    assert right.answers > wrong.answers
    assert right.span > wrong.span
    assert "36 months" in TEXT[right.start : right.end]
    [other] = reader.read("How long is the warranty of a Heron gateway?", texts[:1])
    assert right.answers > other.answers


def test_the_reader_that_ships_is_small_enough_to_travel_and_is_what_its_record_says():
    content = (HERE / WEIGHTS).read_bytes()
    assert len(content) <= 25 * 2**20
    assert hashlib.sha256(content).hexdigest() == read_record(HERE).weights_sha256
