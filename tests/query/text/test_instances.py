"""Which things of a kind a passage names."""

import pytest

from query.text.instances import find_instances, is_defined_in, names_in, subject_of
from query.text.words import stem
from tests.query.ambiguity.test_conflicts import candidates, titled


@pytest.mark.parametrize(
    ("noun", "text", "name"),
    [
        ("workshop", "He learnt in the North Workshop for years.", "North Workshop"),
        ("bridge", "Cars use the Fenwick bridge.", "Fenwick bridge"),
        ("station", "The Marlow fire station has an engine.", "Marlow fire station"),
        ("mayor", "Agnes is mayor of Marlow.", "mayor of Marlow"),
        ("ship", "They sailed in the ship Endurance.", "ship Endurance"),
        ("film", "Safe Haven is a romantic film by a Swede.", "Safe Haven"),
        ("festival", "In May the Skerry Festival begins.", "Skerry Festival"),
    ],
)
def test_a_name_stands_before_the_noun_behind_it_or_is_defined(noun, text, name):
    assert name in {one.name for one in find_instances(noun, frozenset(), candidates(text))}


@pytest.mark.parametrize(
    ("noun", "text"),
    [
        ("workshop", "The workshop is open. A workshop needs light."),
        ("workshop", "Workshops are loud."),
        ("film", "The 2017 film was long; a TV film was not."),
        ("republic", "The Dominican people live well."),
        ("ship", "The Ellery Maritime Museum shows ship models."),
    ],
)
def test_a_noun_without_a_name_is_no_thing_of_its_own(noun, text):
    assert find_instances(noun, frozenset(), candidates(text)) == ()


def test_a_title_is_a_name_where_the_noun_is_its_head():
    yes = titled("North Workshop", "Repairs are made here.", 1)
    bracket = titled("Safe Haven (2013 film)", "A widow comes to town.", 2)
    no = titled("History of the Harbour Workshop", "It began small.", 3)
    assert [i.name for i in find_instances("workshop", frozenset(), [yes])] == ["North Workshop"]
    assert [i.name for i in find_instances("film", frozenset(), [bracket])] == ["Safe Haven"]
    assert find_instances("workshop", frozenset(), [no]) == ()


def test_what_stands_before_the_noun_in_the_question_must_be_there_and_is_no_name():
    fire, police = candidates(
        "The Marlow Fire Station is red.", "The Ellery Police Station is blue."
    )
    found = find_instances("station", frozenset({stem("fire")}), [fire, police])
    assert [one.own for one in found] == [frozenset({stem("marlow")})]


def test_a_text_without_a_title_is_about_the_first_name_in_it():
    (passage,) = candidates("In May 2019 the boats came. Grey Heron was the first.")
    assert subject_of(passage).name == "Grey Heron"
    (nameless,) = candidates("nothing here has a name")
    assert subject_of(nameless).name == nameless.key


def test_a_turn_names_or_defines_a_thing_as_a_passage_does():
    assert names_in("bridge", "It is near the Strand Bridge.") == ("Strand Bridge",)
    assert is_defined_in("film", "Safe Haven is a film of 2013.")
    assert not is_defined_in("film", "Many people like a film.")
