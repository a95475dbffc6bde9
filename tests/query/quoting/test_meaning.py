"""Which sentence is quoted: by meaning where an encoder is there, by words where it is not."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from config.settings import GateSettings
from indexing.points import Hit
from query.asking.question import understand
from query.decision import Verdict
from query.outcome import Found, quoted
from query.quoting.meaning import SENTENCES_READ, closeness, pointed_at
from query.quoting.quotes import quote
from query.ruling import Ruling
from query.search.fusion import RankedHit
from query.tables.tables import read_tables
from query.text.passages import Passage, make_passage, table_heads

TABLE = """Leave by country

Country | Days | Note
Portugal | 25 | plus a municipal holiday
Estonia | 28 | plus short days before feasts"""


def passage(text: str, chunk: str = "c1") -> Passage:
    payload = {
        "document_id": "d1",
        "key": "people/leave.md",
        "version": 1,
        "ordinal": 0,
        "start": 100,
        "end": 100 + len(text),
        "page": None,
        "text": text,
        "title": "Leave",
        "headings": ["Leave"],
        "flags": [],
    }
    hit = Hit(chunk, 1.0, payload)  # type: ignore[arg-type]
    return make_passage(ranked(hit))


def ranked(hit: Hit) -> RankedHit:
    fields = RankedHit.__dataclass_fields__
    known = {"hit": hit, "score": 1.0}
    return RankedHit(**known, **{f: 0.0 for f in fields if f not in known})


class Pointing:
    """Puts every text that holds `word` beside the question, and all others across."""

    def __init__(self, word: str) -> None:
        self.word = word

    def encode_documents(self, texts: Sequence[str]) -> np.ndarray:
        rows = [[1.0, 0.0] if n == 0 or self.word in t else [0.0, 1.0] for n, t in enumerate(texts)]
        return np.array(rows, dtype=np.float32)


class Broken:
    """Fails whatever it is asked."""

    def encode_documents(self, texts: Sequence[str]) -> np.ndarray:
        raise RuntimeError("no model")


SABBATICAL = passage(
    "After a birth parents take leave. Six weeks of sabbatical follow five years. Ask early."
)


def test_meaning_chooses_the_sentence_that_shares_no_word() -> None:
    question = understand("How long is the big break for old hands?", GateSettings(), {"en"})
    near = closeness(question, {"break": 1.0}, [SABBATICAL], Pointing("sabbatical"))
    found = quote(question, {"break": 1.0}, SABBATICAL, near)
    assert "sabbatical" in found.quote
    assert SABBATICAL.text[found.start - 100 : found.end - 100] == found.quote


@pytest.mark.parametrize("encoder", [Broken(), None, object()])
def test_without_an_encoder_words_alone_decide(encoder: object) -> None:
    question = understand("What do parents take after a birth?", GateSettings(), {"en"})
    weights = dict.fromkeys(question.terms, 1.0)
    assert closeness(question, weights, [SABBATICAL], encoder) == {}
    assert "parents take leave" in quote(question, weights, SABBATICAL).quote


def test_a_table_row_is_found_by_the_words_of_its_head() -> None:
    leave = passage(TABLE)
    question = understand("How many days in Estonia?", GateSettings(), {"en"})
    found = quote(question, {"day": 1.0, "estonia": 1.0}, leave)
    assert found.quote.startswith("Estonia | 28")


def test_the_head_of_a_table_is_known_to_each_of_its_rows() -> None:
    sentences = passage(TABLE).sentences
    heads = table_heads(passage(TABLE))
    rows = [i for i, s in enumerate(sentences) if " | " in s.text]
    assert {heads[i].text for i in rows} == {"Country | Days | Note"}
    assert 0 not in heads


def test_rows_of_a_table_that_began_before_have_its_head_and_none_is_one() -> None:
    rows = "Leila Haddad | Doctor | 0.21\nSamuel Brandt | Doctor | 0.22"
    going_on = replace(passage(rows), table_head="Staff\nName | Role | Room")
    heads = table_heads(going_on)
    assert {index: head.text for index, head in heads.items()} == dict.fromkeys(
        (0, 1), "Name | Role | Room"
    )
    question = understand("In which room is Leila Haddad?", GateSettings(), {"en"})
    found = quote(question, {"room": 1.0, "leila": 1.0, "haddad": 1.0}, going_on)
    assert (found.quote, found.head) == ("Leila Haddad | Doctor | 0.21", "Name | Role | Room")
    (table,) = read_tables(going_on)
    assert table.head is not None
    assert table.head.cells == ("Name", "Role", "Room")
    assert len(table.rows) == 2


class Noting:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode_documents(self, texts: Sequence[str]) -> np.ndarray:
        self.texts = list(texts)
        return np.ones((len(texts), 2), dtype=np.float32)


def test_the_most_promising_sentences_are_read_and_no_more() -> None:
    filler = " ".join(f"Nothing of note happens on floor {n}." for n in range(30))
    first = passage(f"{filler} The cellar holds the old boiler.")
    second = passage("The boiler is serviced in May.", "c2")
    question, noting = understand("Where is the boiler?", GateSettings(), {"en"}), Noting()
    near = closeness(question, {"boil": 1.0}, [first, second], noting)
    assert noting.texts[:3] == [
        "Where is the boiler?",
        "Leave. The cellar holds the old boiler.",
        "Leave. The boiler is serviced in May.",
    ]
    assert len(near) == len(noting.texts) - 1 == SENTENCES_READ


def test_a_table_row_is_read_with_its_head_and_ranked_by_its_words() -> None:
    noting, question = Noting(), understand("Days in Estonia?", GateSettings(), {"en"})
    closeness(question, {"day": 1.0, "estonia": 1.0}, [passage(TABLE)], noting, most=1)
    row = "Estonia: Days 28, Note plus short days before feasts (Leave by country)"
    assert noting.texts[1] == row


def test_what_holds_only_in_a_case_stands_back_behind_what_holds() -> None:
    text = (
        "The warranty is 48 months if the unit was serviced. Nothing else is said about that. "
        "The warranty is 36 months today."
    )
    weights = {"warranti": 1.0}
    plain = understand("How long is the warranty?", GateSettings(), {"en"})
    serviced = understand("How long is the warranty if it was serviced?", GateSettings(), {"en"})
    assert quote(plain, weights, passage(text)).quote.startswith("The warranty is 36 months")
    assert "48 months" in quote(serviced, {**weights, "servic": 1.0}, passage(text)).quote


def test_a_place_is_the_sentence_it_lies_in() -> None:
    question = understand("How long is the big break?", GateSettings(), {"en"})
    at = SABBATICAL.text.index("sabbatical")
    near = pointed_at(question, {"c1": (at, at + 10)}, [SABBATICAL])
    assert near == {("c1", SABBATICAL.sentences[1].start): 1.0}
    assert pointed_at(question, {"other": (0, 1)}, [SABBATICAL]) == {}


@pytest.mark.parametrize(
    ("asked", "text", "word", "seen"),
    [
        ("How many days in Estonia?", TABLE, "Days", False),
        ("How many days in Estonia?", TABLE, "28", True),
        ("When is the party?", "When is the party? On 4 July.", "party", False),
        ("When is the party?", "When is the party? On 4 July.", "July", True),
        ("How long is it?", "It is 48 months if it was serviced.", "48", False),
        ("How long is it if it was serviced?", "It is 48 months if it was serviced.", "48", True),
    ],
)
def test_no_head_no_question_and_nothing_conditional_is_pointed_at(asked, text, word, seen) -> None:
    question = understand(asked, GateSettings(), {"en"})
    at = text.index(word)
    assert bool(pointed_at(question, {"c1": (at, at + 1)}, [passage(text)])) is seen


class Counting(Pointing):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__("birth")
        self.seen: list[str] = []

    def encode_documents(self, texts: Sequence[str]) -> np.ndarray:
        self.seen.extend(texts)
        return super().encode_documents(texts)


def test_what_the_judge_points_at_is_quoted_and_only_other_passages_are_compared() -> None:
    question = understand("How long is the big break for old hands?", GateSettings(), {"en"})
    other = passage("After a birth the days are counted anew. Nothing else changes.", "c2")
    at = SABBATICAL.text.index("sabbatical")
    ruling = Ruling(Verdict.ANSWERABLE, 0.9, places={"c1": (at, at + 10)})
    found = Found(question, ruling, (SABBATICAL, other))
    encoder = Counting()
    evidence, _ = quoted([found], (SABBATICAL, other), encoder)
    assert "sabbatical" in evidence[0].quote
    assert "birth" in evidence[1].quote
    assert not any("sabbatical" in text for text in encoder.seen)


def test_rows_behind_a_line_within_a_table_have_its_head() -> None:
    text = "Model | Price | Weight\nSeries A\nA1 | 100 | 5\nSeries B\nB1 | 90 | 3\nB2 | 95 | 4"
    heads = table_heads(passage(text))
    assert {head.text for head in heads.values()} == {"Model | Price | Weight"}
    assert sorted(heads) == [0, 2, 4, 5]


def test_a_table_behind_an_empty_line_has_a_head_of_its_own() -> None:
    heads = table_heads(passage("Model | Price\nA1 | 100\n\nModel | Weight\nA1 | 5\nA2 | 7"))
    assert heads[3].text == heads[4].text == "Model | Weight"
