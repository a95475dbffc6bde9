"""Evaluations that are kept: what comes back, what goes, what is left out."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation import records
from evaluation.records import Fared, Record, digest, files_of, keep, kept

START = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)


def record(minute: int = 0, questions: str = "golden") -> Record:
    fared = Fared(
        id="1", question=digest("Where?"), verdict="answerable", p=0.9, found_at_1=False,
        found_at_5=True, ndcg=0.63, right=None, read=(digest("a.txt"),),
    )  # fmt: skip
    return Record(
        made_at=START + dt.timedelta(minutes=minute), questions=questions, generation="g__g1",
        epoch=minute, fared=(fared,), documents={digest("a.txt"): digest("text")},
    )  # fmt: skip


def test_a_record_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    keep(tmp_path, record(1))
    keep(tmp_path, record(2))
    assert kept(tmp_path, "golden", 9) == [record(1), record(2)]
    assert kept(tmp_path, "golden", 1) == [record(2)]
    assert (record(2).found_share, record(2).right_share) == (1.0, None)
    assert record(2).state == "g__g1@2"


def test_sets_are_apart_although_their_names_look_alike(tmp_path: Path) -> None:
    keep(tmp_path, record(questions="golden"))
    keep(tmp_path, record(questions="golden 2"))
    keep(tmp_path, record(questions="GOLDEN"))
    for name in ("golden", "golden 2", "GOLDEN"):
        assert [one.questions for one in kept(tmp_path, name, 9)] == [name]


def test_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "KEPT", 2)
    for minute in range(4):
        keep(tmp_path, record(minute))
    assert [one.epoch for one in kept(tmp_path, "golden", 9)] == [2, 3]


@pytest.mark.parametrize("damage", ["", "{", '{"format": 1}'])
def test_a_damaged_file_is_left_out_and_told(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    keep(tmp_path, record(1))
    keep(tmp_path, record(2))
    files_of(tmp_path, "golden")[-1].write_text(damage, encoding="utf-8")
    assert kept(tmp_path, "golden", 1) == [record(1)]
    assert "left out" in caplog.text


def sampled(ids: str, total: int | None, status: str = "ok", verdict: str = "answerable") -> Record:
    (one,) = record().fared
    fared = tuple(replace(one, id=i, status=status, verdict=verdict) for i in ids)
    return replace(record(), fared=fared, total=total)


@pytest.mark.parametrize(
    ("before", "is_baseline"),
    [
        (sampled("abc", 3), True),
        (sampled("ab", 3), False),  # a sample of the set
        (sampled("ab", 2), True),  # the whole set, before a question was added to it
        (sampled("ab", None), False),  # kept before the size of the set was written down
        (sampled("abc", None), True),
        (sampled("abc", 3, "unavailable", "unavailable"), False),
        (sampled("abc", None, "ok", "unavailable"), False),  # likewise
        (sampled("abc", 3, "degraded"), False),
        (sampled("xyz", 3), False),  # nothing in common
    ],
)
def test_only_a_whole_and_healthy_evaluation_is_a_baseline(
    before: Record, is_baseline: bool
) -> None:
    assert before.is_baseline_of(sampled("abc", 3)) is is_baseline


def test_a_sample_is_held_against_the_whole_or_the_same_sample() -> None:
    later = sampled("ab", 3)
    assert sampled("abc", 3).is_baseline_of(later)
    assert sampled("ab", 3).is_baseline_of(later)
    assert not sampled("bc", 3).is_baseline_of(later)


def test_an_evaluation_during_an_outage_says_so() -> None:
    lost = sampled("abc", 3, "unavailable", "unavailable")
    assert lost.trouble == "3 of 3 could not be asked"
    assert sampled("abc", 3, "degraded").trouble == "3 of 3 degraded"
    assert sampled("abc", 3).trouble == ""


def test_a_home_without_evaluations_has_none(tmp_path: Path) -> None:
    assert kept(tmp_path, "golden", 9) == []
