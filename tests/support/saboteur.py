"""Lets one call out of many fail, so that every step of a procedure can be the last one."""

from collections.abc import Callable
from typing import Any

import pytest


class Broken(Exception):
    """What a saboteur raises: nothing that the code under test expects."""


class Saboteur:
    """Lets the n-th of some calls fail, before or after it had its effect."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._calls = 0
        self._wanted = 0
        self._late = False
        self.struck: str | None = None

    def watch(self, owner: Any, *names: str) -> None:
        """Count calls of these functions or methods of a module or class."""
        for name in names:
            self._monkeypatch.setattr(owner, name, self._wrapped(name, getattr(owner, name)))

    error = Broken

    def aim(self, call: int, *, late: bool = False) -> None:
        """Let this call fail, counted from 1."""
        self._calls, self._wanted, self._late, self.struck = 0, call, late, None

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **named: Any) -> Any:
            self._calls += 1
            hit = self._calls == self._wanted
            if hit and not self._late:
                self.struck = name
                raise Broken(name)
            result = real(*arguments, **named)
            if hit:
                self.struck = name
                raise Broken(name)
            return result

        return wrapper
