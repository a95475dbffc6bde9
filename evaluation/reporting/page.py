"""Fills the templates of the reports; questions and quotes are hostile input and always escaped."""

import re
from importlib import resources
from typing import Any

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and signs that turn the direction of what stands behind them: a question
with one of them would have the report's own words read backwards, its verdict among them."""


def fill(template: str, **values: Any) -> str:
    """Return a page.

    Args:
        template: Name of a file beside this one.
        values: What stands in it.
    """
    from jinja2 import Environment, StrictUndefined

    text = resources.files("evaluation.reporting").joinpath(template).read_text("utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, finalize=visible
    )
    return environment.from_string(text).render(**values)


def visible(value: Any) -> Any:
    """Write signs that cannot be seen as escapes, as on a terminal; leave all else as it is."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return _UNSEEN.sub(lambda found: f"\\x{ord(found[0]):02x}", value)
