"""What is kept of a request has labels in the place of personal data, and stays of use."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.auditing import PersonalData
from query.masking import Masker, hash_question, mask_decision, mask_record

unhurried = settings(deadline=None)

MAIL, PHONE, CARD = "anna@example.org", "+49 170 1234567", "4111 1111 1111 1111"
PERSONAL = (MAIL, PHONE, CARD)


def test_labels_are_stable_within_a_record():
    masker = Masker()
    text = f"{MAIL} wrote to bob@example.org; {MAIL.upper()} called {PHONE}."
    assert masker.mask(text) == "[email:1] wrote to [email:2]; [email:1] called [phone:1]."
    assert masker.mask(MAIL) == "[email:1]"
    assert masker.counts == {"email": 2, "phone": 1}


@unhurried
@given(st.lists(st.sampled_from([*PERSONAL, "the", "fee", "of 2026-11-25"]), max_size=8))
def test_masking_twice_changes_nothing_more(words):
    once = Masker().mask(" and ".join(words))
    assert Masker().mask(once) == once
    assert not any(value in once for value in PERSONAL)


@pytest.fixture
def record(make_engine, audit):
    """A logged answer to a question that holds personal data, from evidence with more of it."""
    question = f"How many days of annual leave do I have? Write to {MAIL} or {PHONE}."
    turns = [{"speaker": "user", "text": f"My card is {CARD}."}]
    make_engine().answer(question, history=turns)
    return audit.records[-1].to_json()


def test_nothing_of_a_person_is_left_anywhere_in_a_record(record):
    before = json.dumps(record)
    assert all(value in before for value in PERSONAL)
    kept = mask_record(record, PersonalData.MASK)
    after = json.dumps(kept)
    assert not any(value in after for value in PERSONAL)
    assert kept["masked"] == {"card": 1, "email": 1, "phone": 1}
    assert kept["question"].endswith("Write to [email:1] or [phone:1].")
    for name in ("request_id", "received_at", "verdict", "epoch", "features", "retrieval"):
        assert kept[name] == record[name]


def test_the_quotes_of_documents_are_masked_and_their_ids_are_not(record):
    record["decision"]["evidence"] = [
        {"chunk_id": "c", "document_id": "d", "key": f"mail/{MAIL}.eml", "quote": f"Ask {MAIL}."}
    ]
    (shown,) = mask_record(record, PersonalData.MASK)["decision"]["evidence"]
    assert shown["quote"] == "Ask [email:1]."
    assert shown["key"] == f"mail/{MAIL}.eml", "a purge finds a document by its name"


def test_without_masking_only_the_hash_is_added(record):
    kept = mask_record(record, PersonalData.KEEP)
    assert {name: value for name, value in kept.items() if name != "question_hash"} == record


def test_the_hash_tells_equal_questions_and_nothing_of_a_person():
    def hashed(question):
        return hash_question(question, PersonalData.MASK)

    assert hashed("How  much is\nthe FEE?") == hashed("how much is the fee?")
    assert hashed("how much is the fee?") != hashed("how much is the price?")
    assert hashed(f"Is {MAIL} here?") == hashed("Is bob@example.org here?") == hashed(
        "Is [email:1] here?"
    )  # fmt: skip


def test_a_decision_made_again_is_masked_like_the_one_that_was_kept(record):
    record["question"] = record["asked"]["history"] = "no personal data"
    record["decision"]["answer"] = f"Write to {MAIL} or call {PHONE}."
    decision = json.loads(json.dumps(record["decision"]))
    kept = mask_record(record, PersonalData.MASK)
    assert kept["decision"] != decision
    assert mask_decision(decision, kept) == kept["decision"]


def test_a_name_that_an_earlier_turn_introduces_is_masked_in_the_question(make_engine, audit):
    turns = [{"speaker": "user", "text": "Hello, my name is Jane Roe."}, "Jane Roe asked."]
    make_engine().answer("How many days of annual leave does Jane Roe get?", history=turns)
    kept = mask_record(audit.records[-1].to_json(), PersonalData.MASK)
    assert "Jane Roe" not in json.dumps(kept)
    assert kept["question"] == "How many days of annual leave does [person:1] get?"
    assert kept["masked"] == {"person": 1}


def test_what_is_asked_back_is_masked_like_the_answers_it_names(record):
    record["decision"]["clarification"] = f"Which contact of {PHONE} do you mean: {MAIL} or none?"
    record["decision"]["conflicts"] = [
        {"slot": "cases", "kind": f"Asked {PHONE}", "sides": [{"case": MAIL, "value": MAIL}]}
    ]
    kept = mask_record(record, PersonalData.MASK)
    assert not any(value in json.dumps(kept) for value in PERSONAL)
    assert kept["decision"]["conflicts"][0]["sides"] == [
        {"case": "[email:1]", "value": "[email:1]"}
    ]
