"""Where only a flagged page names what is asked about, the decision says so."""

from query.decision import ReasonCode, SuggestedAction, Verdict

QUESTION = "When will order 4711 be delivered?"
ORDER = "Thank you for your order 4711. It will be delivered on 3 December 2026."
OTHER = "Orders are delivered within five working days. Delivery costs nothing."


def served(make_engine, shelve, page, *flags):
    pages = (page("order.md", "Your order", ORDER, flags=flags), page("other.md", "Orders", OTHER))
    return make_engine(store=shelve(pages))


def test_a_flagged_page_that_names_it_is_no_missing_page(make_engine, shelve, page):
    decision = served(make_engine, shelve, page, "injection").answer(QUESTION)
    assert decision.verdict is Verdict.UNANSWERABLE
    assert decision.has(ReasonCode.FLAGGED_EVIDENCE)
    assert decision.has(ReasonCode.FLAGGED_EVIDENCE_ONLY)
    assert not decision.has(ReasonCode.NUMBER_NOT_FOUND)
    details = [reason.detail for reason in decision.reasons]
    assert "Only flagged chunks name '4711': order.md." in details
    assert not [detail for detail in details if "No evidence names" in detail]
    assert decision.suggested_action is SuggestedAction.ESCALATE


def test_what_no_page_names_is_still_said_to_be_missing(make_engine, shelve, page):
    decision = served(make_engine, shelve, page, "injection").answer(
        QUESTION.replace("4711", "8520")
    )
    assert decision.has(ReasonCode.NUMBER_NOT_FOUND)
    assert "No evidence names '8520'." in [reason.detail for reason in decision.reasons]


def test_a_flagged_page_beside_one_that_names_it_changes_no_answer(make_engine, shelve, page):
    pages = (
        page("order.md", "Your order", ORDER),
        page("copy.md", "Your order", ORDER, flags=("injection",)),
    )
    decision = make_engine(store=shelve(pages)).answer(QUESTION)
    assert decision.verdict is Verdict.ANSWERABLE
    assert not decision.has(ReasonCode.FLAGGED_EVIDENCE_ONLY)
