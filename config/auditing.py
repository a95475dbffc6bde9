"""Options of the request log: whether it is kept, for how long, and what of persons is in it."""

from enum import StrEnum

from pydantic import Field

from config.section import Section


class PersonalData(StrEnum):
    """What becomes of e-mail addresses, numbers of persons and secrets before they are logged."""

    MASK = "mask"
    """Each is replaced by a label such as [email:1], the same one for the same value."""
    KEEP = "keep"
    """Texts are logged as they are; replays of requests that hold such data are exact."""


class AuditSettings(Section):
    """The request log and the feedback on it."""

    enabled: bool = True
    keep_days: int = Field(
        default=180,
        ge=1,
        le=36_500,
        description="`holdfast gc` removes older requests and their feedback.",
    )
    personal_data: PersonalData = Field(
        default=PersonalData.MASK,
        description="Mask personal data and secrets, or keep them.",
    )
