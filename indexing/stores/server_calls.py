"""Calls to a Qdrant server: tried again until a deadline, and every failure a typed error."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_before_delay,
    wait_random_exponential,
)
from tenacity.stop import stop_base

from config.errors import HoldfastError
from indexing.errors import StoreError, StoreRejectedError, StoreUnavailableError
from indexing.stores.server_transport import ending_within, seconds_left

T = TypeVar("T")
LONGEST_PAUSE = 2.0
FIRST_TRIES = 3
_LATER = {408, 425, 429}
"""Answers of the 4xx range that say "not now" instead of "no"."""
_IN_GENERAL = {401, 403, 404, 405, 407}
"""Answers of the 4xx range that another content would get as well."""
_LONG_WAIT = 10**9


class Patience(Enum):
    """How long a caller goes on trying."""

    DEADLINE = auto()
    """Until the deadline."""
    READER = auto()
    """No longer than one try may take: whoever asked would rather hear that nothing works."""
    FIRST = auto()
    """Until the deadline, but what is not there at all, or is no Qdrant, is said at once."""


class ContentRefusedError(StoreRejectedError):
    """The server refused what was sent, not who sent it or where to: a part may be fine."""


class MissingError(StoreRejectedError):
    """The server does not know the path: no such collection, or no Qdrant."""


class PassingError(Exception):
    """One try failed for a reason that may pass; becomes `StoreUnavailableError` in the end."""

    def __init__(self, reason: str, *, asked: float | None = None, absent: bool = False) -> None:
        """Remember what went wrong.

        Args:
            reason: For the message.
            asked: Seconds the server asked to wait.
            absent: Whether there is no sign of a Qdrant server.
        """
        super().__init__(reason)
        self.asked = asked
        self.absent = absent


class Calls:
    """Runs calls against one server; every call Holdfast makes can be repeated safely."""

    def __init__(self, place: str, timeout_seconds: float, deadline_seconds: float) -> None:
        self.place = place
        self._timeout = timeout_seconds
        self._deadline = deadline_seconds

    def limit(self, patience: Patience) -> float:
        """How many seconds a call may take, with all its tries and waits."""
        if patience is Patience.READER:
            return min(self._timeout, self._deadline)
        return self._deadline

    def run(self, what: str, call: Callable[[], T], patience: Patience = Patience.DEADLINE) -> T:
        """Run `call` again and again while it fails for a passing reason.

        Where the surroundings have to end earlier (`ending_within`), so has this call.

        Args:
            what: The operation and its collection, for the message.
            call: What to do.
            patience: When to give up.

        Raises:
            StoreUnavailableError: No answer, or none that can be trusted, until the deadline.
            StoreRejectedError: The server refused; it would refuse again.
        """
        seconds = min(self.limit(patience), seconds_left())
        stop: stop_base = stop_before_delay(seconds)
        if patience is Patience.FIRST:
            stop |= _NobodyThere()
        attempts = Retrying(
            stop=stop,
            wait=_Pause(seconds),
            retry=retry_if_exception_type(PassingError),
            reraise=True,
        )
        try:
            with ending_within(seconds):
                answer: T = attempts(self._try, what, call)
        except PassingError as error:
            limit = f"within {seconds:.3g} s" if seconds > 0 else "in time: none was left for it"
            if patience is Patience.FIRST and error.absent:
                limit = "at first contact"
            tries = int(attempts.statistics.get("attempt_number", 1))
            raise self._unavailable(what, error, tries, limit) from error.__cause__
        return answer

    def _try(self, what: str, call: Callable[[], T]) -> T:
        try:
            with ending_within(self._timeout):
                return call()
        except (HoldfastError, PassingError):
            raise
        except UnexpectedResponse as error:
            raise self._answered(what, error) from error
        except ResponseHandlingException as error:
            raise self._unanswered(error.source) from error
        except ResourceExhaustedResponse as error:
            asked = float(min(error.retry_after_s, _LONG_WAIT))
            raise PassingError(f"429: {_first_line(error)}", asked=asked) from error
        except (QdrantException, httpx.TransportError) as error:
            raise PassingError(_first_line(error)) from error
        except (AssertionError, json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            # The client asserts what an answer must hold, and parses some answers unguarded.
            raise self._unanswered(error) from error
        except (ValueError, KeyError, TypeError, httpx.InvalidURL) as error:
            # What the client itself refuses, and how its in-memory mode says "not found".
            raise ContentRefusedError(self._refusal(what, str(error))) from error

    def _answered(self, what: str, error: UnexpectedResponse) -> StoreError | PassingError:
        """Judge an answer by its status."""
        code = error.status_code or 0
        said = f"{code}: {_server_words(error.content) or error.reason_phrase}"
        if code in _LATER or code >= 500:
            return PassingError(said, asked=_seconds(error.headers.get("Retry-After")))
        if code < 300:
            return PassingError(f"{said}, is this Qdrant?", absent=True)
        if code < 400:
            target = urlsplit(error.headers.get("Location", "")).hostname or "elsewhere"
            said = f"{code}: redirected to {target}; store.url must name Qdrant itself"
            return StoreRejectedError(self._refusal(what, said))
        if code in {401, 403, 407}:
            hint = f"{said}. Check QDRANT_API_KEY and its permissions"
            return StoreRejectedError(self._refusal(what, hint))
        if code == 404:
            return MissingError(self._refusal(what, said))
        kind = StoreRejectedError if code in _IN_GENERAL else ContentRefusedError
        return kind(self._refusal(what, said))

    def _unanswered(self, source: Exception) -> StoreError | PassingError:
        """Judge the lack of an answer, or one that cannot be read."""
        if isinstance(source, httpx.LocalProtocolError):
            return PassingError(_kind(source))  # its text may quote a header, and with it the key
        if isinstance(source, httpx.TransportError):
            absent = isinstance(source, httpx.ConnectError)
            return PassingError(f"{_kind(source)}: {_first_line(source)}", absent=absent)
        if isinstance(source, ValueError | AssertionError | RecursionError):
            detail = f"the answer was not understood, is this Qdrant? ({_first_line(source)})"
            return PassingError(detail, absent=True)
        return PassingError(_first_line(source))

    def _unavailable(
        self, what: str, error: PassingError, tries: int, limit: str
    ) -> StoreUnavailableError:
        often = f"{tries} tries, the last: " if tries > 1 else ""
        return StoreUnavailableError(
            f"Qdrant at {self.place} did not carry out '{what}' {limit} "
            f"({often}{str(error)[:300]}). Check that it runs and is reachable; the call can be "
            "repeated."
        )

    def _refusal(self, what: str, reason: str) -> str:
        return f"Qdrant at {self.place} refused '{what}': {reason[:400]}"


class _Pause:
    """How long to wait before the next try: what the server asks for, or ever longer by chance."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._own = wait_random_exponential(multiplier=0.1, max=LONGEST_PAUSE)

    def __call__(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.asked if isinstance(error, PassingError) else None
        if asked is not None and asked > 0:
            # A little more, so that not everybody who was sent away comes back at once.
            pause = asked * random.uniform(1.0, 1.1)
            if pause < self._seconds - (state.seconds_since_start or 0.0):
                return pause
        # Nothing was asked, or a wait that would outlast the deadline.
        return float(self._own(state))


class _NobodyThere(stop_base):
    """Stop early where there is no sign of a Qdrant server."""

    def __call__(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        absent = isinstance(error, PassingError) and error.absent
        return absent and state.attempt_number >= FIRST_TRIES


def _seconds(header: str | None) -> float | None:
    """Read a `Retry-After`; a date or anything else is as good as none."""
    return float(header) if header and header.isascii() and header.isdigit() else None


def _server_words(content: bytes) -> str:
    """Return what the server says is wrong, in its own words where it is Qdrant."""
    text = content.decode("utf-8", "replace")
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        text = str(json.loads(text)["status"]["error"])
    return " ".join(text[:400].split())


def _kind(error: Exception) -> str:
    return type(error).__name__


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return (lines[0] if lines else "")[:200] or _kind(error)
