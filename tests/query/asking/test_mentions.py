"""What a turn names side by side."""

import pytest

from query.asking.mentions import named_side_by_side


def named(text: str) -> list[list[str]]:
    return [[one.text for one in group] for group in named_side_by_side(text)]


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("how long is the warranty on the tern 2 and the tern 4", [["tern 2", "tern 4"]]),
        ("what does a knee mri cost, and an ultrasound of it?", [["knee mri", "ultrasound"]]),
        ("Do you have rabies, tetanus or flu?", [["rabies", "tetanus", "flu"]]),
        ("Is there parking and a charger? It is Monday.", [["parking", "charger"]]),
        ("Shore versus Estuary", [["Shore", "Estuary"]]),
        ("what is there besides holiday and illness?", []),
        ("What is the price and the fee?", []),
        ("How heavy is the Tern 2?", []),
        ("", []),
    ],
)  # fmt: skip
def test_what_stands_beside_a_joint_is_named(text, groups):
    assert named(text) == groups


def test_a_piece_with_more_in_it_ends_a_group():
    text = "I'm torn between Shore and Estuary for our trust, or Ocean"
    assert ["Shore", "Estuary"] in named(text)
    assert not any({"Shore", "Ocean"} <= set(group) for group in named(text))


def test_what_goes_on_for_ever_names_nothing():
    assert named(" and ".join(f"thing{n}" for n in range(4000))) == []
    assert named("x " * 1000 + ". parking and a charger") == []
