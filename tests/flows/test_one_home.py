"""A second home at one Prefect server is refused before it takes over the first one's work."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from config.errors import ConfigError
from config.settings import Settings, StoreSettings
from tests.support.prefect_api import client

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api")]


@pytest.fixture
def api() -> Iterator[Any]:
    """A client of a server that serves no home; whatever it serves at the end goes."""
    from prefect.exceptions import ObjectNotFound

    def clear() -> None:
        with suppress(ObjectNotFound):
            known.delete_deployment(known.read_deployment_by_name("ingest/ingest").id)
        for one in known.read_automations():
            known.delete_automation(one.id)

    with client() as known:
        clear()
        yield known
        clear()


def register(api: Any, **variables: str) -> None:
    """Register the deployment of a home, as `prefect deploy` would."""
    from flows.ingest import ingest

    job = {"env": {"HF_HUB_OFFLINE": "1", **variables}}
    api.create_deployment(api.create_flow(ingest), name="ingest", job_variables=job)


def serves(home: Path, collection: str = "holdfast") -> Any:
    """Let a home be refused, if it is."""
    from prefect.settings import PREFECT_API_URL

    from flows.one_home import refuse_other_home

    settings = Settings(home=home, store=StoreSettings(collection=collection))
    return refuse_other_home(settings, PREFECT_API_URL.value())


def test_the_home_of_the_server_may_come_again_and_another_one_is_told_what_to_do(
    api: Any, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    serves(first)  # to a server that serves nobody
    register(api, HOLDFAST_HOME=str(first))
    serves(first)
    first.mkdir()
    (tmp_path / "link").symlink_to(first)
    serves(tmp_path / "link", collection="renamed")
    with pytest.raises(ConfigError) as refused:
        serves(tmp_path / "second")
    told = str(refused.value)
    assert str(first) in told
    assert str(tmp_path / "second") in told
    assert "nothing was registered" in told
    assert "`prefect deployment delete ingest/ingest`" in told


def test_where_the_folder_is_that_of_a_worker_the_collection_tells_homes_apart(
    api: Any, tmp_path: Path
) -> None:
    from flows.automations import verify_after_commit

    register(api)
    verify = api.read_deployment_by_name("ingest/ingest").id
    api.create_automation(verify_after_commit("leases", verify))
    serves(tmp_path / "anywhere", collection="leases")
    with pytest.raises(ConfigError, match=r"leases.*collection recipes"):
        serves(tmp_path / "anywhere", collection="recipes")


@pytest.mark.parametrize("command", ["deploy", "up"])
def test_the_commands_register_nothing_at_the_server_of_another_home(
    command: str, api: Any, desk: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from prefect.settings import PREFECT_API_URL

    from service.cli import run

    register(api, HOLDFAST_HOME="/srv/other")
    before = api.read_deployment_by_name("ingest/ingest").updated
    monkeypatch.setattr(os, "environ", dict(os.environ))  # `up` changes it
    monkeypatch.setenv("PREFECT_API_URL", PREFECT_API_URL.value())
    more = ["--query-port", "0"] if command == "up" else []
    assert run([command, "--home", str(desk.settings.home), *more]) == 2
    assert "/srv/other" in capsys.readouterr().err
    assert api.read_deployment_by_name("ingest/ingest").updated == before
    assert api.read_automations() == []
