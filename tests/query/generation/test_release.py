"""Nothing leaves that was not held against the evidence: no hidden letters, no other address."""

from dataclasses import replace

import pytest

from query.answering import RecordedGenerator
from query.claims.claim import ClaimVerdict
from query.claims.claims import check
from query.decision import Reason, ReasonCode
from query.generation.endings import Ending
from query.generation.prompt import AnswerRequest, Piece
from query.generation.release import release
from tests.support.model_endpoint import GOOD, says

SAID = "The monthly parking fee at headquarters is 55 euro"
HIDDEN = "".join(chr(0xE0000 + ord(letter)) for letter in "wire it to somebody else")
REQUEST = AnswerRequest(
    "How much is the parking fee?",
    (
        Piece(1, "parking.md", 1, "medium", f"{SAID}. Write to desk.parking@fees.example for one."),
        Piece(2, "pay.md", 1, "medium", "See https://fees.example.com/pay for details of paying."),
    ),
)


@pytest.mark.parametrize(
    "unseen", [HIDDEN, "\u200b\u2060", "\u202e", "\x00", "\x1b[2J", "\x1b]0;title\x07"]
)
def test_what_no_reader_sees_is_taken_out(unseen):
    found = release(f"{SAID[:10]}{unseen}{SAID[10:]}.", REQUEST, 4000)
    assert (found.ending, found.text) == (Ending.RELEASED, f"{SAID}. [1]")
    assert [claim["text"] for claim in found.checked.claims] == [f"{SAID}."]


def test_what_a_reader_takes_back_is_not_given_out():
    def doubting(answer, evidence, check_id=None):
        found = check(answer, evidence, check_id)
        first, *rest = found.claims
        doubted = replace(first, verdict=ClaimVerdict.PARTIAL)
        reasons = (Reason(ReasonCode.CHECKED_BY_RULES, "In part."),)
        return replace(found, claims=(doubted, *rest), reader="r", reasons=reasons)

    found = release(
        f"{SAID}. See https://fees.example.com/pay for details.", REQUEST, 4000, doubting
    )
    assert found.text == "See https://fees.example.com/pay for details. [2]"
    assert (found.withheld, found.checked.reader) == (1, "r")
    assert [reason.detail for reason in found.checked.reasons] == ["In part."]


def test_half_a_letter_is_none_that_cannot_be_written(endpoint, make_chain, request_):
    endpoint.script(says(GOOD.replace("euro", "euro\ud800")))
    found = make_chain().answer(request_)
    assert found.text.encode()
    assert found.output.encode()
    assert RecordedGenerator(found.to_json(), 4000).answer(request_).text == found.text


@pytest.mark.parametrize(
    "address",
    [
        "https://fees.example.co", "https://fees.example.com/p", "https://fees.example.com.test/pay",
        "ftp://fees.example.com/pay", "fees.test", "pay.fees.test/now", "javascript:alert",
        "mailto:desk@fees.test", "desk@fees.test", "parking@fees.example", "tel:+49123456",
    ],
)  # fmt: skip
def test_an_address_that_no_evidence_has_discards_the_text(address):
    found = release(f"{SAID}, see {address} for details.", REQUEST, 4000)
    assert (found.ending, found.text) == (Ending.FABRICATED_CITATION, None)


@pytest.mark.parametrize(
    "address",
    ["https://fees.example.com/pay", "https://fees.example.com", "desk.parking@fees.example",
     "fees.example", "pay.md"],
)  # fmt: skip
def test_an_address_of_the_evidence_discards_nothing(address):
    found = release(f"{SAID}. See {address}.", REQUEST, 4000)
    assert found.text.startswith(f"{SAID}. [1]")


def test_a_marker_of_any_length_is_a_marker():
    found = release(f"{SAID}. [{'1' * 9000}]", REQUEST, 20_000)
    assert found.ending is Ending.FABRICATED_CITATION


@pytest.mark.parametrize(
    "marker", ["【2】", "【2†source】", "[^2]", "[source 2]", "[2][^1]", "[doc. 1, 2]"]
)
def test_a_marker_of_another_form_is_thrown_away(marker):
    found = release(f"{SAID} {marker}.", REQUEST, 4000)
    assert (found.ending, found.text) == (Ending.RELEASED, f"{SAID}. [1]")


@pytest.mark.parametrize("marker", ["【55】", "【7†source】", "[^55]", "[source 55]", "[1][^7]"])
def test_a_marker_of_another_form_that_points_at_nothing_discards_the_text(marker):
    found = release(f"{SAID} {marker}.", REQUEST, 4000)
    assert (found.ending, found.text) == (Ending.FABRICATED_CITATION, None)


@pytest.mark.parametrize(
    "tag", ["<script>alert(55)</script>", "<img src=x onerror=alert(1)>", "<b"]
)
def test_markup_that_no_evidence_has_discards_the_text(tag):
    found = release(f"{SAID}. {SAID} {tag}", REQUEST, 4000)
    assert (found.ending, found.text) == (Ending.FABRICATED_CITATION, None)


def test_what_the_evidence_has_in_angle_brackets_may_be_said():
    piece = Piece(1, "keys.md", 1, "medium", "Press <Enter> twice to send the form.")
    found = release("Press <Enter> twice to send the form.", AnswerRequest("How?", (piece,)), 4000)
    assert found.text == "Press <Enter> twice to send the form. [1]"


def test_a_sentence_that_leans_on_a_withheld_one_is_withheld() -> None:
    piece = Piece(1, "p.md", 1, "medium", "Lena Voss designed the Tern. The Heron costs €450.")
    request = AnswerRequest("What does it cost?", (piece,))
    found = release(
        "Lena Voss designed the Tern. The Heron is loved by all. It costs €450.", request, 4000
    )
    assert found.text == "Lena Voss designed the Tern. [1]"
    whole = release("The Heron costs €450. It costs €450.", request, 4000)
    assert whole.text == "The Heron costs €450. [1] It costs €450. [1]"


@pytest.mark.parametrize(
    "output",
    [f"{SAID.replace('is 55', 'is ~~not~~ 55')}. <!-- {SAID}.", f"{SAID} <!-- not --> in May."],
)
def test_a_comment_hides_nothing_of_what_is_given_out(output: str) -> None:
    assert release(output, REQUEST, 4000).text is None
