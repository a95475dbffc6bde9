"""Checking answers: supported, swapped numbers, names, negation; offsets; nothing to check with."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from query.checking import ReadEvidence, check_many
from query.claims.claim import ClaimVerdict
from query.claims.claims import SUPPORTED_AT, check

EVIDENCE = [
    "The Tern 4 weighs 1,480 g with batteries. Maria Keller leads the calibration laboratory.",
    "Customer telemetry is kept for 30 days after the contract ends. It is then deleted.",
    "The gateway may be opened by customers. The office in Porto was opened on 3 May 2021.",
]


def verdict(claim: str) -> ClaimVerdict:
    return check(claim, EVIDENCE).claims[0].verdict


@pytest.mark.parametrize(
    "claim",
    [
        "The Tern 4 weighs 1,480 g with batteries.",
        "Customer telemetry is kept for 30 days after the contract ends.",
        "The office in Porto was opened on May 3, 2021.",
    ],
)
def test_what_the_evidence_says_is_supported(claim):
    found = check(claim, EVIDENCE).claims[0]
    assert found.verdict is ClaimVerdict.SUPPORTED
    assert found.citations
    assert found.anti_citations == ()


@pytest.mark.parametrize(
    "claim",
    [
        "The Tern 4 weighs 1,840 g with batteries.",
        "Customer telemetry is kept for 90 days after the contract ends.",
        "The office in Porto was opened on 3 May 2022.",
        "The gateway may not be opened by customers.",
        "Thomas Brown leads the calibration laboratory.",
        "The office in Leeds was opened on 3 May 2021.",
        "Bread is baked with sourdough in Dutch ovens.",
    ],
)
def test_what_it_does_not_say_is_not_supported(claim):
    assert verdict(claim) is not ClaimVerdict.SUPPORTED


def test_a_swapped_number_is_a_contradiction_with_its_place():
    found = check("Customer telemetry is kept for 90 days after the contract ends.", EVIDENCE)
    assert found.claims[0].verdict is ClaimVerdict.CONTRADICTED
    assert found.claims[0].anti_citations == (1,)
    assert found.support_score < 0.3


def test_without_evidence_nothing_is_supported():
    found = check("The Tern 4 weighs 1,480 g.", [])
    assert found.support_score == 0.0
    assert found.claims[0].verdict is ClaimVerdict.UNSUPPORTED


def test_courtesies_are_not_claims():
    found = check("Thank you for asking. The Tern 4 weighs 1,480 g with batteries.", EVIDENCE)
    assert [c.verdict for c in found.claims] == [
        ClaimVerdict.NOT_CHECKED,
        ClaimVerdict.SUPPORTED,
    ]
    assert found.support_score == pytest.approx(found.claims[1].score)


def test_an_endless_sentence_is_not_checked_and_counts_nothing():
    found = check("word " * 400, EVIDENCE)
    assert found.claims[0].verdict is ClaimVerdict.NOT_CHECKED
    assert found.support_score == 0.0


@settings(deadline=None)
@given(st.text(max_size=200))
def test_claims_are_exact_spans(text):
    found = check(text, EVIDENCE)
    assert all(text[c.start : c.end] == c.text for c in found.claims)
    assert 0.0 <= found.support_score <= 1.0


def test_the_json_form_is_exact():
    (line,) = check_many([{"id": "c1", "claim": "It is then deleted.", "evidence": EVIDENCE}])
    assert list(line) == ["id", "support_score", "claims"]
    assert list(line["claims"][0]) == [
        "start", "end", "text", "verdict", "score", "citations", "anti_citations",
    ]  # fmt: skip


def test_a_question_retrieves_the_evidence(engine):
    right, wrong = check_many(
        [
            {"id": 1, "answer": "A hotel room in Lisbon may cost up to €140 per night.",
             "question": "What may a hotel room in Lisbon cost?"},
            {"id": 2, "answer": "A hotel room in Lisbon may cost up to €190 per night.",
             "question": "What may a hotel room in Lisbon cost?"},
        ],
        engine,
    )  # fmt: skip
    assert right["claims"][0]["verdict"] == "supported"
    assert wrong["claims"][0]["verdict"] == "contradicted"
    for line, named in ((right, "citations"), (wrong, "anti_citations")):
        places = [line["evidence"][n] for n in line["claims"][0][named]]
        assert places
        assert all("€140" in place["quote"] for place in places)
        assert all(place["end"] - place["start"] == len(place["quote"]) for place in places)


def test_evidence_that_the_asker_has_is_not_sent_back(engine):
    asked = engine.answer("What may a hotel room in Lisbon cost?")
    lines = [
        {"claim": "It is then deleted.", "evidence": EVIDENCE},
        {"claim": "A hotel room costs €140.", "request_id": asked.request_id},
    ]
    assert all("evidence" not in line for line in check_many(lines, engine))


def test_without_an_engine_a_question_is_not_checked():
    (line,) = check_many(
        [{"id": 1, "answer": "The fee is 5 euro.", "question": "What is the fee?"}]
    )
    assert line["claims"][0]["verdict"] == "not_checked"
    assert line["support_score"] == 0.0


@pytest.mark.parametrize(
    "answer",
    [
        "The Tern 4 weighs 1,480 g with batteries [9].",
        "The Tern 4 weighs 1,480 g with batteries. [9]",
        "The Tern 4 weighs 1,480 g with batteries. [1] [9]",
        "The Tern 4 weighs 1,480 g with batteries [1, 9].",
        "The Tern 4 weighs 1,480 g with batteries [0].",
    ],
)
def test_a_citation_of_what_was_never_there_supports_nothing(answer):
    found = check(answer, EVIDENCE)
    assert found.claims[0].verdict is ClaimVerdict.UNSUPPORTED
    assert found.claims[0].citations == ()


def test_a_marker_belongs_to_the_sentence_before_it():
    one, two = "The Tern 4 weighs 1,480 g with batteries.", "The Tern 4 weighs 1,480 g."
    found = check(f"{one} [1] {two} [9]", EVIDENCE)
    said = [c.verdict for c in found.claims if "Tern" in c.text]
    assert said == [ClaimVerdict.SUPPORTED, ClaimVerdict.UNSUPPORTED]


def test_a_request_gives_its_evidence_and_an_unknown_one_checks_nothing():
    def evidence_of(request_id, answer):
        return ReadEvidence(tuple(EVIDENCE)) if request_id == "r1" else None

    lines = [
        {"id": n, "answer": "The Tern 4 weighs 1,480 g with batteries.", "request_id": r}
        for n, r in enumerate(("r1", "r2"))
    ]
    right, unknown = check_many(lines, evidence_of=evidence_of)
    assert right["claims"][0]["verdict"] == "supported"
    assert unknown["claims"][0]["verdict"] == "not_checked"
    assert unknown["support_score"] == 0.0


def test_a_claim_may_draw_on_two_places():
    evidence = [
        "Ida Kern designed the bridge of Ostrow.",
        "The bridge of Ostrow was opened in 1911.",
    ]
    (claim,) = check("The bridge of Ostrow was designed by Ida Kern and opened in 1911.",
                     evidence).claims  # fmt: skip
    assert claim.verdict is ClaimVerdict.SUPPORTED


def test_a_value_that_belongs_to_something_else_supports_nothing():
    evidence = [
        "The warranty of the Heron buoy is 12 months.",
        "The warranty of the Tern probe is 24 months.",
    ]
    (claim,) = check("The warranty of the Heron buoy is 24 months.", evidence).claims
    assert claim.verdict is not ClaimVerdict.SUPPORTED


def test_what_the_evidence_says_word_for_word_is_supported_in_full():
    assert check(EVIDENCE[0].split(". ")[0] + ".", EVIDENCE).support_score == pytest.approx(1.0)


def test_a_name_that_is_nowhere_is_never_supported_however_much_else_is_there():
    said = "Maria Keller leads the calibration laboratory of the Porto office and all its staff."
    (full,) = check(said, [said]).claims
    (claim,) = check(said.replace("its staff", "its Danish staff"), [said]).claims
    assert (full.verdict, claim.verdict) == (ClaimVerdict.SUPPORTED, ClaimVerdict.PARTIAL)
    (word,) = check(said.replace("its staff", "its danish staff"), [said]).claims
    assert SUPPORTED_AT <= claim.score < word.score < full.score


def test_a_negation_in_the_sentence_that_says_the_same_contradicts():
    evidence = ["The gateway may not be opened by customers. Vans stand in the yard behind it."]
    (claim,) = check("The gateway may be opened by customers.", evidence).claims
    assert claim.verdict is ClaimVerdict.CONTRADICTED
    assert claim.citations == ()


def test_a_negation_elsewhere_in_the_evidence_does_not_contradict():
    evidence = ["The bridge was opened in 1911. Nobody had asked the town for its consent."]
    (claim,) = check("The bridge was opened in 1911.", evidence).claims
    assert claim.verdict is ClaimVerdict.SUPPORTED


def test_what_a_text_has_beyond_all_measure_is_not_read_and_passes_for_nothing(monkeypatch):
    monkeypatch.setattr("query.claims.claims.MOST_COMPARISONS", 6)
    evidence = ["Door one opens to the yard. Door two is shut.", "Door three is locked at night."]
    said = "Door one opens to the yard. Door two is shut. Door three is locked at night. "
    found = check(said * 2, evidence)
    supported, unread = ClaimVerdict.SUPPORTED, ClaimVerdict.NOT_CHECKED
    assert [claim.verdict for claim in found.claims] == [supported] * 3 + [unread] * 3
    assert found.support_score < check(said, evidence).support_score


def test_a_sentence_without_an_end_is_as_much_to_read_as_many(monkeypatch):
    monkeypatch.setattr("query.claims.claims.MOST_COMPARISONS", 6)
    evidence = ["Door one opens to the yard " + "and to the lane behind it " * 100]
    found = check("Door one opens to the yard. Door two is shut.", evidence)
    assert [claim.verdict for claim in found.claims] == [
        ClaimVerdict.SUPPORTED,
        ClaimVerdict.NOT_CHECKED,
    ]


@pytest.mark.parametrize("gap", [" " * 400_000, "[1]" + " " * 400_000], ids=["blank", "marker"])
def test_blanks_without_end_before_a_marker_are_read_once(gap):
    found = check(f"The Tern 4 weighs 1,480 g.{gap}[9]", EVIDENCE)
    assert found.claims[0].verdict is ClaimVerdict.UNSUPPORTED


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("The store is kept at -5 degrees.", "The store is kept at 5 degrees."),
        ("The store is kept at −5 degrees.", "The store is kept at 5 degrees."),
        ("The balance was -$500.", "The balance was $500."),
        ("The balance was minus 0.05 euros.", "The balance was minus 0.5 euros."),
        ("The school opened on 3/4/2021.", "The school opened on 4/3/2021."),
        ("The lift is open 7/24.", "The lift is open 24/7."),
        ("The pump has serial number 4006381333931.", "The pump has serial number 4006381333932."),
    ],
)
def test_a_figure_with_another_sign_order_or_last_digit_is_another(claim, evidence):
    assert check(claim, [evidence]).claims[0].verdict is not ClaimVerdict.SUPPORTED
    assert check(claim, [claim]).claims[0].verdict is ClaimVerdict.SUPPORTED
    assert check(evidence, [evidence]).claims[0].verdict is ClaimVerdict.SUPPORTED


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("The store is kept at minus 5 degrees.", "The store is kept at minus 5 degrees Celsius."),
        ("The pump has serial number 4006381333931.", "Its pump has serial number 4006381333931."),
    ],
)
def test_the_same_figure_in_another_form_is_the_same(claim, evidence):
    assert check(claim, [evidence]).claims[0].verdict is ClaimVerdict.SUPPORTED


@pytest.mark.parametrize(
    "text",
    [
        "Erwin Schrödinger was born in Vienna in 1887.",
        "Tiếng Việt có sáu thanh điệu.",
        "यह पंप हर साल जांचा जाना चाहिए।",
        "เครื่องสูบน้ำต้องตรวจสอบทุกปี",
        "الكِتَابُ على الطاولةِ.",
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("kept", ["NFC", "NFD"])
def test_letters_of_two_signs_are_the_same_as_of_one(text, form, kept):
    said = unicodedata.normalize(form, text)
    (claim,) = check(said, [unicodedata.normalize(kept, text)]).claims
    assert claim.verdict is ClaimVerdict.SUPPORTED
    assert said[claim.start : claim.end] == claim.text


@pytest.mark.parametrize("opening", ["Sure, the", "Of course the", "Okay, the", "Sorry, the"])
def test_a_figure_behind_a_courtesy_is_checked_and_counts(opening):
    said = "Customer telemetry is kept for 30 days after the contract ends."
    wrong = f"{opening} Tern 4 weighs 1,840 g with batteries."
    found = check(f"{said} {wrong}", EVIDENCE)
    assert found.claims[1].verdict is ClaimVerdict.CONTRADICTED
    assert found.support_score < 0.7
    right = check(f"{opening} Tern 4 weighs 1,480 g with batteries.", EVIDENCE).claims[0]
    assert right.score == pytest.approx(check("The Tern 4 weighs 1,480 g with batteries.",
                                              EVIDENCE).claims[0].score)  # fmt: skip


@pytest.mark.parametrize(
    "courtesy",
    [
        "Sorry, but I could not find the price of 2024.",
        "Sure, here are the 3 answers:",
        "Thanks for asking about order 4711.",
        "I hope that these 3 points help.",
    ],
)
def test_a_courtesy_with_a_figure_of_its_own_is_no_claim(courtesy):
    assert check(courtesy, EVIDENCE).claims[0].verdict is ClaimVerdict.NOT_CHECKED


def test_words_of_different_places_make_no_claim():
    evidence = [
        "Laptops are managed and encrypt their disk. Private computers must be cleaned.",
        "Unused goods can be returned. The contract ends after the last day of the year.",
    ]
    (found,) = check("The laptop must be returned after the last day.", evidence).claims
    assert found.verdict is not ClaimVerdict.SUPPORTED


@pytest.mark.parametrize("claim", ["never not no", "All must, always.", "💥 not all", "…"])
def test_words_that_name_nothing_are_not_checked(claim):
    found = check(claim, ["This must never be done, not at all. All is well, always."])
    assert {one.verdict for one in found.claims} == {ClaimVerdict.NOT_CHECKED}
    assert found.support_score == 0.0
