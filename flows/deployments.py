"""The deployments of a home: those of prefect.yaml, and one for each source with a schedule."""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from config.errors import ConfigError, HoldfastError
from config.files import CONFIG_VARIABLE
from config.loading import LoadedSettings
from config.orchestration import RunIn
from config.origins import variable_of
from config.settings import Settings
from config.sources import AnySource
from flows.machine import owner_of

INGEST = "ingest"
"""The deployment that the ones of single sources are made from."""
HEARTBEAT = "PREFECT_FLOWS_HEARTBEAT_FREQUENCY"
"""Variable by which a run learns how often to say that it is alive."""
OWNER = "DEPLOYED_FROM"
"""Variable by which a deployment says whose home it works on; runs do not read it."""
TENANT = "DEPLOYED_FOR_TENANT"
"""Variable by which a deployment says whose sources it ingests; runs go by the settings."""
SOURCE_TAG = "holdfast-source"
"""On the deployments of single sources: one whose source has no schedule any more goes."""


@dataclass(frozen=True, slots=True)
class Place:
    """The project that runs work in, wherever their worker was started on this machine.

    A worker otherwise runs each flow in a folder of its own that is thrown away, with a home in it.
    """

    folder: Path
    home: Path
    config_file: Path | None
    owner: str | None = None
    """Whose the home is (`machine.py`); none where nothing tells."""

    @property
    def variables(self) -> dict[str, str]:
        """The environment that finds the same home and settings again, and says whose they are."""
        found = {variable_of("home"): str(self.home)}
        if self.owner is not None:
            found[OWNER] = self.owner
        if self.config_file is not None:
            found[CONFIG_VARIABLE] = str(self.config_file)
        return found


def place_of(loaded: LoadedSettings) -> Place | None:
    """Return where deployed runs work; none where their worker decides.

    Secrets stay where they are: a run reads `.env` of the folder, or the worker's environment.
    """
    if loaded.settings.orchestration.run_in is RunIn.WORKER:
        return None
    settings = loaded.settings
    return Place(Path.cwd(), settings.home, loaded.config_file, owner_of(settings))


def prefect_file() -> Path:
    """Return the file with the deployments.

    Raises:
        HoldfastError: It is not beside the installed code.
    """
    file = Path(__file__).resolve().parents[1] / "prefect.yaml"
    if not file.is_file():
        raise HoldfastError(
            f"{file} is not there. Install Holdfast from a checkout (pip install --editable .)."
        )
    return file


def deployments_of(settings: Settings, place: Place | None = None) -> dict[str, Any]:
    """Return the content of prefect.yaml with a deployment for each source that has a schedule.

    The schedule of `ingest` itself then takes the other sources only. Each run says often enough
    that it is alive for the automation that crashes silent ones.

    Args:
        settings: Whose sources and orchestration are meant.
        place: Where runs work; none leaves it to the worker.

    Raises:
        ConfigError: A schedule is no cron line, or of a day that never comes.
        HoldfastError: prefect.yaml is not there.
    """
    content: dict[str, Any] = yaml.safe_load(prefect_file().read_text(encoding="utf-8"))
    content.pop("definitions", None)
    for deployment in content["deployments"]:
        job = deployment["work_pool"]["job_variables"]
        job["env"][HEARTBEAT] = str(settings.orchestration.heartbeat_seconds)
        job["env"][TENANT] = settings.tenant
        if place is not None:
            job["working_dir"] = str(place.folder)
            job["env"] |= place.variables
    base = next(one for one in content["deployments"] if one["name"] == INGEST)
    scheduled = [source for source in settings.sources if source.schedule]
    if not scheduled:
        return content
    zone = settings.orchestration.timezone
    content["deployments"] += [deployment_of(source, zone, base) for source in scheduled]
    rest = [source.name for source in settings.sources if not source.schedule]
    for schedule in base["schedules"]:
        schedule["parameters"] = {"params": base["parameters"]["params"] | {"sources": rest}}
        if not rest:
            schedule["active"] = False  # an empty list would mean all of them
    return content


def deployment_of(source: AnySource, zone: str, base: Mapping[str, Any]) -> dict[str, Any]:
    """Make the deployment of one source.

    Raises:
        ConfigError: Its schedule is no cron line, or of a day that never comes.
    """
    # Here, because of all that it imports only what deploys needs this.
    from prefect.server.schemas.schedules import CronSchedule

    try:
        line = CronSchedule(cron=source.schedule or "", timezone=zone)
    except ValueError as error:
        raise ConfigError(
            f"Source {source.name}: schedule {source.schedule!r} is no cron line such as "
            '"0 3 * * *". Nothing was registered.'
        ) from error
    try:
        asyncio.run(line.get_dates(1))
    except (
        ValueError
    ) as error:  # the server would go on looking, and the hourly ingest pass it over
        raise ConfigError(
            f"Source {source.name}: schedule {source.schedule!r} names a day that never comes, so "
            "the source would never be ingested. Name another. Nothing was registered."
        ) from error
    made = deepcopy(dict(base))
    made["name"] = deployment_name(source.name)
    made["description"] = f"Bring the source {source.name!r} up to date."
    made["tags"] = [*base["tags"], SOURCE_TAG]
    made["parameters"] = {"params": base["parameters"]["params"] | {"sources": [source.name]}}
    made["schedules"] = [{"cron": source.schedule, "timezone": zone, "slug": "own"}]
    return made


def deployment_name(source: str) -> str:
    """Name the deployment of a source; a name that had to be changed stays one of its own."""
    plain = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")
    if plain == source:
        return f"{INGEST}-{plain}"
    digest = hashlib.sha256(source.encode()).hexdigest()[:6]
    return f"{INGEST}-{plain}-{digest}" if plain else f"{INGEST}-{digest}"
