"""The report and the drafts, from a log that real requests and feedback have written."""

import hashlib
import json
import re

import numpy as np
import pytest

from indexing.corpus import Corpus
from query.text.words import stems

KEYS = "In which room do the keys of the archive hang?"
PARKING = "How much is the monthly parking fee of the headquarters?"
HOSTILE = '<script>alert("x")</script><img src=http://evil.example/a.png> robot lawn mower?'
MAIL = "anna@example.org"


def ask(desk, question):
    return desk.on_home("ask", question, "--json").json["request_id"]


class WordEncoder:
    """One fixed random direction per stem, so that shared words make vectors alike."""

    dimension = 384
    window = 256

    def load(self):
        """Nothing to load."""

    def encode_documents(self, texts):
        return np.stack([self.encode_query(text) for text in texts])

    def encode_query(self, text):
        total = np.full(self.dimension, 1e-3, dtype=np.float32)
        for word in stems(text):
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
            total += np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        return (total / np.linalg.norm(total)).astype(np.float32)


@pytest.fixture
def desk(empty_desk, monkeypatch):
    """A home whose gate can tell what is answered by the words."""
    encoder = WordEncoder()
    monkeypatch.setattr(Corpus, "encoder", property(lambda _: encoder))
    empty_desk.write("keys.txt", "The keys of the archive hang in room twelve.\n")
    empty_desk.write("rota.md", "# Rota\n\nThe night shift begins at ten in the evening.\n")
    return empty_desk


@pytest.fixture
def used(desk):
    """A home that was asked things it does not hold, held, or holds only since; ids by name."""
    desk.write("parking.md", "# Parking\n\nThe monthly parking fee of the headquarters is €40.\n")
    desk.ingest()
    desk.write("parking.md", "# Parking\n\nPlaces are given out by the porter.\n")
    desk.write("canteen menu of the week.txt", b"")
    desk.ingest()
    ids = {
        "hostile": ask(desk, HOSTILE),
        "parking": ask(desk, PARKING),
        "menu": ask(desk, f"What is on the canteen menu this week? Tell {MAIL}."),
        "late": ask(desk, "When does the ferry to Halmstad leave?"),
    }
    desk.write("ferry.md", "# Ferry\n\nThe ferry to Halmstad leaves at nine in the morning.\n")
    desk.ingest()
    ids["since"] = ask(desk, "When does the ferry to Halmstad leave?")
    ids["keys"] = ask(desk, KEYS)
    return ids


def say(desk, request, *options):
    assert desk.on_home("feedback", request, *options).code == 0


def test_the_report_says_what_to_mend(desk, used, tmp_path):
    say(desk, used["keys"], "--verdict", "wrong", "--correct", "<b>Room thirteen</b>.")
    say(desk, used["hostile"], "--verdict", "missing", "--cited", "mowers.md")
    say(desk, used["since"], "--verdict", "helpful")
    out = tmp_path / "report.html"
    found = desk.on_home("report", "--out", out, "--json").json
    assert found["requests"] == 6
    assert found["feedback"] == {"wrong": 1, "missing": 1, "helpful": 1}
    labels = " ".join(topic["label"] for topic in found["unanswered_topics"])
    assert {"parking", "menu"} <= set(labels.split())
    assert HOSTILE in [topic["examples"][0] for topic in found["unanswered_topics"]]
    gaps = {(gap["kind"], gap["key"]) for gap in found["gaps"]}
    assert gaps == {("superseded", "parking.md"), ("quarantined", "canteen menu of the week.txt")}
    (later,) = found["later_answered"]
    assert later["request_ids"] == [used["late"], used["since"]]
    assert (later["changed"], later["answered_from"]) == ("index", ["ferry.md"])
    assert found["thumbs_down"]["causes"] == {"document_not_indexed": 1, "answer_disputed": 1}
    assert found["latency_ms"]["total"]["n"] == 6
    assert (found["cost"], found["providers"]) == (0, [])

    page = out.read_text(encoding="utf-8")
    assert "Room thirteen" in page
    assert not re.search(r"<script|<img|<b>Room|<link|@import|url\(|src=[^h]", page)
    assert "default-src 'none'" in page
    assert page.count("<svg") == 5
    assert "&lt;script&gt;" in page
    assert MAIL not in page
    assert "[email:1]" in page


def test_what_another_document_serves_word_for_word_is_no_gap(desk):
    old = desk.write("parking.md", "# Parking\n\nThe monthly parking fee is €40.\n")
    text = old.read_bytes()
    desk.ingest()
    old.unlink()
    desk.ingest()
    ask(desk, PARKING)
    (gap,) = desk.on_home("report", "--json").json["gaps"]
    assert (gap["kind"], gap["key"]) == ("deleted", "parking.md")
    desk.write("elsewhere/fees.md", text)
    desk.ingest()
    assert desk.on_home("report", "--json").json["gaps"] == []


def test_people_see_the_first_rows_and_old_requests_are_left_out(desk, used):
    shown = desk.on_home("report").out
    for part in ("Unanswered topics", "parking.md", "Refused, and answered later", "total"):
        assert part in shown
    assert desk.on_home("report", "--since", "2099-01-01", "--json").json["requests"] == 0
    assert desk.on_home("report", "--since", "all", "--json").json["requests"] == 6
    assert "neither" in desk.on_home("report", "--since", "yesterday").complaint


def test_no_question_turns_the_words_of_the_report_around(desk, tmp_path):
    desk.ingest()
    ask(desk, "Where is the \u202edentist of the village?")
    out = tmp_path / "report.html"
    assert desk.on_home("report", "--out", out).code == 0
    page = out.read_text(encoding="utf-8")
    assert "\u202e" not in page
    assert "Where is the \\x202edentist" in page


def test_a_home_without_a_log_has_an_empty_report(empty_desk, tmp_path):
    out = tmp_path / "report.html"
    ended = empty_desk.on_home("report", "--json", "--out", out)
    assert (ended.code, ended.json["requests"]) == (0, 0)
    assert "No feedback" in out.read_text(encoding="utf-8")
    assert not empty_desk.home.exists()


def test_feedback_becomes_drafts_that_a_person_reviews(desk, used, tmp_path):
    assert (
        "so far"
        in desk.on_home("eval", "new", tmp_path / "x.jsonl", "--from", "feedback").complaint
    )
    for correct in ("Room thirteen.", "Room twelve."):
        say(desk, used["keys"], "--verdict", "wrong", "--correct", correct, "--cited", "keys.txt")
    say(desk, used["menu"], "--verdict", "missing", "--cited", "menu.md")
    say(desk, used["since"], "--verdict", "helpful")
    before = desk.chunks()
    out = tmp_path / "draft.jsonl"
    ended = desk.on_home("eval", "new", out, "--from", "feedback", "--json")
    assert (ended.code, ended.json["questions"]) == (0, 2)
    first, second = (json.loads(line) for line in out.read_text(encoding="utf-8").splitlines())
    assert (first["question"], first["label"]) == (KEYS, "answerable")
    assert first["answers"] == ["Room thirteen.", "Room twelve."]
    assert first["gold_keys"] == ["keys.txt"]
    assert "corrections differ" in first["note"]
    assert (second["label"], second["gold_keys"]) == (None, [])
    assert second["question"].endswith("Tell [email:1].")
    for part in ("set the label", "not in the index: menu.md", "made-up values"):
        assert part in second["note"]
    assert [first["reviewed"], second["reviewed"]] == [False, False]
    asked = desk.on_home("eval", out, "--json").json["sets"][0]
    assert asked["unreviewed"] == 2
    assert desk.chunks() == before
    again = desk.on_home("eval", "new", out, "--from", "feedback")
    assert "left as it is" in again.complaint
