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


def test_two_machines_may_have_homes_at_the_same_path(
    api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.deployments import OWNER
    from flows.machine import is_same_owner, owner_of

    def on_machine(name: str, **ledger: str) -> Settings:
        (tmp_path / name).write_text(f"{name}\n")
        monkeypatch.setattr("flows.machine.MACHINE_ID", tmp_path / name)
        return Settings.model_validate({"home": tmp_path, "ledger": ledger})

    owner = owner_of(on_machine("first"))
    assert owner is not None
    assert "first" not in owner.split()[0]
    register(api, HOLDFAST_HOME=str(tmp_path), **{OWNER: f"{owner.split()[0]} its-old-name"})
    serves(tmp_path)
    other = on_machine("second")
    assert owner_of(other) != owner
    with pytest.raises(ConfigError, match=f"{tmp_path} of the machine its-old-name"):
        serves(tmp_path)
    monkeypatch.setattr("flows.machine.MACHINE_ID", tmp_path / "none")
    serves(tmp_path)  # where nothing tells the path alone does
    shared = "postgresql://db.example/holdfast"
    moved = owner_of(on_machine("first", url=shared))
    assert is_same_owner(owner, moved)  # the ledger moved, the home did not
    assert is_same_owner(moved, owner_of(on_machine("second", url=shared)))
    local = "postgresql://localhost/holdfast"
    own = owner_of(on_machine("first", url=local))
    assert not is_same_owner(own, owner_of(on_machine("second", url=local)))


@pytest.mark.parametrize("place", ["project", "worker"])
def test_the_deployments_of_another_tenant_of_the_home_are_not_replaced(
    place: str, api: Any, tmp_path: Path
) -> None:
    from prefect.settings import PREFECT_API_URL

    from flows.deployments import Place, deployments_of
    from flows.one_home import refuse_other_home

    mine, theirs = (Settings(home=tmp_path, tenant=tenant) for tenant in ("a", "b"))
    where = Place(tmp_path, tmp_path, None) if place == "project" else None
    job = deployments_of(mine, where)["deployments"][0]["work_pool"]["job_variables"]
    register(api, **job["env"])
    url = PREFECT_API_URL.value()
    refuse_other_home(mine, url)
    with pytest.raises(ConfigError, match=r"of the tenant 'a'; this one is .* of the tenant 'b'"):
        refuse_other_home(theirs, url)


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
