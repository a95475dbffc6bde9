"""The connection to one Qdrant server: where it is, whether it will do, and calls through it."""

import importlib.metadata
import logging
import math
import re
import threading
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import httpx
from qdrant_client import QdrantClient, models

from config.errors import ConfigError
from config.settings import StoreSettings
from indexing.errors import StoreRejectedError
from indexing.stores.base import Fence
from indexing.stores.server_calls import Calls, MissingError, PassingError, Patience
from indexing.stores.server_transport import DeadlineTransport, ending_within, is_loopback

T = TypeVar("T")
logger = logging.getLogger(__name__)

PORT = 6333
"""Of a URL without one: the client's convention, and Qdrant Cloud's."""
OLDEST = (1, 19)
"""The first version in which IDF can be measured over what a reader sees, and in which writes
acknowledged before a restart are there after it (qdrant/qdrant#9930)."""
NO_URL = (
    "store.url is no address of a Qdrant server: write it with its scheme, such as "
    "http://localhost:6333 or https://qdrant.example.org:6333/prefix."
)
_VERSION = re.compile(r"v?(\d+)\.(\d+)")


class Connection:
    """One client, made at the first call and checked once; may be used from several threads."""

    def __init__(self, settings: StoreSettings, given: QdrantClient | None = None) -> None:
        """Read the settings; nothing is connected yet.

        Raises:
            ConfigError: The URL or the key cannot be used.
        """
        self.place = place_of(settings.url)
        self._calls = Calls(self.place, settings.timeout_seconds, settings.deadline_seconds)
        self._settings = settings
        self._given = given
        self._client = given
        self._version: str | None = None
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def read(
        self,
        what: str,
        collection: str,
        call: Callable[[QdrantClient], T],
        patience: Patience = Patience.DEADLINE,
    ) -> T:
        """Make a call, again and again while it fails for a passing reason.

        Args:
            what: What it does, for messages.
            collection: To which collection; may be empty.
            call: The call itself, which may be made several times.
            patience: When to give up.

        Raises:
            StoreUnavailableError: No answer that can be trusted until the deadline.
            StoreRejectedError: The server refused, is too old, or is none of ours.
        """
        label = f"{what} {collection}".strip()
        with self.within(patience):
            client = self._checked_client()
            return self._calls.run(label, lambda: call(client), patience)

    def within(self, patience: Patience) -> AbstractContextManager[None]:
        """Let everything inside share the time of one call."""
        return ending_within(self._calls.limit(patience))

    def write(
        self,
        what: str,
        collection: str,
        call: Callable[[QdrantClient], models.UpdateResult],
        fence: Fence | None,
    ) -> None:
        """Make a call that writes points: the fence is asked before every try of it.

        Raises:
            StoreUnavailableError: The server did not say until the deadline that it is applied.
            StoreRejectedError: The server refused.
        """

        def applied(client: QdrantClient) -> None:
            if fence is not None:
                fence()
            status = call(client).status
            if status is not models.UpdateStatus.COMPLETED:
                raise PassingError(f"the write was taken but is not applied yet: {status}")

        self.read(what, collection, applied)

    def confirm(self, what: str, collection: str, call: Callable[[QdrantClient], bool]) -> None:
        """Make a call that changes something else than points, and has to be confirmed.

        Raises:
            StoreUnavailableError: It was not confirmed until the deadline.
            StoreRejectedError: The server refused.
        """

        def confirmed(client: QdrantClient) -> None:
            if not call(client):
                raise PassingError("the server did not confirm it")

        self.read(what, collection, confirmed)

    def version(self) -> str:
        """Return the version of the server."""
        self._checked_client()
        return self._version or "unknown"

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            if self._client is not None and self._given is None:
                self._client.close()
                self._client = None
                self._version = None

    def _checked_client(self) -> QdrantClient:
        """Return the client, having made sure once that the server is one that will do."""
        with self._lock:
            if self._client is None:
                self._client = open_client(self._settings)
            client = self._client
        # Not under the lock: it may take until the deadline, and for everybody the same one.
        if self._version is None:
            self._version = self._greet(client)
        return client

    def _greet(self, client: QdrantClient) -> str:
        try:
            info = self._calls.run("ask for the version", client.info, Patience.FIRST)
        except MissingError:
            # A gateway may pass on collections only; what is too old then shows at its first use.
            self._tell(f"Qdrant at {self.place} does not tell its version, so it was not checked.")
            return "unknown"
        self._check_version(info.version)
        self._check_key()
        return info.version

    def _check_version(self, version: str) -> None:
        found = _VERSION.match(version)
        if found is None:
            self._tell(f"Qdrant at {self.place} has version {version[:40]!r}, which was not read.")
            return
        server = (int(found[1]), int(found[2]))
        if server < OLDEST:
            raise StoreRejectedError(
                f"Qdrant at {self.place} is version {version}; Holdfast needs "
                f"{OLDEST[0]}.{OLDEST[1]} or newer: older ones can lose sight of acknowledged "
                "writes at a restart, and measure the rarity of a term over other tenants' texts. "
                "Upgrade the server, one minor version at a time."
            )
        ours = importlib.metadata.version("qdrant-client")
        client = tuple(int(part) for part in ours.split(".")[:2])
        if server[0] != client[0] or abs(server[1] - client[1]) > 1:
            self._tell(
                f"Qdrant at {self.place} is version {version} and the client {ours}; they are "
                "made for each other only up to one minor version apart. Upgrade the older one."
            )

    def _check_key(self) -> None:
        parts = urlsplit(self._settings.url or "")
        bare = parts.scheme == "http" and not is_loopback(parts.hostname or "")
        if self._settings.api_key is not None and bare:
            self._tell(
                f"The API key travels to {self.place} unencrypted. Use https in store.url, or "
                "keep the two on a network of their own."
            )

    def _tell(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            logger.warning(message)


def place_of(url: str | None) -> str:
    """Return host and port of a URL, and nothing else: it may carry a password.

    Raises:
        ConfigError: It is no URL of a server.
    """
    try:
        parts = urlsplit(url or "")
        port = parts.port or PORT
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(NO_URL)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{port}"


def open_client(settings: StoreSettings) -> QdrantClient:
    """Make the client of a server, without a call to it.

    Raises:
        ConfigError: The URL cannot be read, or the key holds what no header can carry.
    """
    url = settings.url or ""
    key = settings.api_key.get_secret_value() if settings.api_key else None
    if key is not None and not (key.isascii() and key.isprintable() and key == key.strip()):
        raise ConfigError(
            "store.api_key holds characters that cannot be sent, such as a line break, an accent, "
            "or a blank around it; check HOLDFAST_STORE__API_KEY or QDRANT_API_KEY."
        )
    parts = urlsplit(url)
    user = None
    if parts.username:  # the client drops it; a gateway may want it
        user = httpx.BasicAuth(unquote(parts.username), unquote(parts.password or ""))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Api key is used")  # `_check_key` says it
            return QdrantClient(
                url=url,
                port=PORT,
                api_key=key,
                timeout=math.ceil(settings.timeout_seconds),
                # Its check runs in a thread of its own and knows no deadline; ours is `_greet`.
                check_compatibility=False,
                transport=DeadlineTransport(url),
                auth=user,
            )
    except (ValueError, httpx.InvalidURL):
        raise ConfigError(NO_URL) from None
