"""docker-compose.yml against the part of the Compose specification that it uses, strictly typed.

Compose itself ignores some mistakes and finds others only when a container starts.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Duration = Annotated[str, Field(pattern=r"^\d+(us|ms|s|m|h)$")]
Size = Annotated[str, Field(pattern=r"^\d+[bkmg]$")]
Port = Annotated[str, Field(pattern=r"^127\.0\.0\.1:\d{2,5}:\d{2,5}$")]
Mount = Annotated[str, Field(pattern=r"^(\./[\w./-]+:/[\w./-]+:ro|[a-z-]+:/[\w./-]+)$")]
Text = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """No key that is not listed, and no value that would have to be converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Build(Strict):
    """How our image is made."""

    context: str
    args: dict[str, str] = {}


class Health(Strict):
    """A health check."""

    test: Annotated[list[Text], Field(min_length=2)]
    interval: Duration
    timeout: Duration
    retries: Annotated[int, Field(ge=1)]
    start_period: Duration


class Limits(Strict):
    """What a container may use."""

    cpus: Annotated[str, Field(pattern=r"^\d+(\.\d+)?$")]
    memory: Size


class Resources(Strict):
    """Under `deploy`."""

    limits: Limits


class Deploy(Strict):
    """Only its limits are used."""

    resources: Resources


class Dependency(Strict):
    """What has to be true before a start."""

    condition: Literal["service_healthy", "service_completed_successfully"]


class Grant(Strict):
    """A secret or config and where it is mounted."""

    source: Text
    target: Text


class Service(Strict):
    """One container."""

    image: Text
    restart: Literal["no", "unless-stopped"]
    deploy: Deploy
    build: Build | None = None
    cap_drop: list[Literal["ALL"]]
    command: list[Text] | None = None
    configs: list[Grant] = []
    depends_on: dict[str, Dependency] = {}
    entrypoint: list[Text] | None = None
    environment: dict[str, str] = {}
    healthcheck: Health | None = None
    init: bool = False
    ports: list[Port] = []
    profiles: list[Text] = []
    read_only: bool = False
    secrets: list[Text | Grant] = []
    security_opt: list[Text]
    shm_size: Size | None = None
    stop_grace_period: Duration | None = None
    tmpfs: list[Annotated[str, Field(pattern=r"^/[\w/]+:size=\d+[mg],mode=1777$")]] = []
    user: Annotated[str, Field(pattern=r"^(\d+(:\d+)?|[a-z]+)$")] | None = None
    volumes: list[Mount] = []


class SecretFile(Strict):
    """Where a secret lies."""

    file: Annotated[str, Field(pattern=r"^\./secrets/[a-z_]+$")]


class ConfigText(Strict):
    """A small file inside of the set."""

    content: Text


class Compose(Strict):
    """The whole file."""

    name: str
    services: dict[str, Service]
    configs: dict[str, ConfigText]
    secrets: dict[str, SecretFile]
    volumes: dict[str, None]


@pytest.fixture(scope="module")
def content(repository: Path) -> dict[str, Any]:
    text = (repository / "docker-compose.yml").read_text(encoding="utf-8")
    return {k: v for k, v in yaml.safe_load(text).items() if not k.startswith("x-")}


def test_the_file_is_valid(content):
    assert set(Compose.model_validate(content).services) == set(content["services"])


@pytest.mark.parametrize(
    "change",
    [
        {"memory_limit": "4g"},
        {"restart": False},
        {"ports": ["4200:4200"]},
        {"environment": {"DO_NOT_TRACK": 1}},
        {"stop_grace_period": 60},
        {"volumes": ["./config:/app/config"]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_mistake_would_be_seen(content, change):
    services = {**content["services"], "worker": {**content["services"]["worker"], **change}}
    with pytest.raises(ValidationError, match=next(iter(change))):
        Compose.model_validate({**content, "services": services})


def test_every_name_is_declared(content):
    compose = Compose.model_validate(content)
    used: set[str] = set()
    for service in compose.services.values():
        assert set(service.depends_on) <= set(compose.services)
        assert {config.source for config in service.configs} <= set(compose.configs)
        used |= {s if isinstance(s, str) else s.source for s in service.secrets}
        for mount in service.volumes:
            source = mount.split(":")[0]
            assert source.startswith("./") or source in compose.volumes
    assert used == set(compose.secrets)
    mounted = {m.split(":")[0] for s in compose.services.values() for m in s.volumes}
    assert set(compose.volumes) <= mounted


def test_a_profile_never_needs_what_is_not_started_with_it(content):
    compose = Compose.model_validate(content)
    for name, service in compose.services.items():
        for dependency in service.depends_on:
            needed = compose.services[dependency].profiles
            assert not needed or set(service.profiles) <= set(needed), name
