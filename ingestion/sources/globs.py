"""Glob patterns on keys: `*` and `?` stay within a folder, `**` spans folders.

The standard library gained such a translation (`glob.translate`) only in Python 3.13.
"""

import re

MATCH_ALL = frozenset({"**", "**/*"})


class Patterns:
    """A set of glob patterns; a key matches if any of them does."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._all = any(pattern in MATCH_ALL for pattern in patterns)
        self._expressions = tuple(re.compile(_translate(pattern)) for pattern in patterns)

    def match(self, key: str) -> bool:
        """Whether any pattern matches the whole key."""
        return self._all or any(expression.match(key) for expression in self._expressions)


def _translate(pattern: str) -> str:
    parts = pattern.strip("/").split("/")
    if pattern.endswith("/"):
        parts.append("**")
    expression = ""
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            expression += ".*" if last else "(?:[^/]+/)*"
            continue
        expression += _segment(part) + ("" if last else "/")
    return f"(?s:{expression})\\Z"


def _segment(part: str) -> str:
    expression, at = "", 0
    while at < len(part):
        char = part[at]
        at += 1
        if char == "*":
            expression += "[^/]*" if not expression.endswith("[^/]*") else ""
        elif char == "?":
            expression += "[^/]"
        elif char == "[" and (end := part.find("]", at + 1)) > 0:
            body = part[at:end].replace("\\", "\\\\")
            at = end + 1
            expression += f"[^{body[1:]}]" if body.startswith("!") else f"[{body}]"
        else:
            expression += re.escape(char)
    return expression
