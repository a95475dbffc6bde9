"""The golden gate: every field of a line counts, drafts do not, and nothing is no pass."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config.errors import ConfigError
from config.settings import PromotionSettings
from indexing.errors import PromotionError
from indexing.generations.gates import GateOutcome
from query import golden
from query.decision import ReasonCode, Status, Verdict
from query.golden import fell, golden_gate, golden_gates, read_golden

ANSWERABLE = {"id": "a", "question": "When?", "label": "answerable", "gold_document_ids": ["a.md"]}
REFUSABLE = {"id": "b", "question": "Who?", "label": "unanswerable", "exclude_keys": ["b.md"],
             "history": ["Earlier."]}  # fmt: skip


class Engine:
    """Answers as told, by question, and remembers how it was asked."""

    def __init__(self, **told: Any) -> None:
        self.told = told
        self.whole: set[str] = set()
        """Questions for which nothing is missing although the rest is degraded."""
        self.asked: list[Any] = []

    def ground(self, question: str, exclude: frozenset[str], *, history: Any) -> Any:
        self.asked.append((question, exclude, history))
        verdict, *keys = self.told.get(question.rstrip("?"), ("unanswerable",))
        lost = verdict in {"unavailable"}
        told = Status.OK if question.rstrip("?") in self.whole else self.told.get("status")
        return SimpleNamespace(
            verdict=None if lost else Verdict(verdict),
            status=Status.UNAVAILABLE if lost else told or Status.OK,
            reasons=(SimpleNamespace(code=ReasonCode.STORE_UNAVAILABLE),) if lost else (),
            retrieved_keys=tuple(keys),
            retrieved_document_ids=(),
        )


def write(folder: Path, *lines: Any) -> Path:
    file = folder / "golden.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Hold a candidate against the live generation on some lines."""

    def hold(lines: Any, live: Engine, candidate: Engine, tolerance: float = 0.0) -> Any:
        engines = {"live": live, "candidate": candidate}
        monkeypatch.setattr(golden, "open_engine_on", lambda _, one: engines[one.name])
        contest = SimpleNamespace(
            corpus=SimpleNamespace(ledger=None),
            settings=PromotionSettings(golden_tolerance=tolerance),
            live=SimpleNamespace(name="live"), candidate=SimpleNamespace(name="candidate"),
        )  # fmt: skip
        return golden_gate(read_golden(write(tmp_path, *lines)), contest)

    return hold


GOOD = {"When": ("answerable", "a.md"), "Who": ("unanswerable",)}


def test_the_fields_of_an_evaluation_count_as_well(held: Any) -> None:
    good = held([ANSWERABLE, REFUSABLE], Engine(**GOOD), Engine(**GOOD))
    assert good.outcome is GateOutcome.PASSED
    assert "first 5: 1 of 1, live 1; rightly answered or refused: 2 of 2, live 2" in good.detail
    lost = held([ANSWERABLE], Engine(**GOOD), Engine(When=("answerable", "z.md")))
    assert lost.outcome is GateOutcome.FAILED
    assert "0 of 1, live 1" in lost.detail
    wrong = held([REFUSABLE], Engine(**GOOD), Engine(Who=("answerable", "z.md")))
    assert wrong.outcome is GateOutcome.FAILED


@pytest.mark.parametrize(
    ("before", "now", "of", "tolerance"),
    [(8, 7, 10, 0.1), (20, 19, 20, 0.05), (100, 98, 100, 0.02)],
)
def test_a_fall_of_just_what_is_allowed_is_none(
    before: int, now: int, of: int, tolerance: float
) -> None:
    assert not fell(before / of, now / of, tolerance)
    assert fell(before / of, (now - 1) / of, tolerance)
    assert fell(before / of, now / of, tolerance - 1e-6)


def test_a_generation_that_fares_worse_by_just_what_is_allowed_passes(held: Any) -> None:
    lines = [{"id": str(n), "question": f"q{n}", "label": "answerable"} for n in range(10)]
    live = Engine(**{f"q{n}": ("answerable",) for n in range(8)})
    candidate = Engine(**{f"q{n}": ("answerable",) for n in range(7)})
    assert held(lines, live, candidate, 0.1).outcome is GateOutcome.PASSED
    assert held(lines, live, candidate, 0.05).outcome is GateOutcome.FAILED


def test_documents_are_hidden_and_earlier_turns_are_said(held: Any) -> None:
    engine = Engine(**GOOD)
    held([REFUSABLE], engine, Engine(**GOOD))
    assert engine.asked == [("Who?", frozenset({"b.md"}), ("Earlier.",))]


def test_drafts_do_not_count_and_are_counted_aloud(held: Any) -> None:
    draft = {**ANSWERABLE, "id": "d", "reviewed": False}
    silent = {"id": "s", "question": "What?"}
    engine = Engine(**GOOD)
    found = held([REFUSABLE, draft, silent], engine, Engine(**GOOD))
    assert [question for question, *_ in engine.asked] == ["Who?"]
    assert "1 drafts that nobody has reviewed and 1 without a label" in found.detail


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "has no question"),
        ([{**ANSWERABLE, "reviewed": False}], "1 drafts that nobody has reviewed"),
        ([{"question": "What?"}], "1 without a label or a gold document"),
        ([{"question": "What?", "labell": "answerable"}], "did you mean 'label'?"),
    ],
)
def test_a_set_that_asks_nothing_never_passes(tmp_path: Path, lines: Any, complaint: str) -> None:
    settings = SimpleNamespace(promotion=PromotionSettings(golden=write(tmp_path, *lines)))
    with pytest.raises(ConfigError, match=r"promotion\.golden: ") as caught:
        golden_gates(SimpleNamespace(settings=settings))  # type: ignore[arg-type]
    assert complaint in str(caught.value)


def test_an_outage_rejects_no_generation(held: Any) -> None:
    down = Engine(When=("unavailable",), Who=("unavailable",))
    with pytest.raises(PromotionError, match=r"2 of 2 .*candidate \(store_unavailable\)"):
        held([ANSWERABLE, REFUSABLE], Engine(**GOOD), down)


def test_degraded_answers_are_counted(held: Any) -> None:
    found = held([ANSWERABLE], Engine(**GOOD), Engine(**GOOD, status=Status.DEGRADED))
    assert "degraded: 1, live 0" in found.detail


def test_a_degraded_candidate_is_not_rejected_for_what_it_lost(held: Any) -> None:
    lost = Engine(status=Status.DEGRADED)
    with pytest.raises(PromotionError, match=r"1 of 1 .* candidate while a part was missing"):
        held([ANSWERABLE], Engine(**GOOD), lost)
    # Some of it fell where nothing was missing.
    other = {**REFUSABLE, "id": "c", "question": "Which?"}
    worse = Engine(Which=("answerable",), status=Status.DEGRADED)
    worse.whole = {"Which"}
    assert held([ANSWERABLE, other], Engine(**GOOD), worse).outcome is GateOutcome.FAILED


def test_a_candidate_does_not_pass_because_the_live_one_was_degraded(held: Any) -> None:
    lost = Engine(status=Status.DEGRADED)
    with pytest.raises(PromotionError, match=r"asked of live while .* whether candidate fares"):
        held([ANSWERABLE], lost, Engine())
    assert held([ANSWERABLE], lost, Engine(**GOOD)).outcome is GateOutcome.PASSED


def test_what_is_degraded_in_both_is_compared(held: Any) -> None:
    poor, good = Engine(status=Status.DEGRADED), Engine(**GOOD, status=Status.DEGRADED)
    assert held([ANSWERABLE], poor, Engine(status=Status.DEGRADED)).outcome is GateOutcome.PASSED
    assert held([ANSWERABLE], good, poor).outcome is GateOutcome.FAILED


def test_a_folder_with_documents_of_its_own_is_refused(tmp_path: Path) -> None:
    write(tmp_path, ANSWERABLE).rename(tmp_path / "questions.jsonl")
    (tmp_path / "documents.jsonl").write_text('{"id": "a.md", "text": "Two."}\n')
    with pytest.raises(ConfigError, match="documents of its own"):
        read_golden(tmp_path)
