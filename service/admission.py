"""Who is let in over HTTP: a key in a header and never in the URL, with the scope it needs."""

from collections.abc import Mapping

from service.api_problems import ProblemError
from service.keys import ApiKey, Gatekeeper, KeyScope


def shown_key(headers: Mapping[str, str], gatekeeper: Gatekeeper, scope: KeyScope) -> ApiKey:
    """Return the key that a request shows.

    Args:
        headers: Of the request, found in any case.
        gatekeeper: Knows the keys.
        scope: What the request needs.

    Raises:
        ProblemError: There is no valid key, or it is not for this.
    """
    kind, _, shown = headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        shown = headers.get("X-API-Key", "")
    key = gatekeeper.admit(shown.strip()) if shown.strip() else None
    if key is None:
        raise ProblemError(401, "unauthorized", "Show a valid key as a bearer token.")
    if scope not in key.scopes:
        raise ProblemError(403, "forbidden", f"The key has no scope {scope.value!r}.")
    return key


def count_use(key: ApiKey, gatekeeper: Gatekeeper) -> None:
    """Count one use of a key.

    Raises:
        ProblemError: It is one too many in this minute.
    """
    wait = gatekeeper.wait_for(key)
    if wait:
        raise ProblemError(429, "rate_limited", "The key was shown too often.", wait)
