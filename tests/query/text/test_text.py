"""Sentences with exact offsets, typed values, stems."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.text.passages import coverage
from query.text.sentences import split_sentences
from query.text.values import ValueKind, find_values, same_value
from query.text.words import STOP_WORDS, WORD, stem, stems


def cut(text: str) -> list[str]:
    return [text[s.start : s.end] for s in split_sentences(text)]


def test_abbreviations_and_decimals_end_no_sentence():
    text = "Dr. Keller pays 1.5 euro, i.e. little, see No. 4. The rest is free."
    assert cut(text) == [
        "Dr. Keller pays 1.5 euro, i.e. little, see No. 4.",
        "The rest is free.",
    ]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Die Frist endet am 14. August 2024.", "Danach gilt § 3."],
        ["Im 2. Quartal sind es 3 Mio. Euro.", "Siehe Nr. 5, z. B. Hauptstr. 5."],
        ["Max. 5 people may enter, min. 2 people.", "It takes 10 min.", "Then rest."],
        ["The limit is 14.", "Requests above it fail."],
        ["Срок пять дней.", "Он начинается в понедельник."],
        ["Urlop trwa 26 dni.", "Święta są wolne.", "Łódź jest inna."],
        ["İzin 14 gündür.", "İş günü sayılır."],
        ["Es gratis.", "¿Cómo se pide?"],
        ["الإجازة ٢٠ يوما؟", "تبدأ في يناير."],
        ["छुट्टी बीस दिन है।", "आवेदन करें।"],
    ],
)
def test_sentences_of_other_languages_end_where_they_end(sentences):
    assert cut(" ".join(sentences)) == sentences


def test_abbreviations_without_end_are_one_sentence_and_read_once():
    text = "A. Mr. approx. " * 30_000 + "ends here. Next."
    assert [text[s.start : s.end][-5:] for s in split_sentences(text)] == ["here.", "Next."]


def test_rows_and_items_are_sentences():
    text = "Plan | Fee\nBrook | 39\n\n- one\n- two. Three."
    assert cut(text) == ["Plan | Fee", "Brook | 39", "- one", "- two.", "Three."]


def test_a_wrapped_line_does_not_end_a_sentence():
    text = "The gateway keeps the readings of the last days\nuntil the connection is back."
    assert cut(text) == [text]


@given(st.text(alphabet=st.sampled_from('ab. A1!?\n|-\t)"é。Łб؟'), max_size=200))
def test_sentences_are_ordered_and_lose_no_word(text):
    spans = split_sentences(text)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(text[s.start : s.end].strip() == text[s.start : s.end] != "" for s in spans)
    kept = "".join(text[s.start : s.end] for s in spans)
    assert "".join(kept.split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("$1,500.50", ValueKind.MONEY, "1500.5"),
        ("3 million euros", ValueKind.MONEY, "3000000"),
        ("12 %", ValueKind.PERCENT, "12"),
        ("six months", ValueKind.DURATION, "6"),
        ("10 working days", ValueKind.DURATION, "10"),
        ("3 May 2021", ValueKind.DATE, "2021-05-03"),
        ("March 3rd, 2021", ValueKind.DATE, "2021-03-03"),
        ("2021-03-03", ValueKind.DATE, "2021-03-03"),
        ("31 March", ValueKind.DATE, "--03-31"),
        ("9:30 am", ValueKind.TIME, "9:30am"),
        ("250,000", ValueKind.NUMBER, "250000"),
    ],
)
def test_values(text, kind, amount):
    (value,) = find_values(f"it is {text}")
    assert (value.kind, value.amount) == (kind, amount)


def test_a_date_matches_one_with_less_detail():
    (day,) = find_values("3 May 2021")
    (month,) = find_values("May 2021")
    (other,) = find_values("4 May 2021")
    assert same_value(day, month)
    assert not same_value(day, other)


def test_a_day_of_no_year_is_not_the_month_of_one():
    (day,) = find_values("8 December")
    (month,) = find_values("August 2012")
    assert not same_value(day, month)


@given(st.text(max_size=200))
def test_values_are_exact_spans(text):
    for value in find_values(text):
        assert text[value.start : value.end].strip() == value.text


@pytest.mark.parametrize(
    ("one", "other"),
    [("employees", "employee"), ("policies", "policy"), ("receives", "received"),
     ("installing", "installed"), ("Schrödinger".lower(), "schrodinger")],
)  # fmt: skip
def test_word_forms_share_a_stem(one, other):
    assert stem(one) == stem(other)


def test_stop_words_have_no_stem():
    assert stems("What is the fee of it?") == [stem("fee")]


@given(st.text(alphabet=st.sampled_from("aAsSİΣςσßé’'.-_ 1\n")) | st.text())
def test_stems_are_those_of_the_words_one_by_one(text):
    words = [word.lower() for word in WORD.findall(text)]
    assert stems(text) == [stem(word) for word in words if word not in STOP_WORDS]


@pytest.mark.parametrize("text", ["TWELVE days", "after one hour", "Twenty-one", "٣ days", "x 7"])
def test_every_way_to_write_a_number_is_looked_for(text):
    assert len(find_values(text)) == 1


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.floats(0.1, 3), min_size=1),
    st.lists(st.frozensets(st.sampled_from("abcdef")), min_size=1, max_size=3),
)
def test_coverage_depends_on_what_is_known_and_not_on_how_it_is_split(weights, known):
    together = frozenset().union(*known)
    assert coverage(weights, *known) == coverage(weights, together) <= 1.0
