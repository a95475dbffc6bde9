"""Options of the orchestration: where Prefect is, and what its flows do by default."""

from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from config.section import Section

HEARTBEATS_MISSED = 3
LEAST_HEARTBEAT = 30
"""Seconds; Prefect's engine says no more often that a run is alive."""


class RunIn(StrEnum):
    """Where the runs of deployments work."""

    PROJECT = "project"
    """In the folder, and with the home, of the `holdfast deploy` that registered them."""
    WORKER = "worker"
    """Where their worker says: on another machine, its environment names home and settings."""


class OrchestrationSettings(Section):
    """Prefect, and what its flows do by default."""

    api_url: str | None = Field(
        default=None, description="Prefect API; also read from PREFECT_API_URL."
    )
    timezone: str = Field(
        default="Etc/UTC", description="Of the schedules of sources, such as Europe/Berlin."
    )
    task_retries: int = Field(default=3, ge=0, le=20)
    stale_after_hours: float = Field(
        default=24.0, gt=0, le=8760, description="From then on a source without an ingest is stale."
    )
    silent_seconds: int = Field(
        default=540,
        ge=HEARTBEATS_MISSED * LEAST_HEARTBEAT,
        le=86_400,
        description="A run that says nothing for so long is marked Crashed: three heartbeats.",
    )
    run_in: RunIn = Field(
        default=RunIn.PROJECT,
        description="Where deployed runs work: this project, or where their worker says.",
    )
    backup_to: str | None = Field(
        default=None, description="Folder or fsspec URL for backups; none means beside the home."
    )
    notification_block: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]+/[a-z0-9-]+$",
        description="Prefect block that is notified, as type/name such as slack-webhook/ops.",
    )

    @property
    def heartbeat_seconds(self) -> int:
        """How often a run says that it is alive, so that it is missed in time."""
        return self.silent_seconds // HEARTBEATS_MISSED

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{zone!r} is no time zone such as 'Europe/Berlin'") from error
        return zone
