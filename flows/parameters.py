"""What the Prefect UI asks for: one form per flow, every field with help and a default.

No field rules out a value of another one: what is checked, a form can show before a run exists.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from config.origins import QUERY_SECRETS, has_password
from config.settings import Approval
from indexing.spec import SHAPING

ASSIGNMENT = rf"^({'|'.join(name.replace('.', chr(92) + '.') for name in sorted(SHAPING))})=.*$"
"""Only options that shape points: another one is refused before a run exists."""
WEEK_HOURS = 168.0


def any_case(words: str) -> str:
    """Return a pattern of words in any case; the schema of a form knows no flags."""
    return "".join(f"[{sign.upper()}{sign}]" if sign.isalpha() else sign for sign in words)


NO_PASSWORD = (
    r"^(?![\s\S]*://[^:/@\s]*:[\s\S]*@)"
    rf"(?!(?=[\s\S]*://)[\s\S]*[?&]{any_case(QUERY_SECRETS)}=)"
)
"""What `has_password` says, as a pattern that the server, Python and a browser read alike. Prefect
keeps and shows parameters, so a password has to be refused before a run exists."""


def wait_field(position: int) -> Any:
    """Make the field that says for how long a run waits for a person."""
    return Field(
        default=24.0,
        ge=0,
        le=WEEK_HOURS,
        description="Hours that the run waits in its input form for a decision; then, or with 0 at "
        "once, it ends and nothing is changed.",
        json_schema_extra={"position": position},
    )


class Form(BaseModel):
    """A form of the Prefect UI; a field that does not exist is refused."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _nothing_written(cls, value: Any, field: ValidationInfo) -> Any:
        # A text field that was cleared. As a path, nothing would be the folder of the run.
        optional = cls.model_fields[field.field_name or ""].default is None
        return None if optional and value == "" else value


class Deletions(StrEnum):
    """What happens to deletions that look like a mistake of the source."""

    WITHHOLD = "withhold"
    ASK = "ask"


class Quarantined(StrEnum):
    """What happens to quarantined documents that did not change."""

    LEAVE = "leave"
    RETRY = "retry"


class IngestParameters(Form):
    """Which documents to bring in."""

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
    quarantine: Quarantined = Field(
        default=Quarantined.LEAVE,
        description="leave: quarantined documents wait until they change. retry: try them again.",
        json_schema_extra={"position": 3},
    )
    deletions: Deletions = Field(
        default=Deletions.WITHHOLD,
        description="Where suspiciously many documents are gone. withhold: delete nothing. "
        "ask: pause and let a person approve or reject the deletions.",
        json_schema_extra={"position": 4},
    )
    wait_hours: float = wait_field(5)


class ReindexParameters(Form):
    """How to build a new generation."""

    set_options: list[Annotated[str, Field(pattern=ASSIGNMENT)]] = Field(
        default_factory=list,
        description="Options of this generation as option=value, such as "
        "chunking.max_tokens=120; empty means the settings in force.",
        json_schema_extra={"position": 0},
    )
    approval: Approval | None = Field(
        default=None,
        description="automatic: promote at once. manual: pause and let a person decide with the "
        "gates' results. The default is promotion.approval.",
        json_schema_extra={"position": 1},
    )
    wait_hours: float = wait_field(2)


class PromoteParameters(Form):
    """Which generation to make the live one."""

    generation: str | None = Field(
        default=None,
        description="Name of a generation that waits; the default is the newest one.",
        json_schema_extra={"position": 0},
    )
    approval: Approval = Field(
        default=Approval.MANUAL,
        description="manual: pause and show the gates' results first. automatic: starting the run "
        "is the approval.",
        json_schema_extra={"position": 1},
    )
    wait_hours: float = wait_field(2)


class RollbackParameters(Form):
    """Which generation to go back to."""

    to: str | None = Field(
        default=None,
        description="Name of a kept generation; the default is the one that was live before.",
        json_schema_extra={"position": 0},
    )


class VerifyMode(StrEnum):
    """Whether what is wrong is mended."""

    REPORT = "report"
    REPAIR = "repair"


class VerifyDepth(StrEnum):
    """Whether blobs are read."""

    QUICK = "quick"
    DEEP = "deep"


class VerifyParameters(Form):
    """What to hold against what."""

    mode: VerifyMode = Field(
        default=VerifyMode.REPORT,
        description="report: only tell what is wrong. repair: mend it from the blobs.",
        json_schema_extra={"position": 0},
    )
    depth: VerifyDepth = Field(
        default=VerifyDepth.QUICK,
        description="quick: every point and row. deep: also read every blob and check its hash.",
        json_schema_extra={"position": 1},
    )
    sources: list[str] = Field(
        default_factory=list,
        description="Sources to compare with as well; every document of theirs is read. "
        "Empty means none.",
        json_schema_extra={"position": 2},
    )


class EvaluateParameters(Form):
    """Which questions to ask of the live index."""

    questions: Path | None = Field(
        default=None,
        description="A file or folder of questions on the worker's machine; the default is "
        "promotion.golden. Compared is with the last evaluation of the same set.",
        json_schema_extra={"position": 0},
    )
    limit: int = Field(
        default=0,
        ge=0,
        description="Ask at most so many questions, always the same ones; 0 asks all.",
        json_schema_extra={"position": 1},
    )


class GcMode(StrEnum):
    """Whether garbage goes or is only counted."""

    COLLECT = "collect"
    PREVIEW = "preview"


class GcParameters(Form):
    """What to do with what is past its retention."""

    mode: GcMode = Field(
        default=GcMode.COLLECT,
        description="collect: remove what is past its retention. preview: only say what would go.",
        json_schema_extra={"position": 0},
    )


class BackupParameters(Form):
    """Where to write a backup."""

    target: str | None = Field(
        default=None,
        description="A folder that is empty or not there, or an fsspec URL such as s3://bucket/day "
        "without a password; the default is a new folder under orchestration.backup_to.",
        json_schema_extra={"position": 0, "pattern": NO_PASSWORD},
    )

    @field_validator("target")
    @classmethod
    def _no_password(cls, target: str | None) -> str | None:
        # Again, for whoever calls the flow without a deployment: nobody looks at the schema then.
        if target is not None and has_password(target):
            raise ValueError("a password does not belong here: put it into the environment")
        return target


class PurgeParameters(Form):
    """Which documents to remove for good."""

    documents: list[Annotated[str, Field(min_length=1)]] = Field(
        default_factory=list,
        description="Document ids, or keys. Prefect keeps what is written here: prefer ids.",
        json_schema_extra={"position": 0},
    )
    source: str | None = Field(
        default=None,
        description="The source whose documents the keys are of, where several have them.",
        json_schema_extra={"position": 1},
    )
    approval: Approval = Field(
        default=Approval.MANUAL,
        description="manual: pause and show what would go. automatic: starting the run is the "
        "approval. A purge cannot be undone.",
        json_schema_extra={"position": 2},
    )
    wait_hours: float = wait_field(3)
