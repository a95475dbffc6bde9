"""A reader at run time: its files are checked, it says whether and where a passage answers."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError
from config.settings import GateSettings, JudgeKind
from query.judging.reader import (
    FORMAT,
    HERE,
    LONGEST_READ,
    RECORD,
    WEIGHTS,
    SpanReader,
    in_brief,
    read_record,
)
from query.judging.stacking import INPUTS

TEXT = "The warranty of a Marsh gauge is 36 months from delivery."
QUESTION = "How long is the warranty of a Marsh gauge?"


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


def test_a_record_may_have_a_stack_of_conversations(tmp_path):
    write(tmp_path, record_of(b"weights"))
    assert read_record(tmp_path).in_talk is None
    write(tmp_path, record_of(b"weights", in_talk={"beside": 0.5}))
    assert read_record(tmp_path).in_talk == {"beside": 0.5}
    write(tmp_path, record_of(b"weights", in_talk=0.5))
    with pytest.raises(ConfigError, match="no record"):
        read_record(tmp_path)


@pytest.mark.model
def test_what_training_changed_is_read_back_onto_the_backbone(tmp_path):
    import torch
    from safetensors.torch import save

    from config.settings import EmbeddingSettings
    from indexing.encoding.model_files import find_model
    from indexing.encoding.processor import processor_has_bf16
    from query.networks.reader_network import ReaderNetwork, best_spans, encode, open_tokenizer

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
    near = 1e-4
    if processor_has_bf16():  # then the reader uses it, and the last digits depend on the padding
        network.to_bf16()
        near = 0.05
    with torch.inference_mode():
        spans, answers = network.eval()(batch)
    assert reading.answers == pytest.approx(answers.item(), abs=near)
    assert reading.span == pytest.approx(best_spans(spans).item(), abs=near)


def test_the_best_span_begins_before_it_ends():
    import torch

    from query.networks.reader_network import best_spans

    begin = torch.tensor([0.0, 1.0, 0.0, 9.0])
    end = torch.tensor([0.0, 8.0, 2.0, 0.0])
    logits = torch.stack([begin, end], -1).unsqueeze(0)
    # 9 + 8 would end before it begins; 1 + 8 and 9 + 0 are the spans there are.
    assert best_spans(logits).item() == pytest.approx(9.0)


@pytest.mark.model
def test_half_precision_says_nearly_the_same():
    import torch

    from config.settings import EmbeddingSettings
    from indexing.encoding.model_files import find_model
    from query.networks.reader_network import ReaderNetwork, best_spans, encode, open_tokenizer

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

    from query.networks.reader_network import MASKED, best_places

    logits = torch.full((1, 9, 2), MASKED)
    logits[0, 0] = 0.0
    logits[0, 3, 0], logits[0, 5, 1] = 4.0, 5.0
    logits[0, 6, 0], logits[0, 2, 1] = 9.0, 9.0  # would end before it begins
    score, first, last = (value.item() for value in best_places(logits))
    assert (score, first, last) == (pytest.approx(9.0), 3, 5)


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


@pytest.mark.model
@pytest.mark.parametrize(
    "question",
    [
        f"{QUESTION} {'please ' * 500}",
        f"{'I have had this gauge for years. ' * 50}{QUESTION}",
        f"{QUESTION}{'?' * 4000}",
        "日本" * 2000,
    ],
    ids=["begins", "ends", "without a blank", "every letter a token"],
)
def test_no_question_is_too_long_to_be_read(question):
    reader = SpanReader(HERE, read_record(HERE))
    (reading,) = reader.read(question, [TEXT])
    if QUESTION in question:
        assert "36" in TEXT[reading.start : reading.end]


@pytest.mark.parametrize(
    ("question", "read"),
    [("Why??????", "Why?"), ("Why?!?!?!", "Why?!?!?!"), ("So ... why???", "So ... why???")],
)
def test_of_a_repeated_sign_one_is_read(question, read):
    assert in_brief(question) == read


@given(st.text(alphabet=st.sampled_from("ab .?\n\t日"), max_size=3 * LONGEST_READ))
def test_both_ends_of_a_question_are_kept(question):
    words, brief = (" ".join(text.split()) for text in (question, in_brief(question)))
    assert len(brief) <= LONGEST_READ + len(" … ")
    assert (brief[:1], brief[-1:]) == (words[:1], words[-1:])
