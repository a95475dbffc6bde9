"""Options of the orchestration: where Prefect is, and what its flows do by default."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from config.section import Section


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
        default=24.0, gt=0, le=8760, description="From then on an index without an ingest is stale."
    )
    backup_to: str | None = Field(
        default=None, description="Folder or fsspec URL for backups; none means beside the home."
    )
    notification_block: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]+/[a-z0-9-]+$",
        description="Prefect block that is notified, as type/name such as slack-webhook/ops.",
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{zone!r} is no time zone such as 'Europe/Berlin'") from error
        return zone
