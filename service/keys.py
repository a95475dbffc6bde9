"""API keys: what is kept of them, how one is made, who shows which, and how often."""

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import Field, ValidationError

from config.errors import ConfigError
from config.origins import variable_of
from config.querying import ServeSettings
from config.section import LONGEST_NAME, Section

PREFIX = "hf_"
"""So that a key can be told in a log or a repository by whoever scans for leaks."""
RANDOM_BYTES = 32
MINUTE = 60.0


class KeyScope(StrEnum):
    """What a key lets its holder do."""

    READ = "read"
    ADMIN = "admin"
    """Figures of the whole service."""


class ApiKey(Section):
    """One key as it is configured; the key itself is nowhere.

    A plain SHA-256 is enough for 256 random bits: there is nothing to guess.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]+$", description="For logs; two may share it.")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    tenant: str = Field(min_length=1, max_length=LONGEST_NAME)
    groups: tuple[str, ...] = ()
    scopes: tuple[KeyScope, ...] = (KeyScope.READ,)
    requests_per_minute: int = Field(default=0, ge=0, description="0: any number.")
    expires: datetime | None = None

    def lasts(self, now: datetime) -> bool:
        """Tell whether the key still counts; a time without zone is UTC."""
        if self.expires is None:
            return True
        ends = self.expires if self.expires.tzinfo else self.expires.replace(tzinfo=UTC)
        return now < ends


def hashed(key: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def make_key(
    name: str, tenant: str, groups: Sequence[str], scopes: Sequence[KeyScope]
) -> tuple[str, ApiKey]:
    """Make a new key: what its holder gets, and what is configured.

    Raises:
        ConfigError: Name or tenant cannot be one.
    """
    key = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    try:
        entry = ApiKey(
            name=name,
            sha256=hashed(key),
            tenant=tenant,
            groups=tuple(groups),
            scopes=tuple(scopes) or (KeyScope.READ,),
        )
    except ValidationError:
        entry = None
    if entry is None:
        raise ConfigError(
            f"{name!r} is no name for a key, or the tenant is empty or longer than {LONGEST_NAME} "
            "characters: use letters, digits, '_', '-' and '.'."
        )
    return key, entry


def read_keys(settings: ServeSettings) -> tuple[ApiKey, ...]:
    """Read the configured keys.

    Raises:
        ConfigError: There are none, or they are no list of keys.
    """
    variable = variable_of("serve.keys")
    if settings.keys is None:
        raise ConfigError(
            f"Nobody could be let in: {variable} is not set. `holdfast key NAME` makes a key and "
            "says what to put there."
        )
    keys: list[ApiKey] = []
    wrong = "."
    try:
        entries = json.loads(settings.keys.get_secret_value())
    except ValueError:
        entries = None
    for number, entry in enumerate(entries if isinstance(entries, list) else (), 1):
        try:
            keys.append(ApiKey.model_validate(entry))
        except ValidationError as error:
            wrong = f": key {number}{what_is_wrong(error)}"
            break
    if wrong != "." or not keys:
        # Raised here, so that no chained error shows what was given.
        raise ConfigError(
            f"{variable} is not a JSON list of keys as `holdfast key NAME` prints them{wrong}"
        )
    known: dict[str, ApiKey] = {}
    for key in keys:
        other = known.setdefault(key.sha256, key)
        if other is not key:
            # Whichever counted, its tenant and groups would not be those of the other.
            raise ConfigError(
                f"{variable} has the same sha256 twice, of {other.name!r} and {key.name!r}, so "
                "that nobody can say what that key allows. Take out one, or make another key with "
                "`holdfast key NAME`."
            )
    return tuple(keys)


def what_is_wrong(error: ValidationError) -> str:
    """Say which field of a key is wrong and what is expected there, never what was given."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name = fault["loc"][0] if fault["loc"] else ""
    if name not in ApiKey.model_fields:
        # A name that is none may be a key that stands in the wrong place.
        return f" should be an object that has only {', '.join(ApiKey.model_fields)}."
    expected = fault["msg"].removeprefix("Input ")
    return f", {name}: {expected[:1].lower()}{expected[1:]}."


@dataclass
class Gatekeeper:
    """Knows the keys, and how often each was shown lately."""

    keys: Sequence[ApiKey]
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _shown: dict[str, deque[float]] = field(default_factory=dict, repr=False)

    def admit(self, shown: str) -> ApiKey | None:
        """Return whose key this is; every configured key is compared, in constant time."""
        digest, found = hashed(shown), None
        for key in self.keys:
            if hmac.compare_digest(digest, key.sha256):
                found = key
        return found if found is not None and found.lasts(self.now()) else None

    def wait_for(self, key: ApiKey) -> float:
        """Count a request; return the seconds to wait if it is one too many, else 0."""
        if not key.requests_per_minute:
            return 0.0
        with self._lock:
            times = self._shown.setdefault(key.sha256, deque())
            moment = self.clock()
            while times and times[0] <= moment - MINUTE:
                times.popleft()
            if len(times) >= key.requests_per_minute:
                return times[0] + MINUTE - moment
            times.append(moment)
            return 0.0
