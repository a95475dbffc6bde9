"""What a question names is looked for in passages that are read once, however much it names."""

from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.judging.requirements import absent, requirements
from query.tables.quantities import read_quantity
from query.tables.tables import read_tables
from query.text.passages import table_heads
from query.text.values import find_values, first_value
from tests.query.ambiguity.test_conflicts import ask, candidates
from tests.query.tables.test_ranges import APPROVAL

MANY = "Who approves " + " and ".join(f"€{number}" for number in range(5001, 5040)) + "?"


def test_a_passage_is_read_once_for_all_numbers_of_a_question(monkeypatch):
    texts, tables = Mock(wraps=find_values), Mock(wraps=read_tables)
    monkeypatch.setattr("query.text.passages.find_values", texts)
    monkeypatch.setattr("query.tables.ranges.read_tables", tables)
    asked, passages = ask(MANY), candidates(APPROVAL)
    assert len(requirements(asked)) > 30
    assert absent(asked, passages) == ()  # above €5,000: the CFO
    assert texts.call_count == tables.call_count == len(passages) == 1


def test_a_number_is_read_once_for_all_passages(monkeypatch):
    asked = ask(MANY)
    passages = candidates(*(f"Step | Time\nPart {n} | soon\nPart {n + 1} | late" for n in range(9)))
    values, quantities = Mock(wraps=find_values), Mock(wraps=read_quantity)
    monkeypatch.setattr("query.judging.requirements.find_values", values)
    assert all(passage.scales == () for passage in passages)
    monkeypatch.setattr("query.tables.ranges.read_quantity", quantities)
    numbers = [one for one in requirements(asked) if one.values]
    assert set(numbers) <= set(absent(asked, passages))
    assert values.call_count == 2 * len(numbers)  # `requirements` was asked twice
    assert quantities.call_count == 0


def test_of_a_number_no_more_is_read_than_what_stands_right_behind_it():
    found = requirements(ask("How long are 2 years 3 months " * 100))
    measures = [one.measure for one in found if one.values]
    assert len(measures) == 200
    assert max(map(len, measures)) <= 100


def test_heads_are_read_once_for_all_numbers_a_thing_may_be_called_by(monkeypatch):
    heads = Mock(wraps=table_heads)
    monkeypatch.setattr("query.judging.requirements.table_heads", heads)
    passages = candidates("Python | 3.8 | 4.0\nlinux | yes | no\nmac | no | yes")
    lacking = absent(ask("Is it " + "in 2.5 or " * 50 + "in 3.7?"), passages)
    assert {"2.5", "3.7"} <= {one.text for one in lacking if one.strict}
    assert heads.call_count == 1


@given(st.text(alphabet="0123456789 .,-:€$%/abtwoJunMarch\n", max_size=60))
def test_the_first_value_is_the_first_of_all(text):
    assert first_value(text) == next(iter(find_values(text)), None)


@pytest.mark.parametrize(
    ("question", "text", "missing"),
    [
        ("What does Sol E cost?", "Sol A costs £1. Sol B costs £2.", ["Sol E"]),
        ("What does Sol B cost?", "Sol A costs £1. Sol B costs £2.", []),
        ("When was John F. Kennedy elected?", "John A and John B sat there.", []),
        ("What does Plan C cost?", "Plan A is the best there is.", []),
    ],
)
def test_a_letter_that_no_sibling_has_is_missed(question, text, missing):
    lacking = absent(ask(question), candidates(text))
    assert [one.text for one in lacking if one.strict and " " in one.text] == missing


@pytest.mark.parametrize(
    ("question", "text", "missing"),
    [
        ("How long does it take with 3.7?", "It took 11 s with 3.8 and 4 s with 4.0.", ["3.7"]),
        ("How long does it take with 4.0?", "It took 11 s with 3.8 and 4 s with 4.0.", []),
        ("How much does 4.1 reach?", "Load | 3.8 | 4.0\nSmall | 7 | 9\nLarge | 5 | 6", ["4.1"]),
        ("How long is it open in 2.5 days?", "It took 11 s in 3.8 and 4 s in 4.0.", []),
    ],
)
def test_a_number_that_its_siblings_are_not_is_missed(question, text, missing):
    lacking = absent(ask(question), candidates(text))
    assert [one.text for one in lacking if one.strict] == missing
