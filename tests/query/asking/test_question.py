"""Understanding questions: terms, names, identifiers, answer types, parts, unusable input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import GateSettings
from query.asking.followups import read_history, refers_back, resolve
from query.asking.question import AnswerType, normalise, understand
from query.decision import ReasonCode
from query.text.designators import Designator, find_designators, names_designator
from query.text.language import detect_language

SETTINGS = GateSettings()
ENGLISH = frozenset({"en"})


def ask(text: str):
    return understand(text, SETTINGS, ENGLISH)


def test_names_identifiers_and_values_are_kept_apart():
    question = ask("What did Maria Keller change in TRN-204 for the SLA on 3 May 2024?")
    assert question.names == ("Maria Keller",)
    assert question.identifiers == ("TRN-204",)
    assert question.acronyms == ("SLA",)
    assert [v.amount for v in question.values] == ["2024-05-03"]


def test_the_word_that_opens_a_question_is_no_name():
    assert ask("Employees in Porto get how much leave?").names == ("Porto",)


def test_a_title_in_capitals_names_nothing():
    assert ask("What Is The Annual Leave Policy").names == ()


def test_a_name_with_a_number_is_one_thing():
    assert find_designators("What does the Tern 6 cost in API version 3 since May 5?") == (
        Designator("Tern", "6"),
        Designator("version", "3"),
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("the Tern 2 probe", True),
        ("Tern-2", True),
        ("Tern 2 and Tern 4", True),
        ("Tern 4 and 2", True),
        ("the Tern 20", False),
        ("the Tern 2.5", False),
        ("the Tern 4", False),
    ],
)
def test_a_designator_is_met_exactly(text, named):
    assert names_designator(text, Designator("Tern", "2")) is named


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("How many days of leave are there?", AnswerType.NUMBER),
        ("How long is the notice period?", AnswerType.DURATION),
        ("When does the lease end?", AnswerType.DATE),
        ("Who approves travel?", AnswerType.PERSON),
        ("Where is the archive?", AnswerType.PLACE),
        ("How much does a badge cost?", AnswerType.MONEY),
        ("What does a return ticket for the ferry cost?", AnswerType.MONEY),
        ("Is smoking allowed?", AnswerType.YES_NO),
        ("What is an epoch?", AnswerType.DEFINITION),
        ("How do I reset the gateway?", AnswerType.PROCEDURE),
        ("Why is the door locked?", AnswerType.REASON),
        ("What are the user roles?", AnswerType.LIST),
    ],
)
def test_answer_types(text, kind):
    assert ask(text).answer_type is kind


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Combien de jours de congé ai-je ?", "fr"),
        ("Quanti giorni di ferie ho all'anno e come li chiedo?", "it"),
        ("Quantos dias de férias eu tenho por ano?", "pt"),
        ("Сколько дней отпуска?", "ru"),
        ("休暇は何日ありますか", "ja"),
        ("How many days of leave do I have in Porto?", None),
        ("Educators support educational choice as long as what happens?", None),
        ("Who is the author of Der Zauberberg?", None),
        ("Who wrote El amor en los tiempos del cólera?", None),
        ("When does Das Boot der Woche und die Nacht open?", None),
        ("Is Au Bon Pain et Un Café open?", None),
        ("El Paso office Los Angeles office address", None),
        ("Las Vegas Los Angeles flight cost", None),
        ("Rio de Janeiro office Santiago de Chile office", None),
        ("Café de la Paix address", None),
        ("Die casting die temperature?", None),
        ("Ben Hur tickets", None),
        ("email Dan Yang", None),
        ("MIT die casting", None),
        ("Unter den Linden office address", None),
        ("sans serif font size", None),
        ("cat care pot", None),
        ("Wat kost de Tern 4?", "nl"),
        ("Waar vind ik de code van de deur?", "nl"),
        ("Was kostet der Tern 4?", "de"),
        ("Darf ich Hunde mitbringen?", "de"),
        ("Wie lange la\u0308uft fu\u0308r mich die Ku\u0308ndigung?", "de"),
        ("Qu'est-ce que la garantie couvre ?", "fr"),
        ("Où se trouve l'agence de Porto ?", "fr"),
        ("cuanto cuesta el envio", "es"),
        ("C'è un parcheggio?", "it"),
        ("Quanto tempo dura a garantia?", "pt"),
        ("Ile kosztuje Tern 4?", "pl"),
        ("Tern 4 kaç kilo?", "tr"),
        ("Vad kostar Tern 4?", "sv"),
        ("Hvad koster Tern 4?", "da"),
        ("Paljonko Tern 4 maksaa?", "fi"),
        ("Kolik stojí Tern 4?", "cs"),
        ("Mennyibe kerül a Tern 4?", "hu"),
        ("Cât costă Tern 4?", "ro"),
        ("Berapa harga Tern 4?", "id"),
        ("Tern 4 giá bao nhiêu?", "vi"),
        ("Скільки коштує Tern 4?", "uk"),
        ("چند روز مرخصی دارم؟", "fa"),
        ("Tern 4 ధర ఎంత?", "te"),
        ("តើ Tern 4 តម្លៃប៉ុន្មាន?", "km"),
        ("¿What es el precio de la garantía?", "es"),
        ("TRN-204", None),
    ],
)
def test_languages(text, code):
    assert detect_language(text) == code


@pytest.mark.parametrize(
    ("text", "garbled"),
    [
        ("Knightsbridge", False),
        ("Der Rechtsschutz?", False),
        ("Wirtschaft Deutschland", False),
        ("kırmızı sıfır", False),
        ("sdfghjkl qwrtpsd", True),
        ("aaaaaah", True),
    ],
)
def test_letters_that_no_word_has_are_garbled(text, garbled):
    problem = ask(text).problem
    assert (problem is not None and problem.code is ReasonCode.GARBLED_INPUT) is garbled


def test_a_served_language_is_no_problem():
    german = "Wie viele Urlaubstage habe ich im Jahr?"
    assert understand(german, SETTINGS, frozenset({"en", "de"})).problem is None
    assert ask(german).problem.code is ReasonCode.LANGUAGE


@given(st.text(max_size=300))
def test_any_text_is_understood_without_an_error(text):
    question = ask(text)
    assert question.text == normalise(text)
    assert len(question.terms) == len(question.surface)
    assert len(question.parts) >= 1


def test_a_follow_up_borrows_the_topic_of_the_last_user_turn():
    turns = read_history([{"role": "user", "content": "Who maintains Plover?"}, "unrelated"])
    assert turns[0].speaker == "user"
    assert "Plover" in resolve("And how long does it need?", turns[:1])


def test_a_question_of_its_own_stays_as_it_is():
    text = "How many days of annual leave do apprentices in Porto have?"
    assert resolve(text, read_history(["Who maintains Plover?"])) == text


def test_expletives_refer_to_nothing():
    assert not refers_back("Is it allowed to smoke in the office?")
    assert refers_back("How long does it last?")
