"""`holdfast calibrate`: honest about too few questions, in force when it promises, void later."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.calibrating import calibrating
from indexing.errors import StoreUnavailableError
from indexing.stores.edge import EdgeStore
from query.decision import Verdict


def write(path: Path, records: Any) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return path


def asked(of_a_label: int) -> list[dict[str, str]]:
    """Questions; what the stand-in encoder thinks of them does not matter here."""
    return [
        {"id": f"{label}{i}", "question": f"Where do the keys of room {i} hang?", "label": label}
        for i in range(of_a_label)
        for label in ("answerable", "unanswerable")
    ]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """As many as it takes to promise something."""
    return write(tmp_path / "golden.jsonl", asked(120))


@pytest.fixture
def good_scores(monkeypatch: pytest.MonkeyPatch, outcome: Any) -> None:
    """Scores that tell answerable questions from others."""

    def score(_corpus: Any, asked: Any) -> list[Any]:
        return [
            outcome(
                q.label.value,
                p=(0.6 if q.label is Verdict.ANSWERABLE else 0.2) + (int(q.id[-1]) / 40),
                id=q.id,
            )
            for q in asked
        ]

    monkeypatch.setattr(calibrating, "score_questions", score)


@pytest.fixture
def outcome() -> Any:
    """Make an outcome with a label and a score."""
    from evaluation.asking import Outcome
    from query.labelled import LabelledQuestion

    def make(label: str, p: float, id: str) -> Outcome:
        question = LabelledQuestion(id=id, question="?", label=Verdict(label))
        verdict = "answerable" if p >= 0.35 else "unanswerable"
        codes = ("evidence_found",) if p >= 0.35 else ("low_support",)
        return Outcome(question, "ok", verdict, p, (), frozenset(), codes, (), None, 1.0)

    return make


def test_too_few_questions_promise_nothing_and_change_nothing(desk: Any, tmp_path: Path) -> None:
    few = write(
        tmp_path / "few.jsonl",
        [{"question": "When does the night shift begin?", "label": "answerable"}],
    )
    ended = desk.on_home("calibrate", few, "--json")
    assert ended.code == 3
    assert "too few questions" in ended.json["problem"]
    assert ended.json["calibration"] is None
    assert not (desk.home / "calibrations").exists()
    assert "Nothing is promised" in desk.on_home("calibrate", few).out


def test_a_document_is_on_one_side_whatever_names_it(
    desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = desk.on_home("docs", "list", "--json").out
    document = next(d for d in map(json.loads, listed.splitlines()) if d["key"] == "rota.md")
    lines = [
        {"question": "Who knows?", "label": "answerable", "gold_keys": [document["key"]]},
        {
            "question": "When?",
            "label": "answerable",
            "gold_document_ids": [document["document_id"]],
        },
        {"question": "Why?", "label": "unanswerable", "exclude_keys": [document["document_id"]]},
    ]
    sides: list[set[str]] = []
    real = calibrating.fit

    def noted(samples: Any, *more: Any) -> Any:
        sides.append({sample.group for sample in samples})
        return real(samples, *more)

    monkeypatch.setattr(calibrating, "fit", noted)
    assert desk.on_home("calibrate", write(tmp_path / "mixed.jsonl", lines)).code == 3
    assert sides == [{document["key"]}]


def test_an_outage_is_no_mistake_of_the_set(
    desk: Any, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> Any:
        raise StoreUnavailableError("gone")

    monkeypatch.setattr(EdgeStore, "search", down)
    ended = desk.on_home("calibrate", questions, "--limit", 3)
    assert ended.code == 1
    assert "3 of 3 questions could not be judged in full (store_unavailable)" in ended.complaint
    assert not (desk.home / "calibrations").exists()


@pytest.mark.usefixtures("good_scores")
def test_a_question_that_is_asked_again_proves_nothing_more(desk: Any, tmp_path: Path) -> None:
    few = asked(30)
    ended = desk.on_home("calibrate", write(tmp_path / "few.jsonl", few), "--json")
    again = [
        {**line, "id": f"{line['id']}-{n}", "question": f" {line['question'].lower()}"}
        for n in range(4)
        for line in few
    ]
    copied = desk.on_home("calibrate", write(tmp_path / "again.jsonl", again), "--json")
    assert (ended.code, copied.code) == (3, 3)
    assert copied.json["figures"]["questions"] == ended.json["figures"]["questions"] == 60
    assert copied.json["figures"]["asked_again_and_left_out"] == 180
    enough = [*asked(120), {**few[0], "id": "again"}]
    made = desk.on_home("calibrate", write(tmp_path / "enough.jsonl", enough), "--json")
    assert (made.code, made.json["figures"]["asked_again_and_left_out"]) == (0, 1)
    listed = desk.on_home("calibrate", "--json").json
    assert listed["in_force"] == made.json["calibration"]["calibration_id"]


@pytest.mark.usefixtures("good_scores")
def test_a_question_is_the_same_whatever_names_the_document_it_hides(
    desk: Any, tmp_path: Path
) -> None:
    listed = desk.on_home("docs", "list", "--json").lines
    document = next(d for d in listed if d["key"] == "rota.md")
    line = {"question": "When?", "label": "unanswerable"}
    lines = [
        {**line, "exclude_keys": [document["key"]]},
        {**line, "exclude_document_ids": [document["document_id"]]},
        line,
    ]
    ended = desk.on_home("calibrate", write(tmp_path / "same.jsonl", lines), "--json")
    assert ended.json["figures"]["questions"] == 2
    assert ended.json["figures"]["asked_again_and_left_out"] == 1


@pytest.mark.usefixtures("good_scores")
def test_a_calibration_is_in_force_until_something_changes(
    desk: Any, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = desk.on_home("calibrate", questions, "--json", "--max-risk", "0.1")
    assert ended.code == 0, ended.out
    made = ended.json["calibration"]
    asked = desk.on_home("ask", "When does the night shift begin?", "--json").json
    assert asked["calibration_id"] == made["calibration_id"]
    shown = desk.on_home("calibrate", "--json").json
    assert shown["in_force"] == made["calibration_id"]
    assert shown["drift"]["questions"] == 1
    replayed = desk.on_home("replay", asked["request_id"], "--json").json
    assert replayed["identical"], replayed["differences"]
    monkeypatch.setenv("HOLDFAST_RETRIEVAL__TOP_K", "5")
    other = desk.on_home("ask", "When does the night shift begin?", "--json").json
    assert other["risk_bound"] is None
    assert "calibration_void" in {r["code"] for r in other["reasons"]}
    assert desk.on_home("calibrate", "--json").json["in_force"] is None


@pytest.mark.usefixtures("good_scores")
def test_calibrating_again_is_what_a_damaged_calibration_takes(desk: Any, questions: Path) -> None:
    first = desk.on_home("calibrate", questions, "--max-risk", "0.1", "--json").json["calibration"]
    question = ("ask", "When does the night shift begin?", "--json")
    before = desk.on_home(*question).json["request_id"]
    file = desk.home / "calibrations" / f"{first['calibration_id']}.json"
    file.write_text("{", encoding="utf-8")
    assert "run `holdfast calibrate` again" in desk.on_home("calibrate").complaint
    again = desk.on_home("calibrate", questions, "--max-risk", "0.1", "--json").json["calibration"]
    assert desk.on_home("calibrate", "--json").json["in_force"] == again["calibration_id"]
    asked = desk.on_home(*question).json
    assert asked["calibration_id"] == again["calibration_id"]
    assert desk.on_home("replay", asked["request_id"]).code == 0
    assert first["calibration_id"] in desk.on_home("replay", before).complaint


@pytest.mark.usefixtures("good_scores")
def test_a_promise_is_told_as_it_was_given(desk: Any, questions: Path) -> None:
    given = ("--max-risk", "0.125", "--confidence", "0.995", "--max-refused", "0.075")
    told = " ".join(desk.on_home("calibrate", questions, *given).out.split())
    assert "at most 12.5% are not, with 99.5% confidence" in told
    assert "at most 7.5% are refused" in told
    assert "12.5% at 99.5%" in desk.on_home("calibrate").out


@pytest.mark.usefixtures("good_scores")
def test_doctor_says_which_calibration_holds(
    desk: Any, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> tuple[bool, str]:
        findings = desk.on_home("doctor", "--json").json["findings"]
        (found,) = [f for f in findings if f["part"] == "calibration"]
        return found["sound"], found["detail"]

    assert told()[1].startswith("none; p_answerable is that of the built-in model")
    made = desk.on_home("calibrate", questions, "--json", "--max-risk", "0.1").json["calibration"]
    in_force = f"{made['calibration_id']} is in force: at most 10% wrong with 95%"
    assert told() == (True, in_force)
    monkeypatch.setenv("HOLDFAST_RETRIEVAL__TOP_K", "5")
    assert told()[1].startswith("calibration_void: ")
    file = desk.home / "calibrations" / f"{made['calibration_id']}.json"
    file.write_text("{}", encoding="utf-8")
    assert told()[0] is False


@pytest.mark.usefixtures("good_scores")
def test_status_and_metrics_say_which_calibration_holds(
    desk: Any, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> tuple[str, str | None, list[str]]:
        found = desk.on_home("status", "--json").json["calibration"]
        samples = desk.on_home("metrics", "--json").json
        states = [s for s in samples if s["name"] == "holdfast_calibration" and s["value"] == 1]
        return found["state"], found["calibration_id"], [s["labels"]["state"] for s in states]

    assert told() == ("none", None, ["none"])
    assert "calibration" not in desk.on_home("status").out
    made = desk.on_home("calibrate", questions, "--json", "--max-risk", "0.1").json["calibration"]
    name = made["calibration_id"]
    assert told() == ("in_force", name, ["in_force"])
    assert f"calibration {name} in force" in desk.on_home("status").out
    with monkeypatch.context() as patch:
        patch.setattr("query.opening.latest_probabilities", lambda *_, **__: [0.0] * 300)
        assert told() == ("stale", name, ["stale"])
    with monkeypatch.context() as patch:
        patch.setenv("HOLDFAST_RETRIEVAL__TOP_K", "5")
        assert told() == ("void", None, ["void"])
        assert "calibrate` again" in " ".join(desk.on_home("status").out.split())
    (desk.home / "calibrations" / f"{name}.json").write_text("{}", encoding="utf-8")
    assert told() == ("void", None, ["void"])


@pytest.mark.usefixtures("good_scores")
def test_a_stale_calibration_is_not_listed_as_a_promise(
    desk: Any, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.on_home("calibrate", questions, "--max-risk", "0.1")
    listed = " ".join(desk.on_home("calibrate").out.split())
    assert "too few questions yet (0 of 200)" in listed
    assert "without its promise" not in listed
    monkeypatch.setattr("query.opening.latest_probabilities", lambda *_, **__: [0.0] * 300)
    listed = " ".join(desk.on_home("calibrate").out.replace("│", " ").split())
    assert "in force, without its promise" in listed
    assert "over 300 questions" in listed


def test_real_scores_are_asked_for_and_kept_apart(desk: Any, tmp_path: Path) -> None:
    enough_to_fit = write(tmp_path / "golden.jsonl", asked(36))
    ended = desk.on_home("calibrate", enough_to_fit, "--json")
    assert ended.code == 3
    assert ended.json["figures"]["questions"] == 72
    assert "auroc" in ended.json["figures"], ended.json["problem"]
    assert ended.json["problem"]
    assert desk.on_home("calibrate", "--json").json["calibrations"] == []


@pytest.mark.usefixtures("good_scores")
def test_a_set_about_documents_of_its_own_promises_nothing_about_the_live_index(
    desk: Any, tmp_path: Path
) -> None:
    (own := tmp_path / "own").mkdir()
    write(own / "questions.jsonl", asked(120))
    write(own / "documents.jsonl", [{"id": "d1", "text": "The keys of room 1 hang in the hall."}])
    assert "The set own brings documents of its own" in desk.on_home("calibrate", own).complaint
    assert desk.on_home("calibrate", own / "questions.jsonl").code == 0


def test_drafts_and_unlabelled_questions_are_refused(desk: Any, tmp_path: Path) -> None:
    draft = {"question": "Where?", "label": "answerable", "reviewed": False}
    complaint = desk.on_home("calibrate", write(tmp_path / "d.jsonl", [draft])).complaint
    assert "drafts" in complaint
    plain = write(tmp_path / "p.jsonl", [{"question": "Where?"}])
    assert "no question with a label" in desk.on_home("calibrate", plain).complaint


@pytest.mark.parametrize(
    "wrong", [("--max-risk", "0"), ("--max-risk", "1.5"), ("--confidence", "0.2")]
)
def test_promises_that_are_none_are_refused(desk: Any, questions: Path, wrong: Any) -> None:
    ended = desk.on_home("calibrate", questions, *wrong)
    assert ended.code == 2
    assert wrong[0] in ended.complaint


def test_nothing_is_promised_of_two_generations_at_once(
    desk: Any, questions: Path, good_scores: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One was promoted while the questions were asked."""
    find, found = calibrating.present_binding, []

    def present(corpus: Any) -> Any:
        found.append(replace(find(corpus), generation=f"holdfast__g{len(found) + 1}"))
        return found[-1]

    monkeypatch.setattr(calibrating, "present_binding", present)
    ended = desk.on_home("calibrate", questions)
    assert ended.code == 2
    assert "generation: holdfast__g1 → holdfast__g2" in ended.complaint
    assert not (desk.home / "calibrations").exists()
