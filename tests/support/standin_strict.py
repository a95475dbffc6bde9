"""Strict mode as a Qdrant server enforces it: what a stand-in has to refuse to be honest.

Follows `lib/collection/src/operations/verification` of the server: limits first, then indexes.
"""

from collections.abc import Iterator

from qdrant_client import models

Indexes = dict[str, models.PayloadSchemaType]


class StrictModeRefusal(Exception):
    """A request that strict mode does not let through."""


def check_limit(config: models.StrictModeConfig | None, limit: int | None) -> None:
    """Refuse a limit above `max_query_limit`; a server takes 10 for none."""
    if config is None or not config.enabled or config.max_query_limit is None:
        return
    asked = 10 if limit is None else limit
    if asked > config.max_query_limit:
        raise StrictModeRefusal(
            f'Limit exceeded {asked} > {config.max_query_limit} for "limit". Help: Reduce the '
            f'"limit" parameter to or below {config.max_query_limit}.'
        )


def check_read(
    config: models.StrictModeConfig | None, where: models.Filter | None, indexes: Indexes
) -> None:
    """Refuse a filter of a read that is too large, or not wholly served by indexes."""
    if config is not None and config.enabled:
        _check(config, where, indexes, config.unindexed_filtering_retrieve)


def check_update(
    config: models.StrictModeConfig | None, where: models.Filter | None, indexes: Indexes
) -> None:
    """Refuse a filter of a write that is too large, or not wholly served by indexes."""
    if config is not None and config.enabled:
        _check(config, where, indexes, config.unindexed_filtering_update)


def _check(
    config: models.StrictModeConfig,
    where: models.Filter | None,
    indexes: Indexes,
    unindexed: bool | None,
) -> None:
    conditions = list(_conditions(where))
    most, largest = config.filter_max_conditions, config.condition_max_size
    if most is not None and len(conditions) > most:
        raise StrictModeRefusal(f"Filter condition limit reached ({len(conditions)} > {most})")
    size = max(map(_size, conditions), default=0)
    if largest is not None and size > largest:
        raise StrictModeRefusal(f"Condition size limit reached ({size} > {largest})")
    if unindexed is not False:
        return
    for condition in conditions:
        if isinstance(condition, models.FieldCondition):
            wanted = _index_for(condition)
            if indexes.get(condition.key) != wanted:
                raise StrictModeRefusal(
                    f'Index required but not found for "{condition.key}" of one of the '
                    f"following types: [{wanted.value}]. Help: Create an index for this key or "
                    "use a different filter."
                )


def _conditions(where: models.Filter | None) -> Iterator[models.Condition]:
    if where is None:
        return
    for group in (where.must, where.must_not, where.should):
        for condition in group if isinstance(group, list) else [group] if group else []:
            if isinstance(condition, models.Filter):
                yield from _conditions(condition)
            else:
                yield condition


def _size(condition: models.Condition) -> int:
    if isinstance(condition, models.HasIdCondition):
        return len(condition.has_id)
    match = getattr(condition, "match", None)
    return len(match.any) if isinstance(match, models.MatchAny) else 1


def _index_for(condition: models.FieldCondition) -> models.PayloadSchemaType:
    match = condition.match
    values = match.any if isinstance(match, models.MatchAny) else [getattr(match, "value", 0)]
    if match is not None and any(isinstance(value, str) for value in values):
        return models.PayloadSchemaType.KEYWORD
    return models.PayloadSchemaType.INTEGER
