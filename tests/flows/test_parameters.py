"""What a form sends that is no value: text fields that were cleared."""

from typing import Any

import pytest

from flows.parameters import (
    BackupParameters,
    EvaluateParameters,
    Form,
    IngestParameters,
    PromoteParameters,
    PurgeParameters,
    ReindexParameters,
    RollbackParameters,
)


@pytest.mark.parametrize(
    ("form", "cleared"),
    [
        (IngestParameters, ["path", "source_name"]),
        (EvaluateParameters, ["questions"]),
        (PromoteParameters, ["generation"]),
        (RollbackParameters, ["to"]),
        (BackupParameters, ["target"]),
        (PurgeParameters, ["source"]),
        (ReindexParameters, ["approval"]),
    ],
)
def test_a_field_that_was_cleared_is_as_if_it_had_not_been_touched(
    form: type[Form], cleared: list[str]
) -> None:
    assert form.model_validate(dict.fromkeys(cleared, "")) == form()


@pytest.mark.prefect
@pytest.mark.usefixtures("prefect_api")
def test_a_cleared_path_takes_the_sources_and_not_the_folder_of_the_run(desk: Any) -> None:
    desk.fill(2)
    desk.folder.parent.parent.joinpath("secret.txt").write_text("The door is blue.\n")
    state = desk.flow(path="")
    assert (state.name, state.message) == ("Completed", "2 enumerated, 2 indexed")
