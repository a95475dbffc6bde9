"""One Prefect server serves one home, for one tenant: another is refused before it takes over.

Names of deployments and automations are fixed, so that those of a second home would replace those
of the first, whose schedules would then index into the second.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, temporary_settings

from config.errors import ConfigError
from config.origins import variable_of
from config.settings import Settings
from flows.automations import verify_after_commit
from flows.calling import refusals_told
from flows.deployments import INGEST, OWNER, TENANT
from flows.machine import is_same_owner, owner_of

REGISTERED = f"{INGEST}/{INGEST}"
"""The deployment that says whose a server is."""


def refuse_other_home(settings: Settings, api_url: str) -> None:
    """Make sure that a server serves this home, or none yet.

    Homes are told apart by their folders, and those of one path by their machines. Where
    deployments leave the folder to their worker, the collection of the automations is all that is
    known.

    Raises:
        ConfigError: It serves another one.
        HoldfastError: The server refuses to say.
    """
    with (
        refusals_told(api_url),
        temporary_settings({PREFECT_API_URL: api_url}),
        get_client(sync_client=True) as client,
    ):
        other = other_home(client, settings)
    if other is not None:
        raise ConfigError(
            f"The Prefect server at {api_url} serves another home already, {other}; this one "
            f"is {settings.home} with the collection {settings.store.collection}, of the tenant "
            f"{settings.tenant!r}. Its deployments would be replaced, so nothing was registered. "
            "Give each home, and each tenant of one, a server of its own, as `holdfast up` does "
            "for a home. If this home takes the place of the other one, run `prefect "
            f"deployment delete {REGISTERED}` and deploy again."
        )


def other_home(client: SyncPrefectClient, settings: Settings) -> str | None:
    """Name the home that a server serves, if it is another one."""
    try:
        registered = client.read_deployment_by_name(REGISTERED)
    except ObjectNotFound:
        return None
    job: dict[str, Any] = registered.job_variables or {}
    env: dict[str, str] = job.get("env", {})
    folder, owner = env.get(variable_of("home")), env.get(OWNER)
    if folder is not None:
        if not is_same_folder(Path(folder), settings.home):
            return str(folder)
        if is_same_owner(owner, owner_of(settings)):
            return other_tenant(env, settings)
        return f"{folder} of the machine {owner.split()[-1] if owner else 'that deployed it'}"
    ours = verify_after_commit(settings.store.collection, registered.id)
    for automation in client.read_automations_by_name(ours.name):
        watched, own = (one.trigger.model_dump().get("match") for one in (automation, ours))
        if watched != own:
            return f"whose collection is another one ({watched})"
    return other_tenant(env, settings)


def other_tenant(env: Mapping[str, str], settings: Settings) -> str | None:
    """Name the tenant of the home for whom a server ingests, if it is another one."""
    tenant = env.get(TENANT, settings.tenant)
    return None if tenant == settings.tenant else f"{settings.home} of the tenant {tenant!r}"


def is_same_folder(one: Path, other: Path) -> bool:
    """Tell whether two names are of one folder, by whatever links; it may not be there yet."""
    return one.resolve() == other.resolve()
