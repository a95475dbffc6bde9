"""One key of each kind for tests of the query service, and the header that shows it."""

from typing import Any

from service.keys import ApiKey, Gatekeeper, KeyScope, hashed

KEYS: dict[str, dict[str, Any]] = {
    "reader": {"tenant": "default"},
    "staff": {"tenant": "default", "groups": ("staff",)},
    "stranger": {"tenant": "elsewhere"},
    "slow": {"tenant": "default", "requests_per_minute": 1},
    "admin": {"tenant": "default", "scopes": (KeyScope.ADMIN,)},
}


def gatekeeper() -> Gatekeeper:
    """Let in whoever has one of them."""
    return Gatekeeper(
        [ApiKey(name=n, sha256=hashed(f"k-{n}"), **options) for n, options in KEYS.items()]
    )


def bearer(name: str) -> dict[str, str]:
    """Show a key."""
    return {"Authorization": f"Bearer k-{name}"}
