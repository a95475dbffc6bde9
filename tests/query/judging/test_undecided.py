"""Several documents answer: which is meant is asked back where nothing that was said picks it."""

from dataclasses import replace

import pytest

from config.querying import DeadlineSettings
from query.asking.followups import Turn
from query.decision import ReasonCode, SuggestedAction, Verdict
from query.judging.reader import HERE, Reading, read_record
from query.judging.trained_judge import TrainedJudge
from query.judging.undecided import answering_as_well, open_between
from query.resilience import circuit
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import ask, titled
from tests.query.judging.test_rivals import Points, read
from tests.query.judging.test_trained_judge import PLAIN

VELLING = "Velling lies on the river. Its mayor is Petra Loudon."
ANSLEY = "Port Ansley is a harbour town. Its mayor is Hugo Castellane."
MAYOR = "Who is the mayor?"
NAMES = ("Petra Loudon", "Hugo Castellane")
WORDS = "What does it say of mayor, harbour, river, bridge, tower and market?"


def towns():
    return [titled("Velling", VELLING, 1), titled("Port Ansley", ANSLEY, 2)]


def between(question: str) -> int:
    asked, passages = ask(question), towns()
    return len(open_between(asked, weigh_terms(asked.terms, passages), passages))


@pytest.mark.parametrize(
    ("question", "documents"),
    [
        (MAYOR, 2),
        ("Who is the mayor of Velling?", 0),
        ("who is the mayor of velling?", 0),
        ("Who is mayor no. 17?", 0),
        (WORDS, 0),
    ],
    ids=["nothing picks one", "a name", "a word of a title", "a number", "many words"],
)
def test_a_question_that_picks_none_leaves_it_open(question, documents):
    assert between(question) == documents


def test_a_third_document_that_was_spoken_of_is_meant():
    asked = replace(ask(MAYOR), earlier=(Turn("user", "Where does Skerry lie?"),))
    third = titled("Skerry", "Skerry is an island with a mayor.", 3)
    assert open_between(asked, {}, [*towns(), third]) == ()
    assert len(open_between(asked, {}, towns())) == 2


def test_one_document_leaves_nothing_open():
    asked = ask(MAYOR)
    first, other = towns()
    copy = replace(other, title=first.title)
    assert open_between(asked, {}, [first, copy]) == ()
    assert open_between(asked, {}, [first, replace(first, chunk_id="another chunk")]) == ()
    assert open_between(asked, {}, []) == ()


@pytest.mark.parametrize(
    ("spans", "logits", "found"),
    [
        (NAMES, (3.0, 2.0), 2),
        (NAMES, (3.0, 0.5), 0),
        (NAMES, (-2.5, -2.5), 0),
        (("", ""), (-0.5, -1.0), 2),
        (("Petra Loudon", "mayor"), (3.0, 2.0), 0),
    ],
    ids=["both answer", "one by far", "none answers", "nowhere word for word", "both hold it"],
)
def test_answers_are_several_where_documents_answer_about_as_well(spans, logits, found):
    asked, passages = ask(MAYOR), towns()
    pairs = [
        (passage, replace(read(passage, span)[1], answers=logit, span=5.0 if span else -1.0))
        for passage, span, logit in zip(passages, spans, logits, strict=True)
    ]
    weights = weigh_terms(asked.terms, passages)
    assert len(answering_as_well(asked, weights, pairs, -2.0)) == found


@pytest.mark.parametrize(("months", "found"), [("six", 0), ("three", 2)])
def test_who_gives_the_same_value_tells_the_same_wherever_it_was_read(months, found):
    asked = ask("How long is the probation period?")
    office = titled("Office", "The probation period lasts six months.", 1)
    nurses = titled("Nurses", f"The probation period is {months} months. Notice is short.", 2)
    pairs = [read(office, "lasts six months"), (nurses, Reading(-1.0, 5.0))]
    weights = weigh_terms(asked.terms, [office, nurses])
    assert len(answering_as_well(asked, weights, pairs, -2.0)) == found


def test_a_document_that_says_less_of_what_is_asked_is_not_meant():
    asked = ask("Who runs the ferry?")
    passages = [titled("Aldersee", "The ferry is run by Kai Orr.", 1), towns()[1]]
    pairs = [(passage, Reading(-1.0, 2.0)) for passage in passages]
    weights = weigh_terms(asked.terms, passages)
    assert answering_as_well(asked, weights, pairs, -2.0) == ()


@pytest.fixture
def towns_engine(shelve, page, make_engine):
    store = shelve([page("v.md", "Velling", VELLING), page("a.md", "Port Ansley", ANSLEY)])

    def made(also=-2.0):
        trips = circuit(DeadlineSettings())
        judge = TrainedJudge(
            Points(*NAMES), PLAIN, "reader-test", 2, trips, 5.0, enough=0.0, also=also
        )
        return make_engine(store=store, judge=judge)

    return made


def test_it_is_asked_back_which_is_meant(towns_engine):
    decision = towns_engine().ground(MAYOR)
    assert decision.verdict is Verdict.AMBIGUOUS
    assert decision.has(ReasonCode.UNNAMED_REFERENT)
    assert decision.suggested_action is SuggestedAction.ASK_BACK
    (conflict,) = decision.conflicts
    assert {side.value for side in conflict.sides} == {"Velling", "Port Ansley"}
    assert "Velling" in decision.clarification
    assert all("mayor" in side.quote for side in conflict.sides)


@pytest.mark.parametrize(
    ("history", "verdict"),
    [
        (["Where does Velling lie?"], Verdict.ANSWERABLE),
        (["Do you know Velling and Port Ansley?"], Verdict.AMBIGUOUS),
        (["Do you know Velling and Port Ansley?", "Tell me of Velling."], Verdict.ANSWERABLE),
        (["hello"], Verdict.AMBIGUOUS),
        (["Which town lies on the coast?", "It is a harbour town."], Verdict.ANSWERABLE),
    ],
    ids=["one", "both", "one of the two", "none", "what one of them says"],
)
def test_what_was_said_before_picks_one(towns_engine, history, verdict):
    assert towns_engine().ground(MAYOR, history=history).verdict is verdict


def test_a_reader_that_is_not_asked_for_it_answers_from_the_first(towns_engine):
    assert towns_engine(also=None).ground(MAYOR).verdict is Verdict.ANSWERABLE


def test_the_reader_that_ships_is_asked_for_it():
    assert read_record(HERE).also == -2.0


@pytest.mark.parametrize(
    ("question", "spans", "found"),
    [
        ("How do I become mayor?", NAMES, 0),
        ("Why is there a mayor?", NAMES, 0),
        ("Is the mayor there?", NAMES, 2),
        ("Is the mayor there?", ("", "Hugo Castellane"), 0),
        ("What's the office?", ("", "Hugo Castellane"), 2),
    ],
    ids=["a procedure", "a reason", "a few words", "only one has words for it", "a single word"],
)
def test_what_documents_tell_in_words_of_their_own_is_no_other_answer(question, spans, found):
    asked = ask(question)
    pairs = [
        (passage, replace(read(passage, span)[1], answers=2.0, span=5.0 if span else -1.0))
        for passage, span in zip(towns(), spans, strict=True)
    ]
    assert len(answering_as_well(asked, weigh_terms(asked.terms, towns()), pairs, 0.0)) == found
