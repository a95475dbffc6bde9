"""Laying single options, named by their dotted names, over settings that are loaded already."""

from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.errors import ConfigError
from config.origins import options
from config.problems import explain, nearest, refusal
from config.section import Section
from config.settings import Settings

ORIGIN = "--set"


def with_overrides(settings: Settings, overrides: Mapping[str, object]) -> Settings:
    """Return settings in which some options of sections have other values.

    Args:
        settings: Validated settings.
        overrides: Values by dotted name, such as `{"chunking.max_tokens": "120"}`.

    Raises:
        ConfigError: An option is unknown or its value is wrong; one line per problem.
    """
    by_section: dict[str, dict[str, object]] = {}
    problems: list[str] = []
    for name, value in overrides.items():
        section, _, option = name.partition(".")
        if name not in options() or not option:
            problems.append(f"{name} (from {ORIGIN}) is not an option{nearest(name, options())}")
        else:
            by_section.setdefault(section, {})[option] = value
    changed: dict[str, Any] = {}
    origins = dict.fromkeys(overrides, ORIGIN)
    for section, values in by_section.items():
        current: Section = getattr(settings, section)
        try:
            changed[section] = type(current).model_validate({**dict(current), **values})
        except ValidationError as error:
            for details in error.errors(include_url=False):
                placed = cast("ErrorDetails", {**details, "loc": (section, *details["loc"])})
                problems.append(explain(placed, origins))
    if problems:
        # Outside the handler, so that no chained error prints values.
        raise refusal(problems)
    return settings.model_copy(update=changed)


def parse_assignments(assignments: tuple[str, ...]) -> dict[str, object]:
    """Read `option=value` texts, as `--set` takes them.

    Raises:
        ConfigError: One has no `=`, or an option is set twice.
    """
    found: dict[str, object] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip():
            raise ConfigError(
                f"--set {assignment}: write option=value, such as chunking.max_tokens=120."
            )
        if name.strip() in found:
            raise ConfigError(f"--set {name.strip()} is given twice; give it once.")
        found[name.strip()] = value.strip()
    return found
