"""Names of persons are found where the text introduces one, and stay readable everywhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.masking import Masker
from query.privacy.personal_data import Kind, find_personal

FOUND = [
    ("My name is {}, and my Tern 4 is broken.", "Ana Petrović"),
    ("I am called {}. How long is the warranty?", "Zoë O'Hara"),
    ("Good morning, this is {} speaking. Are you open?", "John Smith"),
    ("I'm {}, a customer since 2019. Where is my parcel?", "Peter O'Brien"),
    ("I am Dr. {}. Where do I sign?", "Ignatius van den Berg"),
    ("Dear Mr {}\nhow long is the warranty?", "Okafor"),
    ("Mrs. {} wants to return her probe. Until when can she?", "Anne-Marie de la Cruz"),
    ("Mr. {} wants to return his probe. Until when can he?", "Costa"),
    ("Dear Mrs {},\nhow long is the warranty?", "West"),
    ("My name is {}. How long is the warranty?", "Roman Novak"),
    ("Our customer Mr. {} asks whether it can be rented.", "Takahashi"),
    ("My colleague {} is ill. From which day is a note needed?", "Ingrid Halvorsen"),
    ("On behalf of Mr. and Mrs. {}: what does it cost?", "Fitzgerald"),
    ("We sold Mr. {} a Heron in May. Is it under warranty?", "van Dijk"),
    ("The customer's name is {}. Which discount is right?", "Rajesh Kumar"),
    ("How long is delivery?\n\nKind regards,\n{}\nHead of Water Quality", "Jane Roe"),
    ("How long is delivery? Sincerely, {}", "A. J. Whitcombe"),
    ("Can I return it?\nThanks,\n{}", "Milan Kovač"),
    ("my name is {}, when does my warranty end?", "sarah miller"),
    ("hi, my name is {} and i lost my badge", "ana petrović"),
    ("ich heiße {}, wann kommt mein paket?", "anna schmidt"),
    ("Mein Name ist {}, wann kommt mein Paket?", "Jürgen Großmann"),
    ("Guten Tag, ich bin Frau Dr. {}, wer ist zuständig?", "Öztürk"),
    ("Sehr geehrter Herr {}, was kostet eine Sonde?", "von der Heide"),
    ("Wie lange dauert es?\nMit freundlichen Grüßen\n{}", "Sabine Vogt"),
    ("Meine Kollegin {} ist krank.", "Petra Lang"),
    ("Je m'appelle {}. Quel est le prix ?", "Hélène Dubois-Martin"),
    ("Mme {} souhaite annuler sa commande.", "Girard"),
    ("Combien coûte une sonde ?\nCordialement,\n{}", "Thierry Blanc"),
    ("Me llamo {}, ¿cuánto cuesta?", "María José Fernández"),
    ("Estimada Sra. {}: ¿cuál es el precio?", "Gutiérrez"),
    ("¿Cuánto cuesta?\nUn saludo,\n{}", "Pablo Ruiz"),
]
STAY = """
Who was Mr. Darcy?
What did Dr. Martin Luther King say in Washington?
Why has Mr. Burns ordered a sun block?
Who sings my name is Luka?
Who plays Randy in My Name Is Earl?
Who says "hello, my name is Inigo Montoya"?
My name is Earl was cancelled in which year?
My name is misspelled on the badge, whom do I ask?
my name is spelled wrong, who can fix it?
my name is not on the list, whom do i ask?
my name is really long, does it fit on the badge?
mein name ist falsch geschrieben, wer ändert das?
who sings my name is luka, and when was it released?
Who directed I Am Legend?
I am West African, and I need a visa. Who helps me?
Dear Support Team, how long is the warranty of a Tern 4?
Dear Sir or Madam, what does a Heron cost?
Dear Larkspur Instruments, when do you open?
Hi Holdfast, how long is the notice period?
This is Tern 4 calling home, what does that mean?
I'm South African, and I want to know about visas.
I'm Korean American and I moved to Kiel.
Our customer Hydro Balt asks for a discount.
Our supplier Bosch delivers late. Who is told?
Kind regards, Larkspur Support
Thanks, Holdfast
Name: Tern 4
Acme Water <info@hydro.example> sent an offer.
Call Siemens at +49 170 1234567 about the pump.
On behalf of Contoso, what is the price?
Mein Name ist falsch geschrieben, wer ändert das?
Liebe Grüße aus Berlin! Was kostet das?
Sehr geehrte Damen und Herren, was kostet eine Sonde?
Madame Bovary a été écrit par qui ?
Soy de Buenos Aires, ¿hacéis envíos?
""".strip().splitlines()


def people(text):
    return [text[f.start : f.end] for f in find_personal(text) if f.kind is Kind.PERSON]


@pytest.mark.parametrize(("frame", "name"), FOUND)
def test_an_introduced_name_is_found_whole_and_its_title_stays(frame, name):
    assert people(frame.format(name)) == [name]


@pytest.mark.parametrize("text", STAY)
def test_products_firms_and_the_people_a_question_is_about_stay(text):
    assert people(text) == []


def test_a_name_with_a_title_beside_contact_data_is_that_persons():
    assert people("Please call Mrs Novak on +420 601 123 456.") == ["Novak"]
    assert people("Please call Mrs Novak.") == []
    far = "x " * 100
    assert people(f"Mr. Darcy is in chapter 3. {far} Write to a@example.org.") == []


def test_the_name_before_a_mail_address_made_of_it_is_found():
    assert people("Send it to Jane Roe <jane.roe@example.org>.") == ["Jane Roe"]
    assert people("Name: Ludmila Horáková\nE-mail: lh@example.org") == ["Ludmila Horáková"]


def test_a_name_introduced_once_is_found_wherever_it_comes_again():
    masker = Masker()
    assert masker.mask("My name is Ana Petrović. Is ana petrović on the list?") == (
        "My name is [person:1]. Is [person:1] on the list?"
    )
    assert masker.mask("The list names Ana Petrović and Mrs Petrović, not Ana.") == (
        "The list names [person:1] and Mrs [person:2], not Ana."
    )


def test_a_signature_on_one_line_ends_where_the_known_name_does():
    masker = Masker()
    assert masker.mask("Regards,\nJane Roe\nHead of Sales").endswith("[person:1]\nHead of Sales")
    assert masker.mask("Regards, Jane Roe Head of Sales") == "Regards, [person:1] Head of Sales"


@given(st.text(max_size=300), st.sampled_from(["", "My name is ", "Regards,\n", "Dear Mr "]))
def test_no_text_takes_it_out_of_bounds_and_masking_twice_changes_nothing(text, before):
    for one in find_personal(before + text):
        assert 0 <= one.start < one.end <= len(before + text)
    once = Masker().mask(before + text)
    assert Masker().mask(once) == once
