"""Drafts: what sentences, rows and headings become, and questions nothing answers."""

import random
import resource
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError
from evaluation.drafting.drafting import (
    Draft,
    ablated_line,
    answerable_line,
    choose,
    unanswerable_lines,
    write_draft,
)
from evaluation.drafting.extracting import Found, extract, from_row, from_sentence
from evaluation.drafting.swapping import far_questions, swap
from indexing.points import StoredPoint


def point(text: str, key: str = "a.md", **payload: object) -> StoredPoint:
    about = {"key": key, "text": text, "document_id": "d", "title": "", "headings": [], "flags": []}
    return StoredPoint(uuid4(), about | payload)


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("The probation period is six months.", "What is the probation period?", "six months"),
        ("The Tern 4 weighs 1,480 g with batteries.", "How much does the Tern 4 weigh?", "1,480"),
        ("The night shift begins at 10 pm.", "When does the night shift begin?", "10 pm"),
        ("Heron is the gateway that collects readings.", "What is Heron?",
         "the gateway that collects readings"),
        ("Records of accidents are kept for 21 years.", "How long are Records of accidents kept?",
         "21 years"),
        ("The course lasts eight weeks and costs £140.", "How long does the course last?",
         "eight weeks"),
        ("A cox weighs at least 55 kg in a senior crew.", "How much does a cox weigh?", "55"),
        ("The regatta begins on 2 May 2026.", "When does the regatta begin?", "2 May 2026"),
        ("Tickets cost about €12.", "How much do Tickets cost?", "€12"),
        ("Our Basic plan costs €40 per month.", "How much does the Basic plan cost?", "€40"),
    ],
)  # fmt: skip
def test_facts_and_definitions_become_questions(sentence, question, answer):
    (found,) = from_sentence(sentence, "a.md")
    assert found.question == question
    assert found.answer == answer
    assert found.quote == sentence


@pytest.mark.parametrize(
    "sentence",
    ["It is the best of all probes.", "This costs €40.", "There is a door at the back.",
     "Ask your team lead.", "Hotel rooms are refunded up to £95 a night.",
     "Riggers are checked every three months.", "The fee is due on 1 April.",
     "The test takes place every six weeks.", "After thunder is heard, all wait 30 minutes.",
     "Each is a small part of the whole."],
)  # fmt: skip
def test_sentences_that_point_elsewhere_do_not(sentence):
    assert list(from_sentence(sentence, "a.md")) == []


@pytest.mark.parametrize(
    "sentence",
    ["The Tern 4 costs €40 less than the Tern 2.", "The warranty lasts 2 years longer than before.",
     "The pump weighs 3 kg less than its predecessor.", "The pump weighs 5 times as much.",
     "The fee is 5% higher than last year.", "The meeting is 30 minutes late.",
     "The company is 30 years old.", "The office is 20 minutes from the station.",
     "The Heron is €40 cheaper than the Tern.", "The rate is 5% steeper than ours.",
     "The discount is 10% to 20%.", "The Tern 4 costs €40 or €50.",
     "The deadline is 5 May or 7 May.",
     "The parcel weighs 12 g to 15 g.", "The course takes 2 days off.", "The tank is 5% full.",
     "The Tern 4 never costs €40.", "The Tern 4 no longer costs €40."],
)  # fmt: skip
def test_a_difference_a_range_and_a_denial_are_not_what_is_asked_for(sentence):
    assert list(from_sentence(sentence, "a.md")) == []


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [("The Tern 4 costs €40 per order.", "€40"), ("The price is €40 before tax.", "€40"),
     ("The Tern 4 costs €40 from 1 May.", "€40"),
     ("The battery lasts 8 hours in winter.", "8 hours"),
     ("The leave is 18 weeks at full pay and 6 at half.", "18 weeks"),
     ("The night shift ends at 6 a.m. the next day.", "6 a.m."),
     ("The sale begins on 1 April in Rome and on 3 April in Paris.", "1 April"),
     ("The trial lasts 30 days from the order.", "30 days"),
     ("The Tern weighs 3 kg.", "3"), ("The season ends on 5 May for all.", "5 May")],
)  # fmt: skip
def test_what_stands_behind_a_value_may_say_when_it_holds(sentence, answer):
    assert [one.answer for one in from_sentence(sentence, "a.md")] == [answer]


def test_rows_of_tables_become_questions():
    found = list(from_row("Property | Polymer | Titanium", "Maximum depth | 30 m | 60 m", "a.md"))
    assert [(f.question, f.answer) for f in found] == [
        ("What is the maximum depth of Polymer?", "30 m"),
        ("What is the maximum depth of Titanium?", "60 m"),
    ]
    (price,) = from_row("Product | Price", "Tern 4 | €980", "a.md")
    assert price.question == "What is the price of Tern 4?"
    assert list(from_row("a | b", "a | b", "k")) == []
    assert list(from_row("a | b", "one | two | three", "k")) == []


def test_flagged_chunks_make_no_questions():
    clean = point("The probation period is six months.")
    hostile = point("The bonus is 500 euro.", flags=["injection"])
    assert [f.question for f in extract([clean, hostile])] == ["What is the probation period?"]


def test_headings_that_ask_are_taken():
    (found,) = extract([point("Press both.", headings=["FAQ", "How do I reset the probe?"])])
    assert found.question == "How do I reset the probe?"


def test_a_question_with_two_answers_is_left_out():
    two = [
        Found("What is the fee?", "€40", "q", "a.md", "fact"),
        Found("What is the fee?", "€55", "q", "b.md", "fact"),
        Found("What is the term?", "a year", "q", "a.md", "fact"),
    ]
    assert [f.question for f in choose(two, 9, random.Random(1))] == ["What is the term?"]


def test_every_document_has_its_turn():
    many = [Found(f"Q{k}{i}?", f"A{i}", "q", k, "fact") for k in "abc" for i in range(10)]
    assert sorted(f.key for f in choose(many, 6, random.Random(1))) == list("aabbcc")


@given(st.integers(0, 1000))
def test_what_was_exchanged_is_nowhere_in_the_collection(seed):
    collection = "the tern 4 and the tern 9 of larkspur were sold in 2019 and 2026. e-14"
    question = "How many units of the Tern 4 did Larkspur sell in 2019?"
    found = list(swap(question, collection, random.Random(seed)))
    assert {f.tier for f in found} >= {"entity_swap", "date_swap"}
    for one in found:
        assert one.question != question
        assert one.what.split(" → ")[1].lower() not in collection


@pytest.mark.parametrize("gap", ["\N{NO-BREAK SPACE}", "  "])
def test_a_name_is_exchanged_whatever_stands_between_its_words(gap):
    """As in the cell of a table; not found, the very question would be drafted as unanswerable."""
    (found,) = swap(f"When does the Spring{gap}Sprint begin?", "spring sprint", random.Random(3))
    assert "Sprint" not in found.question
    assert found.what.startswith("Spring Sprint → ")


def test_numbers_are_exchanged_for_absent_ones():
    (found,) = swap("What does the code E-14 mean?", "e-14 and e-15", random.Random(3))
    assert found.tier == "number_swap"
    assert "E-14" not in found.question


def test_no_question_about_a_stranger_is_drafted_twice():
    birds = [
        "Heron",
        "Curlew",
        "Osprey",
        "Plover",
        "Bittern",
        "Kestrel",
        "Merlin",
        "Avocet",
        "Knot",
    ]
    rows = [Found(f"What is the price of {b}?", "€4", "q", "a.md", "table") for b in birds]
    lines = unanswerable_lines(rows, " ".join(birds).lower(), 200, random.Random(1))
    swapped = [line["question"] for line in lines if line["tier"] == "entity_swap"]
    assert swapped
    assert len(set(swapped)) == len(swapped)


def test_far_questions_are_far_from_this_collection():
    everything = far_questions("")
    assert len(everything) > 8
    known = far_questions("how many strings does a cello have? a cello has four strings")
    assert "How many strings does a cello have?" not in known
    assert len(known) == len(everything) - 1


def test_unanswerable_questions_are_of_every_tier():
    found = [Found("What does Larkspur pay in 2019?", "€4", "q", "a.md", "fact")] * 4
    lines = unanswerable_lines(found, "larkspur 2019", 8, random.Random(1))
    assert len(lines) == 8
    assert {line["tier"] for line in lines} >= {"ablated", "date_swap", "far"}
    assert not any(line["reviewed"] for line in lines)


def test_a_question_that_copies_answer_too_is_unanswerable_only_without_them():
    copies = [
        Found("What is the fee?", "€40", "q", key, "fact") for key in ("a.md", "b.md", "a.md")
    ]
    (found,) = choose(copies, 9, random.Random(1))
    assert answerable_line(found)["gold_keys"] == ["a.md", "b.md"]
    assert ablated_line(found)["exclude_keys"] == ["a.md", "b.md"]


def test_no_number_is_taken_that_another_row_has():
    """In a row it stands at the beginning of a line; in the question behind "of "."""
    rows = "\n".join(f"Tern {n} | €{n}0" for n in range(2, 101) if n != 57).lower()
    for seed in range(9):
        (found,) = swap("What is the price of tern 4?", rows, random.Random(seed))
        assert found.what == "4 → 57"
    for seed in range(9):
        found = list(swap("What is the price of tern 4?", f"{rows} tern 57", random.Random(seed)))
        assert all(one.what.removeprefix("4 → ") not in rows for one in found)


def test_what_the_collection_says_in_other_words_is_not_far_from_it():
    known = far_questions("the berlin\nwall was erected in 1961. fleming found penicillin.")
    assert {"When was the Berlin Wall built?", "Who discovered penicillin?"}.isdisjoint(known)
    assert len(known) == len(far_questions("")) - 2


def test_of_a_draft_that_could_not_be_written_nothing_is_left(tmp_path):
    made = Draft(tuple({"id": str(n), "question": "?" * 100} for n in range(200)), 1)
    file = tmp_path / "draft.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9000, hard))
    try:
        with pytest.raises(ConfigError, match="nothing is left of it"):
            write_draft(made, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    write_draft(made, file)
    assert len(file.read_text(encoding="utf-8").splitlines()) == 200
    with pytest.raises(ConfigError, match="was left as it is"):
        write_draft(made, file)
