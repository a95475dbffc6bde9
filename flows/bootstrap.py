"""Registers everything that a Prefect server needs for Holdfast; running it again changes nothing.

Work pool, global concurrency limit, the deployments of prefect.yaml, automations. What somebody
paused, disabled or rescheduled in the UI stays as it is.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.sorting import DeploymentSort
from prefect.events.schemas.automations import Automation, AutomationCore
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings
from prefect.workers.process import ProcessWorker

from config.errors import ConfigError, HoldfastError
from config.origins import mask_url
from config.settings import Settings
from flows.automations import TAG, make_automations
from flows.calling import refusals_told
from flows.deployments import INGEST, SOURCE_TAG, Place, deployments_of
from flows.home import write_slot
from indexing.freshness import soonest_stale

POOL = "holdfast"
DEPLOY_SECONDS = 600
PAGE = 200
"""Deployments or automations that a server is asked for at once; it gives no more."""
SAID = 3000
"""Characters that an error quotes; Prefect quotes what it sent and ends with what was refused."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What a server knows now."""

    api_url: str
    """Without a password: it is printed."""
    pool: str
    limits: tuple[str, ...]
    deployments: tuple[str, ...]
    automations: tuple[str, ...]
    changed: tuple[str, ...]
    """Automations that were made or changed by this call."""
    runs_in: str | None
    """The folder that runs work in; none where their worker decides."""

    def to_json(self) -> dict[str, Any]:
        """Return the machine form of `holdfast deploy --json`."""
        return asdict(self)


def bootstrap(
    settings: Settings,
    api_url: str,
    place: Place | None = None,
    job: Mapping[str, str] = MappingProxyType({}),
) -> Registered:
    """Bring a server up to date.

    Args:
        settings: Whose collection, freshness objective and notification block are meant.
        api_url: The Prefect API.
        place: The project that runs work in; none leaves it to their worker.
        job: How a worker runs flows by default, by the pool's own names, such as `command`;
            what is not named stays as it is.

    Raises:
        HoldfastError: The server refuses something or wants a login, or the notification block is
            not there.
    """
    collection = settings.store.collection
    content = deployments_of(settings, place)
    with (
        refusals_told(api_url),
        temporary_settings({PREFECT_API_URL: api_url}),
        get_client(sync_client=True) as client,
    ):
        block = find_block(client, settings.orchestration.notification_block)
        ensure_pool(client, job)
        limit = write_slot(collection)
        client.upsert_global_concurrency_limit_by_name(limit, 1)
        wake_up(client, content)
        deploy_all(content, api_url)
        deployments = read_deployments(client, content)
        remove_outdated(client, deployments.values())
        wanted = make_automations(
            collection,
            deployments,
            stale_after_hours=soonest_stale(settings),
            silent_seconds=settings.orchestration.silent_seconds,
            notification=block,
        )
        changed = [one.name for one in wanted if ensure_automation(client, one)]
        remove_unasked(client, {one.name for one in wanted})
    return Registered(
        mask_url(api_url),
        POOL,
        (limit,),
        tuple(sorted(deployments)),
        tuple(sorted(one.name for one in wanted)),
        tuple(sorted(changed)),
        str(place.folder) if place else None,
    )


def ensure_pool(client: SyncPrefectClient, job: Mapping[str, str]) -> None:
    """Make the work pool; of one that exists only the defaults are set that are given."""
    try:
        template = client.read_work_pool(POOL).base_job_template
    except ObjectNotFound:
        template = with_defaults(ProcessWorker.get_default_base_job_template(), job)
        client.create_work_pool(
            WorkPoolCreate(
                name=POOL,
                type="process",
                description="Runs Holdfast's flows as processes.",
                base_job_template=template,
            )
        )
    else:
        wanted = with_defaults(template, job)
        if wanted != template:
            client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=wanted))


def with_defaults(template: Mapping[str, Any], job: Mapping[str, str]) -> dict[str, Any]:
    """Return a job template with other defaults."""
    changed = deepcopy(dict(template))
    for name, value in job.items():
        changed["variables"]["properties"][name]["default"] = value
    return changed


def wake_up(client: SyncPrefectClient, content: dict[str, Any]) -> None:
    """Set the schedule of `ingest` going again that rests because every source had its own.

    Prefect leaves what is inactive as it is, because somebody may have paused it. That this one
    rests for want of sources is seen by its own list of them, which is empty: without this a source
    that comes later without a schedule would never be ingested.
    """
    (base,) = (one for one in content["deployments"] if one["name"] == INGEST)
    try:
        known = client.read_deployment_by_name(f"{INGEST}/{INGEST}")
    except ObjectNotFound:
        return
    resting = {
        schedule.slug
        for schedule in known.schedules
        if not schedule.active and schedule.parameters.get("params", {}).get("sources") == []
    }
    for schedule in base["schedules"]:
        if schedule["slug"] in resting:
            schedule.setdefault("active", True)


def deploy_all(content: Mapping[str, Any], api_url: str) -> None:
    """Register the deployments with Prefect's own command.

    Raises:
        HoldfastError: It failed, or took too long.
    """
    with tempfile.TemporaryDirectory(prefix="holdfast-deploy-") as folder:
        file = Path(folder) / "prefect.yaml"
        file.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")
        command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
        try:
            done = subprocess.run(
                [*command, "--prefect-file", str(file)],
                cwd=folder,
                env={**same_client(), "PREFECT_API_URL": api_url, "PYTHONPATH": same_code()},
                capture_output=True,
                text=True,
                check=False,
                timeout=DEPLOY_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise HoldfastError(
                f"The deployments were not registered at {api_url} within {DEPLOY_SECONDS} s. Look "
                "at the log of that server, and run it again: what is registered already stays."
            ) from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-SAID:]
        raise HoldfastError(f"The deployments could not be registered at {api_url}: {said}")


def same_client() -> dict[str, str]:
    """Return an environment in which the command logs in as this process does.

    Working in a folder of its own, it does not see the `.env` or `prefect.toml` of this one, which
    Prefect reads, too, and a login may stand there.
    """
    return {**os.environ, **get_current_settings().to_environment_variables(exclude_unset=True)}


def same_code() -> str:
    """Return a search path on which the command finds the very flows that this process has.

    It works in a folder of its own. A checkout that is not the one installed would otherwise
    register the forms of that one for its own prefect.yaml, and the server would refuse them.
    """
    here = str(Path(__file__).resolve().parents[1])
    return os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])


def read_deployments(client: SyncPrefectClient, content: Mapping[str, Any]) -> Mapping[str, UUID]:
    """Return the ids of the deployments, by name.

    Raises:
        HoldfastError: The server does not know one of them.
    """
    found: dict[str, UUID] = {}
    for deployment in content["deployments"]:
        name = deployment["name"]
        flow = deployment["entrypoint"].rpartition(".")[2]
        try:
            found[name] = client.read_deployment_by_name(f"{flow}/{name}").id
        except ObjectNotFound as error:
            raise HoldfastError(f"The server has no deployment {flow}/{name}.") from error
    return found


def remove_outdated(client: SyncPrefectClient, current: Collection[UUID]) -> None:
    """Remove deployments of sources that have no schedule any more."""
    for known in known_of_sources(client):
        if known not in current:
            client.delete_deployment(known)


def known_of_sources(client: SyncPrefectClient) -> list[UUID]:
    """Return the deployments of single sources that a server has, page by page."""
    of_sources = DeploymentFilter(tags=DeploymentFilterTags(all_=[SOURCE_TAG]))
    found: list[UUID] = []
    while True:
        page = client.read_deployments(
            deployment_filter=of_sources,
            limit=PAGE,
            offset=len(found),
            sort=DeploymentSort.NAME_ASC,
        )
        found += [deployment.id for deployment in page]
        if len(page) < PAGE:
            return found


def find_block(client: SyncPrefectClient, name: str | None) -> UUID | None:
    """Find the block that notifies people.

    Raises:
        ConfigError: There is none of that type and name.
    """
    if name is None:
        return None
    kind, _, document = name.partition("/")
    try:
        return client.read_block_document_by_name(document, kind).id
    except ObjectNotFound as error:
        raise ConfigError(
            f"orchestration.notification_block: the server has no block {name}. Make it in the "
            "Prefect UI under Blocks, or unset the option."
        ) from error


def ensure_automation(client: SyncPrefectClient, wanted: AutomationCore) -> bool:
    """Make an automation, or bring it up to date; returns whether anything was changed."""
    existing = client.read_automations_by_name(wanted.name)
    if not existing:
        client.create_automation(wanted)
        return True
    current = existing[0]
    if set(wanted.tags) <= set(current.tags):
        return False
    # Read back whole: the client leaves out of an update what was not set, defaults that the server
    # asks for included.
    # Of its own fields those, because it refuses the owner, which only a creation may name.
    content = wanted.model_dump(mode="json", exclude={"owner_resource"})
    content["enabled"] = current.enabled
    client.update_automation(current.id, AutomationCore.model_validate(content))
    return True


def remove_unasked(client: SyncPrefectClient, wanted: Collection[str]) -> None:
    """Remove automations of ours that nothing asks for any more, as without a block to notify.

    Ours have both a name and a tag that begin as only ours do; what else is there stays.
    """
    found: list[Automation] = []
    while True:
        page = client.read_automations(limit=PAGE, offset=len(found))
        found += page
        if len(page) < PAGE:
            break
    for one in found:
        is_ours = one.name.startswith(f"{TAG}: ") and any(t.startswith(f"{TAG}-") for t in one.tags)
        if is_ours and one.name not in wanted:
            client.delete_automation(one.id)
