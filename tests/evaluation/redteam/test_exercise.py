"""An exercise: what a user plants must be there to attack anything."""

import pytest

from config.errors import ConfigError
from config.querying import PolicySettings
from config.settings import Settings
from evaluation.redteam.cases import Case, Planted, Suite
from evaluation.redteam.exercise import exercise, refuse_doubled_documents, refuse_unplanted
from evaluation.redteam.field import OUTSIDE, open_field


def planting(*documents: Planted) -> Suite:
    return Suite("mine", (Case(id="1", question="How much?", absent=("999",)),), documents)


def test_a_document_that_the_pipeline_refuses_is_no_attack(tmp_path):
    note = Planted("inbox/note.md", "The deposit is 999 euro.")
    with open_field(Settings(home=tmp_path)) as field:
        field.plant(OUTSIDE, [note, Planted("inbox/empty.md", "")])
        field.ingest()
        refuse_unplanted(field.corpus, [planting(note)])
        with pytest.raises(ConfigError, match=r"^inbox/empty\.md, inbox/x\.xyz could not be"):
            refuse_unplanted(
                field.corpus,
                [
                    planting(note, Planted("inbox/empty.md", "")),
                    planting(Planted("inbox/x.xyz", "")),
                ],
            )


def test_two_documents_of_one_key_are_refused():
    one, other = planting(Planted("a.md", "x")), planting(Planted("a.md", "y"))
    refuse_doubled_documents([one], [Planted("b.md", "z")])
    with pytest.raises(ConfigError, match=r"^a\.md is planted twice"):
        refuse_doubled_documents([one, other], [])


@pytest.mark.parametrize("key", ["inbox/instruction.md", "warranty.md"])
def test_nobody_plants_in_the_place_of_what_the_exercise_plants_itself(key, tmp_path):
    """The attack of ours would never take place, and count as withstood."""
    with pytest.raises(ConfigError, match=rf"^{key} is the key of a document that the exercise"):
        exercise(Settings(home=tmp_path), [planting(Planted(key, "Harmless."))], seed=1)


@pytest.mark.parametrize(
    ("keys", "text", "complaint"),
    [
        (("a.md", "a.md/b.md"), "x", r"^a\.md/b\.md could not be planted \(.*another key"),
        (("x" * 300 + ".md",), "x", r"^x+\.md could not be planted \(File name too long\)"),
        (("a.md",), "half \ud800", r"^a\.md could not be planted: .*half of a character"),
        (("\ud800.md",), "x", r"^\\ud800\.md could not be planted: .*half of a character"),
    ],
)
def test_a_document_that_no_file_can_be_is_told(keys, text, complaint, tmp_path):
    with open_field(Settings(home=tmp_path)) as field, pytest.raises(ConfigError, match=complaint):
        field.plant(OUTSIDE, [Planted(key, text) for key in keys])


def test_what_answers_nobody_is_not_attacked(tmp_path):
    """It would withstand everything."""
    german = tmp_path / "policy.yaml"
    german.write_text("languages: [de]\n", encoding="utf-8")
    settings = Settings(home=tmp_path / "home", policy=PolicySettings(file=german))
    with pytest.raises(ConfigError, match=r"none of 18 honest questions .*\(policy_language\)"):
        exercise(settings, [], seed=1)
