"""Whose a home is: two machines may well have homes at the same path.

They are one home where they share a ledger that others reach, and on one machine.
"""

import socket
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from config.settings import Settings
from ingestion.document import sha256_of

MACHINE_ID = Path("/etc/machine-id")
"""Systemd's id of a machine, which must not be told to others as it is."""
_LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})
_DIGITS = 16


def owner_of(settings: Settings) -> str | None:
    """Return what tells whose home this is, with the name of the machine behind a blank.

    Returns:
        None where nothing tells, as on a machine without an id.
    """
    told = [told for told in (_machine(), _shared_ledger(settings)) if told]
    marks = ",".join(sha256_of(f"holdfast home {one}")[:_DIGITS] for one in told)
    return f"{marks} {socket.gethostname()}" if marks else None


def is_same_owner(one: str | None, other: str | None) -> bool:
    """Tell whether two homes of one path are one: by machine, by ledger, or as nothing tells."""
    if not one or not other:
        return True
    mine, theirs = (frozenset(owner.split()[0].split(",")) for owner in (one, other))
    return not mine.isdisjoint(theirs)


def _shared_ledger(settings: Settings) -> str:
    if settings.ledger.url is None:
        return ""
    try:
        url = make_url(settings.ledger.url.get_secret_value())
    except ArgumentError:
        return ""  # opening it says so
    if (url.host or "") in _LOCAL:
        return ""
    return f"{url.host}:{url.port}/{url.database}"


def _machine() -> str:
    try:
        return MACHINE_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
