"""Shelves that stand behind a server of their own on loopback: S3, SFTP, and a web site."""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from config.settings import Settings
from ingestion.document import sha256_of
from ingestion.sources.web_urls import canonical, key_of
from tests.support.shelves import Shelf, write_all
from tests.support.web_site import Page, WebSite

PASSWORD = '{"shelf": {"password": "testing"}}'
KEYS = '{"shelf": {"key": "testing", "secret": "testing"}}'


@cache
def s3_server() -> Any:
    """A server that speaks S3, for all tests of this process."""
    pytest.importorskip("s3fs", reason="needs s3fs")
    server = pytest.importorskip("moto.server", reason="needs moto's server")
    made = server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    made.start()
    return made


@cache
def s3_files(endpoint: str) -> Any:
    """A client for all tests of this process: to make one, half a second of JSON is read."""
    import s3fs

    return s3fs.S3FileSystem(
        key="testing", secret="testing", endpoint_url=endpoint,
        skip_instance_cache=True, use_listings_cache=False,
    )  # fmt: skip


class S3Shelf(Shelf):
    """A bucket behind a server that speaks S3."""

    kind = "fsspec"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.bucket = f"b-{sha256_of(str(folder))[:40]}"
        self.settings = Settings(home=folder / "home", source_secrets=KEYS)

    def start(self) -> None:
        host, port = s3_server().get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        self.files().mkdir(self.bucket)

    def files(self) -> Any:
        return s3_files(self.endpoint)

    def options(self) -> dict[str, Any]:
        return {
            "url": f"s3://{self.bucket}/docs",
            "options": {"endpoint_url": self.endpoint},
        }

    def store(self) -> None:
        files = self.files()
        root = f"{self.bucket}/docs"
        held = {p.removeprefix(root + "/"): files.cat_file(p) for p in files.find(root)}
        for name in set(held) - set(self.texts):
            files.rm_file(f"{root}/{name}")
        for name, text in self.texts.items():
            if held.get(name) != text.encode():
                files.pipe_file(f"{root}/{name}", text.encode())

    @contextmanager
    def broken(self) -> Iterator[None]:
        whole, self.endpoint = self.endpoint, "http://127.0.0.1:9"
        yield
        self.endpoint = whole


@cache
def sftp_server() -> Any:
    """A server that speaks SFTP, for all tests of this process; returns its port."""
    pytest.importorskip("sshfs", reason="needs sshfs")
    asyncssh = pytest.importorskip("asyncssh", reason="needs asyncssh")

    class Server(asyncssh.SSHServer):  # type: ignore[misc,name-defined]
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("reader", "testing")

    async def listen() -> Any:
        key = asyncssh.generate_private_key("ssh-ed25519")
        return await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[key], server_factory=Server, sftp_factory=True
        )

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return asyncio.run_coroutine_threadsafe(listen(), loop).result(30).get_port()


class SftpShelf(Shelf):
    """A folder behind a server that speaks SFTP."""

    kind = "fsspec"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.settings = Settings(home=folder / "home", source_secrets=PASSWORD)
        self.changes = 0

    def start(self) -> None:
        self.port = sftp_server()

    def options(self) -> dict[str, Any]:
        return {
            "url": f"ssh://127.0.0.1:{self.port}{self.folder}/docs",
            "options": {"username": "reader", "known_hosts": None, "client_keys": None},
        }

    def store(self) -> None:
        folder = self.folder / "docs"
        for path in write_all(folder, self.texts):
            # SFTP tells the time in seconds, which the plan makes up for.
            self.changes += 1
            os.utime(path, (1_700_000_000 + self.changes,) * 2)

    @contextmanager
    def broken(self) -> Iterator[None]:
        whole, self.port = self.port, 9
        yield
        self.port = whole


class WebShelf(Shelf):
    """A site whose start page links to every document."""

    kind = "web"

    def start(self) -> None:
        self.site = WebSite()

    def stop(self) -> None:
        self.site.close()

    def options(self) -> dict[str, Any]:
        return {
            "start": f"{self.site.url}/",
            "allow_hosts": (self.site.host,),
            "delay_seconds": 0,
        }

    def key(self, name: str) -> str:
        return key_of(canonical(self.address(name), self.site.url) or "", "text/markdown")

    def address(self, name: str) -> str:
        return "/" + quote(name)

    def store(self) -> None:
        links = "".join(f'<a href="{self.address(name)}">x</a>' for name in self.texts)
        index = f'<meta name="robots" content="noindex">{links}'
        self.site.pages = {"/": Page(index.encode())} | {
            self.address(name): Page(text.encode(), "text/markdown")
            for name, text in self.texts.items()
        }

    @contextmanager
    def broken(self) -> Iterator[None]:
        self.site.pages[self.address("b.md")] = Page(b"", status=500)
        yield


SERVED: tuple[type[Shelf], ...] = (S3Shelf, SftpShelf, WebShelf)
