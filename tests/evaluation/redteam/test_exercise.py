"""An exercise: what a user plants must be there to attack anything."""

import pytest

from config.errors import ConfigError
from config.settings import Settings
from evaluation.redteam.cases import Case, Planted, Suite
from evaluation.redteam.exercise import refuse_doubled_documents, refuse_unplanted
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
    refuse_doubled_documents([one])
    with pytest.raises(ConfigError, match=r"^a\.md is planted twice"):
        refuse_doubled_documents([one, other])
