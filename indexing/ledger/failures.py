"""What a database says when it fails, as errors of ours: what went wrong, and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from indexing.errors import LedgerCorruptError, LedgerError, LedgerUnavailableError

DAMAGED = (
    "malformed", "not a database", "disk image", "file is encrypted", "could not decode",
    "no such table", "no such column", "no column named",
)  # fmt: skip
"""How SQLite says so."""
DAMAGED_STATES = ("42P01", "42703", "XX001", "XX002")
"""How PostgreSQL does: no such table, no such column, pages and indexes that cannot be right."""
READ_ONLY = "25006"
NOT_ALLOWED = "42501"
BEYOND_A_LIMIT = "54"
"""The class of what no database takes, however often it is tried."""


def damage_message(location: str, detail: str) -> str:
    """Say what to do about a damaged ledger."""
    if is_server(location):
        return (
            f"The ledger at {location} is damaged ({detail}). Nothing was changed. Restore the "
            "database from a backup of it, or a backup of Holdfast into an empty one."
        )
    return (
        f"The ledger at {location} is damaged ({detail}). Nothing was changed. Restore the file "
        "from a backup, or move it away together with the index folder and ingest again."
    )


def is_server(location: str) -> bool:
    """Tell whether a ledger is on a server."""
    return location.startswith("postgresql")


@contextmanager
def translated(location: str) -> Iterator[None]:
    """Turn database errors into the error tree.

    Raises:
        LedgerCorruptError: The database is damaged.
        LedgerUnavailableError: It is locked or does not answer, or takes no writes now.
        LedgerError: A text cannot be given to it, or anything else.
    """
    try:
        yield
    except DBAPIError as error:
        raise told(location, error) from error
    except NoConnectionError as error:
        raise LedgerUnavailableError(
            f"The ledger at {location} did not answer: all connections of this process were in use "
            "for as long as `ledger.busy_timeout_seconds` allows. Find out what keeps its tables "
            "locked, or ask for less at once; then try again."
        ) from error
    except SQLAlchemyError as error:
        raise LedgerError(f"The ledger at {location} failed: {error}") from error
    except UnicodeEncodeError as error:
        # What was asked for is at fault: nothing that is in a ledger has such characters.
        raise LedgerError(
            f"The ledger at {location} takes no text with bytes that are no UTF-8, or with half a "
            f"surrogate pair, such as {error.object[:80]!r}. Nothing was changed. Name what you "
            "mean as Holdfast prints it."
        ) from error
    except ValueError as error:
        # A time, a JSON text or a number that cannot be read: nobody wrote it like that.
        raise LedgerCorruptError(damage_message(location, str(error))) from error


def told(location: str, error: DBAPIError) -> LedgerError:
    """Return an error of the driver as one of ours."""
    text = str(error.orig).splitlines()[0] if error.orig else str(error)
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state in DAMAGED_STATES or (
        not is_server(location) and any(sign in text.lower() for sign in DAMAGED)
    ):
        return LedgerCorruptError(damage_message(location, text))
    if state == READ_ONLY:
        return LedgerUnavailableError(
            f"The ledger at {location} takes no writes ({text}): it is a standby, or somebody set "
            "default_transaction_read_only. Point ledger.url at the primary, or wait until it "
            "takes writes again; then try again."
        )
    if state == NOT_ALLOWED:
        return LedgerError(
            f"The user of ledger.url lacks a right at {location} ({text}). Nothing was changed. "
            "Let it own the database or the schema that it works in (ALTER SCHEMA … OWNER TO …), "
            "as a purge and an upgrade need that as well."
        )
    if state.startswith(BEYOND_A_LIMIT):
        return LedgerError(f"The ledger at {location} cannot hold this: {text}.")
    if isinstance(error, OperationalError) or error.connection_invalidated:
        check = (
            "Check that the database runs, that ledger.url names it and a user who may log in, "
            "that its disk is not full and that nobody keeps its tables locked"
            if is_server(location)
            else "Check that the database runs, that its folder is writable, that the disk is not "
            "full and that no other program keeps it locked"
        )
        return LedgerUnavailableError(
            f"The ledger at {location} did not answer ({text}). {check}; then try again."
        )
    return LedgerError(f"The ledger at {location} failed: {text}")
