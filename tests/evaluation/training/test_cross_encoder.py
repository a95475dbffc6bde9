"""Training the reader: targets, pairs, the split by article, the comparison with the features."""

import json
import zlib

import numpy as np
import pytest

from config.settings import GateSettings, JudgeKind
from evaluation.training.claim_data import Claim, keep_claims, read_claims, training_claims
from evaluation.training.cross_encoder_data import (
    NEVER_TRAINED_ON,
    TRAINED_ON,
    Asked,
    Pair,
    Part,
    article_of,
    keep,
    pairs_of,
    part_of,
    positive,
    read_kept,
)
from indexing.points import Hit
from query.fusion import RankedHit
from query.passages import make_passage
from query.reader import RECORD, SpanReader, read_record

PASSAGE = "The warranty of a Marsh gauge is 36 months from delivery."


@pytest.fixture(scope="module")
def tokenizer():
    from config.settings import EmbeddingSettings
    from indexing.model_files import find_model
    from query.reader_network import open_tokenizer

    return open_tokenizer(find_model(EmbeddingSettings()).tokenizer_file, 32)


def encoded(tokenizer, *pairs: Pair):
    from evaluation.training.reader_training import targets_of
    from query.reader_network import encode

    batch, encodings = encode(tokenizer, [(p.question, p.passage) for p in pairs])
    return batch, targets_of(pairs, encodings).tolist()


def test_targets_are_the_tokens_of_the_answer_and_null_where_there_is_none(tokenizer):
    pairs = (
        positive("How long is the warranty?", PASSAGE, ["36 months"]),
        Pair("What does it cost?", PASSAGE, answers=False),
    )
    batch, targets = encoded(tokenizer, *pairs)
    first, last = targets[0]
    assert tokenizer.decode(batch["input_ids"][0][first : last + 1].tolist()) == "36 months"
    assert targets[1] == [0, 0]
    assert bool(batch["readable"][0][0])
    assert not batch["readable"][0][1], "a span inside the question answers nothing"


def test_an_answer_that_cannot_be_pointed_at_teaches_no_span(tokenizer):
    from evaluation.training.reader_training import IGNORED

    beyond = positive("How long?", "word " * 60 + "36 months", ["36 months"])
    reworded = positive("How long?", PASSAGE, ["three years"])
    assert encoded(tokenizer, beyond, reworded)[1] == [[IGNORED, IGNORED]] * 2


def passage(key: str, text: str):
    payload = {"document_id": key, "key": key, "text": text, "title": ""}
    return make_passage(RankedHit(Hit(key, 0.5, payload), 0.5, 0.5, 0.5))


def test_a_passage_with_the_words_of_the_answer_is_no_negative():
    question = {"question": "When?", "label": "answerable", "gold_document_ids": ["g"],
                "answers": ["1990"]}  # fmt: skip
    passages = [passage("x", "Also in 1990."), passage("y", "In 1987."), passage("g", "In 1990.")]
    pairs = pairs_of(question, passages, {})
    assert [(p.passage, p.answers) for p in pairs] == [("In 1990.", True), ("In 1987.", False)]


def test_an_adversarial_question_is_paired_with_the_passage_it_was_written_about():
    question = {"question": "When?", "label": "unanswerable", "gold_document_ids": [],
                "near_document_ids": ["n"]}  # fmt: skip
    pairs = pairs_of(question, [passage("x", "One."), passage("n", "Two.")], {})
    assert [(p.passage, p.answers) for p in pairs] == [("Two.", False)]


def test_a_passage_that_was_taken_out_is_the_positive_of_its_question():
    question = {"question": "When?", "label": "unanswerable", "gold_document_ids": [],
                "removed_document_ids": ["r"]}  # fmt: skip
    removed = {"r": {"title": "Walls", "text": "Built in 1990."}}
    pairs = pairs_of(question, [passage("x", "One.")], removed)
    assert [(p.passage, p.answers) for p in pairs] == [
        ("One.", False),
        ("Walls. Built in 1990.", True),
    ]


@pytest.mark.parametrize("key", ["gold_document_ids", "removed_document_ids", "near_document_ids"])
def test_all_questions_about_an_article_are_in_the_same_part(key):
    question = {"id": "q", "gold_document_ids": [], key: ["d"]}
    assert article_of({"d": "Oil"}, question) == "Oil"


def test_articles_are_split_three_ways_and_foreign_sets_are_held_out():
    parts = [part_of(f"article {i}", "squad") for i in range(500)]
    assert {part: parts.count(part) for part in Part} == pytest.approx(
        {Part.READER: 280, Part.STACK: 70, Part.HELD_OUT: 150}, rel=0.25
    )
    assert part_of("article 1", "mtrag_un") is Part.HELD_OUT
    assert part_of("article 7", "squad") is part_of("article 7", "clapnq")
    assert zlib.crc32(b"") == 0, "the split must not depend on the process"


def asked(name="squad", label="answerable", tier="", group="a", p=0.5, lacks=False) -> Asked:
    pairs = (Pair("q", "p", answers=True, start=0, end=1),)
    return Asked(name, tier, label, "q", Part.READER, group, p, lacks, ("p",), pairs)


def test_what_was_retrieved_is_read_back_as_it_was(tmp_path):
    keep([asked(), asked(label="unanswerable")], tmp_path / "x.jsonl")
    assert read_kept(tmp_path / "x.jsonl") == [asked(), asked(label="unanswerable")]


def test_the_rules_cut_every_judge_alike():
    from evaluation.training.cross_encoder import after_rules

    assert after_rules(0.9, asked()) == 0.9
    assert after_rules(0.9, asked(lacks=True)) == pytest.approx(0.27)


def questions():
    rows = []
    for i in range(40):
        rows.append(asked(group=f"a{i}"))
        for tier in ("adversarial", "ablated"):
            rows.append(asked(label="unanswerable", tier=tier, group=f"a{i}"))
    return rows


@pytest.mark.parametrize(("better", "worth"), [(True, True), (False, False)])
def test_only_a_gain_beyond_chance_is_worth_shipping(better, worth, capsys):
    from evaluation.training.cross_encoder import compare, is_positive

    rows = questions()
    chance = np.random.default_rng(1)
    noise = chance.random(len(rows))
    right = np.array([is_positive(a) for a in rows]) + 0.5 * noise
    found, said = compare(rows, {"features": noise, "stacked": right if better else noise})
    assert said is worth
    assert found["squad ablated"]["unanswerable"] == 40
    assert "gain" in capsys.readouterr().out


def test_a_set_that_loses_beyond_chance_forbids_shipping():
    from evaluation.training.cross_encoder import compare, is_positive

    rows = questions()
    foreign = [asked("mtrag_un", a.label, "natural" if a.tier else "", a.group) for a in rows]
    yes = np.array([is_positive(a) for a in rows])
    noise = np.random.default_rng(1).random(len(rows))
    scores = {
        "features": np.concatenate([noise, yes + noise]),
        "stacked": np.concatenate([yes + noise, noise]),
    }
    assert compare([*rows, *foreign], scores)[1] is False


def test_the_stack_learns_to_trust_a_reader_that_is_right():
    from evaluation.training.cross_encoder import fit_stack
    from query.reader import Reading

    rows = questions()
    sign = [1.0 if a.label == "answerable" else -1.0 for a in rows]
    stack = fit_stack(rows, [[Reading(3 * s, 3 * s)] for s in sign])
    low, high = (stack.probability(0.5, [Reading(x, x)]) for x in (-3.0, 3.0))
    assert low < 0.5 < high


def a_few_claims() -> list[Claim]:
    """Two groups that are trained on, two that are held out; each supported once."""
    return [
        Claim(f"The warranty is {months} months long.", PASSAGE, kind, f"g{group}", group > 1)
        for group in range(4)
        for months, kind in ((36, "supported"), (24, "not_supported"))
    ]


def test_claims_are_read_back_as_they_were(tmp_path):
    keep_claims(a_few_claims(), tmp_path / "claims.jsonl")
    assert read_claims(tmp_path / "claims.jsonl") == a_few_claims()


def test_a_supported_claim_is_also_learnt_from_made_wrong_and_held_out_ones_never():
    learnt = training_claims(a_few_claims(), 1)
    assert not any(claim.held_out for claim in learnt)
    known = [c.claim for c in a_few_claims()]
    wrong = [c for c in learnt if c.claim not in known]
    assert len(wrong) == 2
    assert {c.support for c in wrong} == {"not_supported"}


@pytest.mark.parametrize("seed", [1, 2])
def test_every_pair_and_claim_is_seen_once_an_epoch_and_a_batch_is_of_one_kind(seed):
    from evaluation.training.reader_training import BATCH, batches

    pairs = [Pair(f"q{i}", "p" * (i * 7 % 90), answers=False) for i in range(40)]
    claims = [Claim(f"c{i}", "e", "supported", "g", held_out=False) for i in range(20)]
    groups = list(batches(pairs, claims, seed))
    assert all(len({type(one) for one in group}) == 1 for group in groups)
    assert max(map(len, groups)) == BATCH
    seen = [one for group in groups for one in group]
    assert len(seen) == 60
    assert set(seen) == {*pairs, *claims}


@pytest.mark.parametrize(("scores", "gains"), [([9.0, 0.0] * 2, True), ([0.0, 9.0] * 2, False)])
def test_the_head_for_claims_is_compared_with_the_rules(scores, gains, capsys):
    from evaluation.training.claim_data import compare_support

    claims = [c for c in a_few_claims() if c.held_out]
    found = compare_support(claims, scores)
    assert found["head"] == (1.0 if gains else 0.0)
    assert "4 pieces held out, 2 supported" in capsys.readouterr().out


@pytest.mark.model
@pytest.mark.thorough
def test_what_training_writes_the_judge_reads(tmp_path, monkeypatch, capsys):
    """A few pairs, one step: not a good reader, but the whole way from pairs to a judge."""
    from evaluation.training import cross_encoder
    from query.trained_judge import TrainedJudge, open_judge

    yes = positive("How long is the warranty?", PASSAGE, ["36 months"])
    no = Pair("What does it cost?", PASSAGE, answers=False)
    for name in (*TRAINED_ON, *NEVER_TRAINED_ON):
        rows = []
        for i, part in enumerate([Part.READER, Part.STACK, Part.HELD_OUT] * 2):
            part = part if name in TRAINED_ON else Part.HELD_OUT  # noqa: PLW2901
            for pair, label, tier in ((yes, "answerable", ""), (no, "unanswerable", "ablated")):
                pairs = (pair,) if part is Part.READER else ()
                read = () if part is Part.READER else (PASSAGE, "Nothing.")
                rows.append(Asked(name, tier, label, pair.question, part, f"a{i}", 0.5,
                                  lacks_name=False, passages=read, pairs=pairs))  # fmt: skip
        keep(rows, tmp_path / f"{name}.jsonl")
    keep_claims(a_few_claims(), tmp_path / "claims.jsonl")
    for step in ("train", "figures"):
        monkeypatch.setattr("sys.argv", ["cross_encoder", step, str(tmp_path)])
        cross_encoder.main()
    shown = capsys.readouterr().out
    assert "32 pairs, 0.50 with the answer, 6 claims" in shown
    assert "4 pieces held out, 2 supported" in shown
    assert "worth shipping" in shown.splitlines()[-1]
    record = json.loads((tmp_path / RECORD).read_text(encoding="utf-8"))
    assert record["figures"]["mtrag_un ablated"]["unanswerable"] == 6
    judge = open_judge(GateSettings(judge=JudgeKind.TRAINED, reader=tmp_path))
    assert isinstance(judge, TrainedJudge)
    [reading] = SpanReader(tmp_path, read_record(tmp_path)).read("How long?", [PASSAGE])
    assert np.isfinite([reading.span, reading.answers]).all()
