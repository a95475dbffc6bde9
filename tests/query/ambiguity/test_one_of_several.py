"""Somebody asks about "the fort" where the last answer named several and nothing picks one."""

import pytest

from config.settings import GateSettings
from query.ambiguity.one_of_several import find_one_of_several
from query.asking.conversation import in_context
from query.asking.followups import Turn
from query.asking.question import understand
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import titled

PASSAGES = [
    titled("War", "Fort Carillon was built by the French in 1755. It stands at a lake.", 0),
    titled("Forts", "Fort Duquesne was built by a trading company. Fort Niagara is older.", 1),
    titled("Plague", "In Paris half of the inhabitants died, in Florence more than half.", 2),
]
FORTS = (
    Turn("user", "Which forts were there?"),
    Turn("assistant", "Fort Carillon, Fort Duquesne in Ohio and Fort Niagara."),
)
CITIES = (
    Turn("user", "I write about the plague in European cities."),
    Turn("assistant", "They were hit hard: Paris, Florence and Hamburg lost many people."),
)


def found(question: str, earlier: tuple[Turn, ...]) -> list[str]:
    asked = in_context(understand(question, GateSettings(), frozenset({"en"})), question, earlier)
    unnamed = find_one_of_several(asked, weigh_terms(asked.terms, PASSAGES), PASSAGES)
    return [one.instance.name for one in unnamed.possible] if unnamed else []


@pytest.mark.parametrize(
    ("question", "earlier", "names"),
    [
        ("who had the fort built?", FORTS, ["Fort Carillon", "Fort Duquesne", "Fort Niagara"]),
        ("When was that fort given up?", FORTS, ["Fort Carillon", "Fort Duquesne", "Fort Niagara"]),
        ("What share of the city's inhabitants died?", CITIES, ["Paris", "Florence"]),
        ("And how large was the fort?", (*FORTS, Turn("user", "Were all of them at war?"),
                                         Turn("assistant", "Yes, all of them.")),
         ["Fort Carillon", "Fort Duquesne", "Fort Niagara"]),
    ],
    ids=["by name", "a demonstrative", "by the plural of the kind", "an answer before the last"],
)  # fmt: skip
def test_what_the_answer_named_side_by_side_is_left_open(question, earlier, names):
    assert found(question, earlier) == names


@pytest.mark.parametrize(
    ("question", "earlier"),
    [
        ("who had the fort built?", ()),
        ("who had the fort Carillon built?", FORTS),
        ("when were the forts built?", FORTS),
        ("which fort is the oldest?", FORTS),
        ("who had the fort built?", (*FORTS, Turn("user", "Tell me more of Duquesne."),
                                     Turn("assistant", "It belonged to a company."))),
        ("What share of the city's inhabitants died?",
         (Turn("user", "Was the plague in the city of Florence or in Siena, too?"),
          Turn("assistant", "In the city of Florence it was, from Pisa and Genoa."))),
        ("how long did the war last?", FORTS),
    ],
    ids=["nothing was said", "one is picked", "all are meant", "it asks which", "picked since",
         "one of the kind was spoken of", "another kind"],
)  # fmt: skip
def test_where_one_is_picked_or_all_are_meant_nothing_is_left_open(question, earlier):
    assert found(question, earlier) == []
