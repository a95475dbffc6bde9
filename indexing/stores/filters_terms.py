"""A `PointFilter` as plain terms, so that every engine is told exactly the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from indexing.points import OPEN_END, PointFilter

INTEGER_FIELDS = ("valid_from", "valid_to")
KEYWORD_FIELDS = ("document_id", "tenant", "key")
"""The payload fields with an index; filters use no others."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """The field's value is one of these; with `excluded`, none of these."""

    field: str
    values: tuple[str, ...]
    excluded: bool = False


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


Term = OneOf | Equal | Within


def terms(where: PointFilter) -> Iterator[Term]:
    """Yield the terms that must all hold; a filter without conditions yields none."""
    if where.visible_at is not None:
        yield Within("valid_from", lte=where.visible_at)
        yield Within("valid_to", gt=where.visible_at)
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
