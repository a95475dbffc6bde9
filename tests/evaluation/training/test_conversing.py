"""What the reader learns from conversations, and that it keeps what it knows."""

import copy
import json
import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from config.settings import GateSettings
from evaluation.training.batching import BATCH, batches_of
from evaluation.training.conversation_pairs import Asked, pairs_of
from evaluation.training.conversing import (
    average,
    chosen,
    fit_in_talk,
    learnt_by,
    name_anew,
    open_reader,
    pairs_by_collection,
    sets_without,
    train,
)
from evaluation.training.openness import CONVERSATIONS
from evaluation.training.passage_pairs import PASSAGES, Pair, forms_of
from query.asking.conversation import in_context
from query.asking.followups import Turn, resolve
from query.asking.question import understand
from query.decision import Verdict
from query.judging.reader import HERE, RECORD, WEIGHTS
from query.judging.stacking import INPUTS, Stack, read_together
from query.labelled import LabelledQuestion
from query.networks.reader_network import encode
from tests.query.ambiguity.test_conflicts import titled

LOANS = replace(titled("Loans", "Whoever misses an instalment pays a fee of 12 euro.", 1),
                key="loans.txt")  # fmt: skip
ALSO = replace(titled("Loans", "Our branches are open until six.", 2), key="loans.txt")
CARDS = replace(titled("Cards", "A new card costs nine euro.", 3), key="cards.txt")
TALK = (Turn("user", "I have a loan with you."), Turn("assistant", "How can I help?"))


def asked(question: str, label: Verdict, *answers: str, earlier=(), gold=("loans",)) -> Asked:
    understood = understand(resolve(question, earlier), GateSettings(), frozenset({"en"}))
    labelled = LabelledQuestion(
        id="1", question=question, label=label, answers=answers, gold=frozenset(gold)
    )
    whole = in_context(understood, question, earlier)
    keys = frozenset(f"{name}.txt" for name in gold)
    return Asked(labelled, whole, [CARDS, LOANS, ALSO], None, keys)


def test_a_follow_up_is_read_in_two_forms():
    question = asked("And if I miss one?", Verdict.ANSWERABLE, earlier=TALK).question
    first, second = forms_of(question)
    assert first == question.text
    assert second == "I have a loan with you. And if I miss one?"
    assert len(forms_of(asked("What is a loan?", Verdict.ANSWERABLE).question)) == 1


def test_the_passage_that_has_the_answer_is_right_and_the_others_are_not():
    pairs = pairs_of(asked("What if I am late?", Verdict.ANSWERABLE, "A fee of 12 euro."))
    assert [(p.passage.split(".")[0], p.answers) for p in pairs] == [
        ("Loans", True), ("Cards", False), ("Loans", False),
    ]  # fmt: skip
    assert "instalment" in pairs[0].passage
    assert pairs[0].weight > pairs[1].weight


def test_nothing_is_learnt_where_no_passage_surely_holds_the_answer():
    assert not pairs_of(asked("What if?", Verdict.ANSWERABLE, "Nobody knows that yet."))
    assert not pairs_of(asked("What if?", Verdict.ANSWERABLE))
    assert not pairs_of(asked("What if?", Verdict.ANSWERABLE, "A fee of 12 euro.", gold=("x",)))
    assert not pairs_of(asked("What if?", Verdict.AMBIGUOUS, "A fee of 12 euro."))


def test_no_passage_answers_an_unanswerable_question():
    pairs = pairs_of(asked("Who owns the bank?", Verdict.UNANSWERABLE, earlier=TALK, gold=()))
    assert len(pairs) == 6
    assert not any(pair.answers for pair in pairs)


def test_batches_hold_every_pair_once():
    pairs = [Pair(str(n), "x" * (n % 7), answers=False) for n in range(3 * BATCH + 5)]
    batches = batches_of(pairs, lambda pair: len(pair.passage), random.Random(1))
    assert max(map(len, batches)) <= BATCH
    assert sorted(p.question for batch in batches for p in batch) == sorted(
        p.question for p in pairs
    )


def test_the_stack_of_conversations_leaves_the_features_out():
    rng = np.random.default_rng(3)
    positive = np.arange(60) % 2 == 0
    rows = rng.normal(size=(60, len(INPUTS))) + positive[:, None]
    record = fit_in_talk(rows, positive)
    assert record["coefficients"][0] == 0.0
    assert max(record["coefficients"]) > 0.0
    alone, in_talk = read_together(record, Stack((0.0,) * 6, (1.0,) * 6, (1.0,) * 6, 0.0))
    assert alone != in_talk


def test_the_name_of_a_judge_changes_with_all_that_its_scores_depend_on():
    record = {"weights_sha256": "a", "stack": {"x": 1}}
    name_anew(record)
    before = record["calibration_id"]
    names = {before}
    for change in ({"in_talk": {"beside": 0.5}}, {"enough": 0.0}, {"passages": 3}, {"length": 128}):
        record |= change
        name_anew(record)
        names.add(record["calibration_id"])
    assert len(names) == 5


def test_the_mean_of_two_readers_knows_what_either_learnt(tmp_path):
    folders = [tmp_path / name for name in ("one", "other", "mean")]
    for folder, value, learnt in zip(folders, (1.0, 2.0), ("bank", "cloud"), strict=False):
        folder.mkdir()
        save_file({"span.bias": torch.full((2,), value)}, folder / WEIGHTS)
        (folder / RECORD).write_text(json.dumps({"conversations": [learnt]}), encoding="utf-8")
    average(*folders)
    assert load_file(folders[2] / WEIGHTS)["span.bias"].tolist() == [1.5, 1.5]
    assert learnt_by(folders[2]) == ["bank", "cloud"]
    save_file({"gate.bias": torch.zeros(1)}, folders[1] / WEIGHTS)
    with pytest.raises(ValueError, match="same weights"):
        average(*folders)


def test_collections_can_be_left_out():
    names = [path.name for path in sets_without(["bank"])]
    assert "bank" not in names
    assert "cloud" in names


@pytest.mark.model
def test_it_learns_and_keeps():
    network, tokenizer = open_reader(HERE)
    before = copy.deepcopy(network)
    text = "Loans. Whoever misses an instalment pays a fee of 12 euro."
    pairs = [Pair("ouch, and what happens then?", text, answers=True)] * 40
    kept = [("How long is the warranty?", "The warranty is 36 months from delivery.")] * 8
    train(network, tokenizer, pairs, kept)

    def answers(reader, question, passage) -> float:
        inputs, _ = encode(tokenizer, [(question, passage)])
        with torch.inference_mode():
            return reader(inputs)[1].item()

    learnt, known = (pairs[0].question, text), kept[0]
    assert answers(network, *learnt) > answers(before, *learnt)
    assert answers(network, *known) == pytest.approx(answers(before, *known), abs=1.0)
    embeddings = "body.embeddings.word_embeddings.weight"
    assert torch.equal(network.state_dict()[embeddings], before.state_dict()[embeddings])


def test_what_is_new_is_learnt_whole_and_a_share_of_the_rest():
    collections = [
        (name, [Pair(f"{name}{n}", "", answers=True) for n in range(40)]) for name in "ab"
    ]
    found = Counter(pair.question[0] for pair in chosen(collections, ["b"], 0.25))
    assert found == {"a": 10, "b": 40}
    assert chosen(collections, ["b"], 0.25) == chosen(collections, ["b"], 0.25)
    assert len(chosen(collections, [], 0.25)) == 80
    with pytest.raises(ValueError, match="not there: c"):
        chosen(collections, ["b", "c"], 0.25)


def test_a_collection_that_has_questions_about_passages_only_can_be_left_out() -> None:
    kept = {"law"}
    every = {path.name for of in (CONVERSATIONS, PASSAGES) for path in of.iterdir()}
    found = dict(pairs_by_collection(sorted(every - kept)))
    assert found.keys() == kept
    assert all(found.values())
