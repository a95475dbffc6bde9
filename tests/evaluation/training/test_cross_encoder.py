"""The questions a reader learns from, and all steps from question sets to a judge."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from config.settings import GateSettings, JudgeKind
from evaluation.training.claim_data import (
    compare_support,
    keep_claims,
    load_claims,
    read_claims,
)
from evaluation.training.cross_encoder_data import Asked, keep, pairs_of, read_kept
from evaluation.training.examples import Claim, Pair, Support
from indexing.points import Hit
from query.judging.reader import RECORD, SpanReader, read_record
from query.search.fusion import RankedHit
from query.text.passages import make_passage
from tests.support.tiny_word_net import write_word_net

PASSAGE = "The warranty of a Marsh gauge is 36 months from delivery."


def passage(key: str, text: str):
    payload = {"document_id": key, "key": key, "text": text, "title": ""}
    return make_passage(RankedHit(Hit(key, 0.5, payload), 0.5, 0.5, 0.5))


def found_pairs(question: dict, passages: list, removed: dict | None = None) -> list:
    return [(p.passage, p.answers) for p in pairs_of(question, passages, removed or {}, {})]


def test_a_passage_with_the_words_of_the_answer_is_no_negative():
    question = {"question": "When?", "label": "answerable", "gold_document_ids": ["g"],
                "answers": ["1990"]}  # fmt: skip
    passages = [passage("x", "Also in 1990."), passage("y", "In 1987."), passage("g", "In 1990.")]
    assert found_pairs(question, passages) == [("In 1990.", True), ("In 1987.", False)]


def test_an_answerable_question_has_up_to_three_negatives():
    question = {"question": "When?", "label": "answerable", "gold_document_ids": ["g"],
                "answers": ["1990"]}  # fmt: skip
    passages = [passage("g", "In 1990."), *(passage(str(n), f"In 180{n}.") for n in range(8))]
    assert [answers for _, answers in found_pairs(question, passages)] == [True] + [False] * 3


def test_an_adversarial_question_is_paired_with_the_passage_it_was_written_about_and_the_next():
    question = {"question": "When?", "label": "unanswerable", "gold_document_ids": [],
                "near_document_ids": ["n"]}  # fmt: skip
    passages = [passage("x", "One."), passage("n", "Two."), passage("y", "Three.")]
    assert found_pairs(question, passages) == [("Two.", False), ("One.", False)]


def test_a_passage_that_was_taken_out_is_the_positive_of_its_question():
    question = {"question": "When?", "label": "unanswerable", "gold_document_ids": [],
                "removed_document_ids": ["r"], "answers": ["1990"]}  # fmt: skip
    removed = {"r": {"title": "Walls", "text": "Built in 1990."}}
    titles = {"x": "Doors", "r": "Walls"}
    [near, right] = pairs_of(question, [passage("x", "One.")], removed, titles)
    assert near == Pair("When?", "One.", answers=False, article="Doors")
    assert right == Pair("When?", "Walls. Built in 1990.", True, 16, 20, "Walls")


def asked(name: str = "squad", label: str = "answerable") -> Asked:
    pairs = (Pair("q", "p", answers=True, start=0, end=1),)
    return Asked(
        name, "1", "far", label, True, "q", "Oil", {"dense_top1": 0.5}, 0.5, ("p",), pairs, 3
    )


def test_what_was_retrieved_is_read_back_as_it_was(tmp_path: Path):
    keep([asked(), asked(label="unanswerable")], tmp_path / "x.jsonl")
    assert read_kept(tmp_path / "x.jsonl") == [asked(), asked(label="unanswerable")]


@pytest.mark.parametrize(("name", "label", "positive", "judged"), [
    ("squad", "answerable", True, True),
    ("squad", "unanswerable", False, True),
    ("mtrag_un", "ambiguous", False, False),
    ("ramdocs", "ambiguous", True, True),  # namesakes: the answers are there
    ("xquad_en", "answerable", True, False),
])  # fmt: skip
def test_which_questions_are_judged_and_which_hold_their_answer(name, label, positive, judged):
    one = asked(name, label)
    assert (one.is_positive, one.is_judged) == (positive, judged)


def a_few_claims() -> list[Claim]:
    """Four groups, each supported once."""
    return [
        Claim(f"The warranty is {months} months long.", PASSAGE, kind, f"g{group}")
        for group in range(4)
        for months, kind in ((36, Support.SUPPORTED), (24, Support.NOT))
    ]


def test_claims_are_read_back_as_they_were(tmp_path: Path):
    keep_claims(a_few_claims(), tmp_path / "claims.jsonl")
    assert read_claims(tmp_path / "claims.jsonl") == a_few_claims()


@pytest.mark.parametrize(("scores", "gains"), [([0.9, 0.1] * 4, True), ([0.1, 0.9] * 4, False)])
def test_the_head_for_claims_is_compared_with_the_rules(scores, gains, capsys):
    found = compare_support(a_few_claims(), scores)
    assert found["head"] == (1.0 if gains else 0.0)
    assert "8 pieces, 4 supported" in capsys.readouterr().out


TOWNS = ("Kelso", "Selkirk", "Port Ellen", "Melrose", "Ayr", "Oban", "Wick", "Nairn", "Lanark",
         "Tain")  # fmt: skip


def write_lines(file: Path, records: list[dict]) -> None:
    file.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")


def write_set(folder: Path, tier: str) -> None:
    """Write ten documents, each with a question that it answers and one that it does not."""
    folder.mkdir()
    documents, questions = [], []
    for number, town in enumerate(TOWNS):
        year = str(1801 + 7 * number)
        text = f"The mill of {town} was built in {year} for the farmers of the valley."
        documents.append({"id": f"d{number}", "title": town, "text": text})
        same = {"gold_document_ids": [f"d{number}"], "answers": [year], "label": "answerable"}
        other = {"gold_document_ids": [], "near_document_ids": [f"d{number}"], "tier": tier,
                 "label": "unanswerable"}  # fmt: skip
        questions += [
            {"id": f"a{number}", "question": f"When was the mill of {town} built?", **same},
            {"id": f"u{number}", "question": f"Who owns the mill of {town} today?", **other},
        ]
    write_lines(folder / "documents.jsonl", documents)
    write_lines(folder / "questions.jsonl", questions)


def test_a_step_that_lacks_what_another_writes_says_so(tmp_path: Path):
    from evaluation.training.cross_encoder import main

    with pytest.raises(SystemExit, match=r"windows\.jsonl\.gz is not there: run `texts` first"):
        main(["pretrain", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"squad\.jsonl is not there: run `prepare` first"):
        main(["figures", str(tmp_path)])


def test_a_folder_without_question_sets_says_so_and_leaves_nothing(tmp_path: Path):
    from evaluation.training.cross_encoder import main

    with pytest.raises(SystemExit, match="has none of the question sets"):
        main(["prepare", str(tmp_path), str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


@pytest.mark.model
@pytest.mark.thorough
@pytest.mark.timeout(900)
def test_all_steps_lead_from_question_sets_to_a_judge(tmp_path: Path, monkeypatch, capsys):
    """A few dozen questions, a step of training each: no good reader, but the whole way."""
    from evaluation.training import cross_encoder
    from query.judging.trained_judge import TrainedJudge, open_judge

    data, folder, texts = tmp_path / "data", tmp_path / "folder", tmp_path / "texts"
    data.mkdir()
    for name in ("squad", "nq_oracle", "clapnq", "mtrag_un"):  # the others are left out
        write_set(data / name, "adversarial" if name in ("squad", "clapnq") else "ablated")
    (data / "wice_oracle").mkdir()
    claims = [{"claim": c.claim, "evidence": [c.evidence], "label": c.support, "group": c.group}
              for c in a_few_claims()]  # fmt: skip
    write_lines(data / "wice_oracle" / "claims.jsonl", claims)
    assert load_claims(data) == a_few_claims()
    texts.mkdir()
    for town in TOWNS[:4]:
        said = f"In 1866 the old mill of {town} sold 40 sacks of barley to Robert Hume of Oban. "
        (texts / f"{town}.txt").write_text(said * 20, encoding="utf-8")
    tuning = replace(cross_encoder.FINE_TUNING, batch=8, steps=2)
    monkeypatch.setattr(cross_encoder, "FINE_TUNING", tuning)
    monkeypatch.setattr(cross_encoder, "TIMED", 1)

    def run(*step: str) -> str:
        cross_encoder.main([step[0], *(str(data) for _ in step[:1] if step[0] == "prepare"),
                            str(folder), *step[1:]])  # fmt: skip
        return capsys.readouterr().out

    assert "20 questions" in run("prepare", "--limit", "20")
    assert "4 documents" in run(
        "texts", str(texts), "--wordnet", str(write_word_net(tmp_path / "w"))
    )
    assert "round 2: 30 examples" in run("pretrain", "--examples", "30", "--processes", "1")
    for fold in range(5):
        assert f"fold-{fold}: " in run("train", "--fold", str(fold), "--seeds", "1")
    assert "step 2 of 2" in run("train", "--without", "clapnq", "--seeds", "1")
    assert "everything: " in run("train", "--seeds", "2")
    shown = run("figures")
    assert "8 pieces, 4 supported" in shown
    assert "worth shipping" in shown.splitlines()[-1]
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    assert record["figures"]["mtrag_un ablated"]["unanswerable"] == 10
    assert record["figures"]["clapnq left out adversarial"]["answerable"] == 10
    judge = open_judge(GateSettings(judge=JudgeKind.TRAINED, reader=folder))
    assert isinstance(judge, TrainedJudge)
    [reading] = SpanReader(folder, read_record(folder)).read("How long?", [PASSAGE])
    assert np.isfinite([reading.span, reading.answers]).all()
    assert "bf16" in run("speed")
