"""The kinds of sources there are, each with its options; `docs/sources.md` describes them.

What kind a source is, is said by its `kind`; a source that does not say it is a local folder.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator
from pydantic.types import JsonValue

from config.section import LONGEST_NAME, NamedPath, Seconds, Section
from config.trust import Trust


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Texts: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
"""Several texts; a single one may be given without a list."""


class SourceSettings(Section):
    """What every source has, whatever its kind."""

    name: str = Field(
        min_length=1,
        max_length=LONGEST_NAME,
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="Name of the source.",
    )
    include: Texts = Field(default=("**/*",), description="Glob patterns of keys to take.")
    exclude: Texts = Field(default=(), description="Glob patterns of keys to skip.")
    max_document_mb: float | None = Field(
        default=None, gt=0, description="Larger documents are refused; none: as in `ingestion`."
    )
    trust: Trust = Field(default=Trust.MEDIUM, description="How far its documents are believed.")
    acl: Texts = Field(
        default=(), description="Groups that may see its documents; empty: all of the tenant."
    )
    schedule: str | None = Field(
        default=None,
        pattern=r"^\S+( \S+){4}$",
        description="When it is ingested, as a cron line; `holdfast deploy` registers it.",
    )
    stale_after_hours: float | None = Field(
        default=None,
        gt=0,
        le=8760,
        description="From then on without an ingest it is stale; none: as in `orchestration`.",
    )

    @field_validator("acl")
    @classmethod
    def _groups(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        if any(not group.strip() or group != group.strip() for group in groups):
            raise ValueError("every group needs a name, without spaces around it")
        return tuple(sorted(set(groups)))


class LocalSource(SourceSettings):
    """A folder on this machine."""

    kind: Literal["local"] = "local"
    path: NamedPath = Field(description="Root folder; nothing outside it is ever read.")


class FsspecSource(SourceSettings):
    """Whatever an fsspec URL leads to, such as S3, SFTP, Google Cloud Storage or Azure."""

    kind: Literal["fsspec"] = "fsspec"
    url: str = Field(min_length=1, description="Such as s3://bucket/prefix.")
    options: dict[str, JsonValue] = Field(
        default={}, description="Options of the file system that are no secret."
    )

    @field_validator("url")
    @classmethod
    def _is_remote(cls, url: str) -> str:
        protocols = [part.split("://")[0] for part in url.split("::") if "://" in part]
        if not protocols:
            raise ValueError("write a URL such as s3://bucket/prefix")
        instead = {"file": "local", "local": "local", "http": "web", "https": "web"}
        for protocol in protocols:
            if protocol in instead:
                raise ValueError(f"for {protocol}:// use a source of kind {instead[protocol]}")
        return url


class WebSource(SourceSettings):
    """Pages of web sites, found through links and sitemaps."""

    kind: Literal["web"] = "web"
    start: Texts = Field(default=(), description="Pages from which links are followed.")
    sitemaps: Texts = Field(default=(), description="Sitemaps whose pages are taken.")
    allow: Texts = Field(
        default=(), description="URL prefixes that are followed; none: the hosts given above."
    )
    allow_hosts: Texts = Field(
        default=(), description="Hosts that may have a private address, as host or host:port."
    )
    max_pages: int = Field(default=1000, ge=1, description="Pages fetched in one listing.")
    max_depth: int = Field(default=5, ge=0, description="Links followed in a row from a start.")
    max_total_mb: float = Field(default=500.0, gt=0, description="Megabytes kept of one site.")
    timeout_seconds: Seconds = Field(default=20.0, gt=0, description="One request, all of it.")
    delay_seconds: Seconds = Field(
        default=0.5, ge=0, description="Least time between two requests to a host."
    )

    @field_validator("start", "sitemaps", "allow")
    @classmethod
    def _are_web(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            if not url.lower().startswith(("http://", "https://")):
                raise ValueError(f"{url} is no http:// or https:// URL")
        return urls

    @model_validator(mode="after")
    def _begins_somewhere(self) -> Self:
        if not (self.start or self.sitemaps):
            raise ValueError("give `start` pages or `sitemaps`")
        return self


class GitSource(SourceSettings):
    """The files of a git repository at a branch, tag or commit."""

    kind: Literal["git"] = "git"
    url: str = Field(min_length=1, description="A path, or a file:// or https:// URL.")
    ref: str = Field(
        default="HEAD",
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./@+-]*$",
        description="Branch, tag or full commit id.",
    )
    allow_hosts: Texts = Field(
        default=(), description="Hosts that may have a private address, as host or host:port."
    )
    timeout_seconds: Seconds = Field(default=600.0, gt=0, description="One fetch, all of it.")

    @field_validator("url")
    @classmethod
    def _is_supported(cls, url: str) -> str:
        scheme, has_scheme, _ = url.partition("://")
        if url.startswith("-") or (has_scheme and scheme.lower() not in {"file", "https"}):
            raise ValueError("write a path, a file:// or an https:// URL")
        return url


class RowMedia(StrEnum):
    """What the text of a row is written in."""

    MARKDOWN = "md"
    HTML = "html"
    TEXT = "txt"


class TableSource(SourceSettings):
    """Rows of JSON lines, CSV, TSV or Parquet files; each row is a document."""

    kind: Literal["table"] = "table"
    path: NamedPath = Field(description="A file, or a folder of such files.")
    id: str = Field(default="id", description="Column that names the document.")
    text: Texts = Field(default=("text",), min_length=1, description="Columns of its text.")
    title: str | None = Field(default=None, description="Column of its title.")
    modified: str | None = Field(default=None, description="Column of its modification time.")
    media: RowMedia = Field(default=RowMedia.TEXT, description="md, html or txt.")
    metadata: Texts = Field(default=(), description="Columns that go along as metadata.")


class PushSource(SourceSettings):
    """Documents that other programs hand over, by `holdfast push` or over HTTP."""

    kind: Literal["push"] = "push"


def kind_of(source: Any) -> str:
    """Return the kind of a source, given as a mapping or as settings; the default is local."""
    if isinstance(source, Mapping):
        return str(source.get("kind", "local"))
    return str(getattr(source, "kind", "local"))


AnySource = Annotated[
    Annotated[LocalSource, Tag("local")]
    | Annotated[FsspecSource, Tag("fsspec")]
    | Annotated[WebSource, Tag("web")]
    | Annotated[GitSource, Tag("git")]
    | Annotated[TableSource, Tag("table")]
    | Annotated[PushSource, Tag("push")],
    Discriminator(kind_of),
]

KINDS: Mapping[str, type[SourceSettings]] = {
    "local": LocalSource,
    "fsspec": FsspecSource,
    "web": WebSource,
    "git": GitSource,
    "table": TableSource,
    "push": PushSource,
}
