"""What the Prefect UI asks for: one form per flow, every field with help and a default."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from config.settings import Approval


class IngestParameters(BaseModel):
    """Which documents to bring in."""

    model_config = ConfigDict(extra="forbid")

    sources: list[str] = Field(
        default_factory=list,
        description="Names of configured sources; empty means all of them.",
        json_schema_extra={"position": 0},
    )
    path: Path | None = Field(
        default=None,
        description="A folder to take instead of the configured sources.",
        json_schema_extra={"position": 1},
    )
    source_name: str | None = Field(
        default=None,
        description="Name for that folder as a source; the default is made from its path.",
        json_schema_extra={"position": 2},
    )


class ReindexParameters(BaseModel):
    """How to build a new generation."""

    model_config = ConfigDict(extra="forbid")

    set_options: list[str] = Field(
        default_factory=list,
        description="Options of this generation as option=value, such as "
        "chunking.max_tokens=120; empty means the settings in force.",
        json_schema_extra={"position": 0},
    )
    approval: Approval | None = Field(
        default=None,
        description="Promote at once, or wait for a person; the default is promotion.approval.",
        json_schema_extra={"position": 1},
    )
