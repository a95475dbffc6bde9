"""A `PointFilter` as plain terms, so that every engine is told exactly the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from indexing.points import OPEN_END, PointFilter

INTEGER_FIELDS = ("valid_from", "valid_to")
KEYWORD_FIELDS = ("document_id", "tenant", "key", "source", "trust", "acl")
"""The payload fields with an index; filters use no others."""
TENANT_FIELD = "tenant"


@dataclass(frozen=True, slots=True)
class OneOf:
    """The field's value is one of these; with `excluded`, none of these."""

    field: str
    values: tuple[str, ...]
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Absent:
    """The field is missing, null or an empty list."""

    field: str


@dataclass(frozen=True, slots=True)
class Equal:
    """The field is exactly this integer."""

    field: str
    value: int


@dataclass(frozen=True, slots=True)
class Within:
    """Bounds on an integer field; engines compare as doubles, exact up to `OPEN_END`."""

    field: str
    gt: int | None = None
    lte: int | None = None
    lt: int | None = None


@dataclass(frozen=True, slots=True)
class Among:
    """The integer field has one of these values; with `excluded`, none of these."""

    field: str
    values: tuple[int, ...]
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of these terms holds."""

    terms: "tuple[Term, ...]"


Term = OneOf | Absent | Equal | Within | Among | Either


def terms(where: PointFilter) -> Iterator[Term]:
    """Yield the terms that must all hold; a filter without conditions yields none."""
    if where.visible_at is not None:
        yield from _visible(where.visible_at, tuple(sorted(where.aborted)))
    if where.tenant is not None:
        yield OneOf("tenant", (where.tenant,))
    if where.valid_from is not None:
        yield Equal("valid_from", where.valid_from)
    if where.started_after is not None:
        yield Within("valid_from", gt=where.started_after)
    if where.ended_after is not None:
        yield Within("valid_to", gt=where.ended_after, lt=OPEN_END)
    if where.ended_by is not None:
        yield Within("valid_to", lte=where.ended_by)
    if where.document_ids:
        yield OneOf("document_id", tuple(sorted(where.document_ids)))
    if where.exclude_document_ids:
        yield OneOf("document_id", tuple(sorted(where.exclude_document_ids)), excluded=True)
    if where.exclude_keys:
        yield OneOf("key", tuple(sorted(where.exclude_keys)), excluded=True)
    if where.groups is not None:
        yield _admitted(tuple(sorted(where.groups)))
    if where.sources:
        yield OneOf("source", tuple(sorted(where.sources)))
    if where.trusts:
        yield OneOf("trust", tuple(sorted(where.trusts)))


def _admitted(groups: tuple[str, ...]) -> Term:
    """Open to everybody of the tenant, or to one of these groups."""
    everybody = Absent("acl")
    return Either((everybody, OneOf("acl", groups))) if groups else everybody


def _visible(epoch: int, aborted: tuple[int, ...]) -> Iterator[Term]:
    yield Within("valid_from", lte=epoch)
    open_then = Within("valid_to", gt=epoch)
    if not aborted:
        yield open_then
        return
    yield Among("valid_from", aborted, excluded=True)
    yield Either((open_then, Among("valid_to", aborted)))
