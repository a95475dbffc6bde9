"""What must be refused, and what evidence has to be like, whatever the index holds.

A policy is a file of its own (`config/policy.yaml` shows every option), named by a hash of its
content: two policies with the same version decide alike.
"""

import hashlib
import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, field_validator, model_validator

from config.errors import ConfigError
from config.files import is_there, read_yaml
from config.section import Days, Section
from config.trust import Trust

_ORDER = (Trust.LOW, Trust.MEDIUM, Trust.HIGH)
LONGEST_PATTERN = 500


def at_least(trust: Trust | None) -> frozenset[str]:
    """Return the trusts that are not below this one; none asked for is an empty set."""
    return frozenset(t.value for t in _ORDER[_ORDER.index(trust) :]) if trust else frozenset()


class TopicAction(StrEnum):
    """What becomes of a question about a topic."""

    REFUSE = "refuse"
    ESCALATE = "escalate"
    """Refused as well, and a person is to answer."""
    RESTRICT = "restrict"
    """Answered, but only from evidence that meets what the topic asks for."""


class Demands(Section):
    """What evidence and verdict have to meet."""

    least_trust: Trust | None = Field(default=None, description="Least trust of evidence.")
    min_confidence: float = Field(default=0.0, ge=0, le=1, description="Least p_answerable.")
    max_age_days: Days | None = Field(
        default=None, gt=0, description="Evidence that changed longer ago does not count."
    )


class Topic(Demands):
    """Questions that are alike, and what becomes of them."""

    name: str = Field(pattern=r"^[a-z0-9_.-]+$")
    action: TopicAction = TopicAction.REFUSE
    patterns: tuple[str, ...] = Field(default=(), description="Regular expressions, any case.")
    examples: tuple[str, ...] = Field(default=(), description="Questions compared by meaning.")
    resembles_at: float = Field(
        default=0.75, ge=0, le=1, description="Cosine to an example from which a question counts."
    )
    sources: tuple[str, ...] = Field(default=(), description="Only these sources count.")
    message: str = Field(default="", description="Said to whoever asks; none is a plain sentence.")

    @field_validator("patterns")
    @classmethod
    def _expressions(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not pattern or len(pattern) > LONGEST_PATTERN:
                raise ValueError(f"a pattern has 1 to {LONGEST_PATTERN} characters")
            try:
                re.compile(pattern)
            except (re.error, OverflowError, RecursionError) as error:
                raise ValueError(f"{pattern!r} is no regular expression ({error})") from error
        return patterns

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.patterns and not self.examples:
            raise ValueError(f"topic {self.name} needs patterns or examples")
        asks = self.sources or self.least_trust or self.min_confidence or self.max_age_days
        if self.action is TopicAction.RESTRICT and not asks:
            raise ValueError(
                f"topic {self.name} restricts nothing; give sources, least_trust, "
                "min_confidence or max_age_days"
            )
        return self


class Quota(Section):
    """How many requests a tenant may make in a stretch of time, by the request log."""

    requests: int = Field(ge=0)
    seconds: float = Field(gt=0, le=365 * 86_400)


class Policy(Demands):
    """A whole policy; the demands at the top hold for every question."""

    name: str = Field(default="policy", pattern=r"^[A-Za-z0-9_.-]{1,40}$")
    languages: tuple[str, ...] = Field(
        default=(), description="ISO codes that are answered; empty: all that the encoder serves."
    )
    topics: tuple[Topic, ...] = ()
    quotas: tuple[Quota, ...] = ()

    @field_validator("topics")
    @classmethod
    def _named_once(cls, topics: tuple[Topic, ...]) -> tuple[Topic, ...]:
        names = [topic.name for topic in topics]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"two topics are named {', '.join(doubled)}")
        return topics

    @property
    def version(self) -> str:
        """Name and hash of the content: comments and layout do not count."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def shipped_policy() -> Path:
    """Return the policy that ships with Holdfast."""
    # By this file: `config` may also be a folder of the project, as `holdfast init` makes one.
    return Path(__file__).with_name("policy.yaml")


def load_policy(path: Path | None = None) -> Policy:
    """Read a policy, or the one that ships.

    Raises:
        ConfigError: The file is not there, cannot be read, or says what no policy can say; one
            line per problem.
    """
    file = path or shipped_policy()
    if not is_there(file):
        raise ConfigError(
            f"The policy {file} does not exist. "
            "Correct policy.file, or the FILE of `holdfast policy`."
        )
    values = {name: value for name, value in read_yaml(file).items() if value is not None}
    try:
        return Policy.model_validate(values)
    except ValidationError as error:
        lines = [_line(file, details["loc"], details["msg"]) for details in error.errors()]
    raise ConfigError("\n".join(lines))


def _line(file: Path, place: tuple[int | str, ...], message: str) -> str:
    where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in place).lstrip(".")
    said = message.removeprefix("Value error, ")
    return f"{file}, {where}: {said}." if where else f"{file}: {said}."
