"""Homes with a past to back up, backups to restore, and a saboteur for the way between."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexing.generations.reindex import reindex
from indexing.ledger.database import now, open_ledger
from indexing.ledger.feedback import add_feedback
from indexing.ledger.requests import record_request
from tests.support.places import Place
from tests.support.saboteur import Saboteur
from tests.support.traces import copy_sparse

GUIDE = "# Guide\n\n## Setting up\n\nCharge it for {} hours.\n\n## Cleaning\n\nRinse the probe.\n"


@pytest.fixture
def without_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power fails during these tests, and other work on the disk would slow them down."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, parsers: Any) -> Path:
    """A home with five documents, a past, two generations and a question; copied for each test."""
    place = Place(tmp_path_factory.mktemp("template"), parsers)
    twin = "Both say the same.\n"
    place.ingest(guide=GUIDE.format(4), one=twin, two=twin, gone="It goes away.\n", void="")
    place.ingest(guide=GUIDE.format(6), gone=None)
    with place.lived_in() as home:
        reindex(home.corpus)
    (place.root / "docs" / "one.md").rename(place.root / "docs" / "first.md")
    place.ingest(new="It came later.\n")
    with place.opened() as corpus:
        document = "00000000-0000-0000-0000-000000000001"
        body = {"question": "How long?", "retrieval": [{"document_id": document}], "score": 0.1}
        record_request(
            corpus.ledger,
            request_id="r" * 32,
            received_at=now(),
            tenant="default",
            status="ok",
            verdict=None,
            generation="holdfast__g2",
            epoch=1,
            body=body,
        )
        said = {"correct": "Two hours.", "cited": [document]}
        add_feedback(
            corpus.ledger, request_id="r" * 32, tenant="default", verdict="wrong", body=said
        )
    return place.root


@pytest.fixture(scope="session")
def small_template(tmp_path_factory: pytest.TempPathFactory, parsers: Any) -> Path:
    """A home with three documents and two epochs, for tests that go through it many times."""
    place = Place(tmp_path_factory.mktemp("small"), parsers)
    note = "The key hangs in room twelve.\n"
    place.ingest(guide=GUIDE.format(4), note=note, twin=note)
    place.ingest(guide=GUIDE.format(6))
    return place.root


@pytest.fixture(scope="session")
def backup_template(small_template: Path, parsers: Any) -> Path:
    """A backup of that home."""
    Place(small_template, parsers).backup("../small-backup")
    return small_template.parent / "small-backup"


@pytest.fixture
def source(backup_template: Path, tmp_path: Path) -> Path:
    """A backup of that home."""
    shutil.copytree(backup_template, tmp_path / "source")
    return tmp_path / "source"


@pytest.fixture
def make_place(
    tmp_path: Path, parsers: Any, without_waiting_for_the_disk: None
) -> Callable[..., Place]:
    """Name an empty home."""
    return lambda name, **options: Place(tmp_path / name, parsers, **options)


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger without a row; making one takes longer than many a test."""
    folder = tmp_path_factory.mktemp("empty")
    open_ledger(None, folder).close()
    return folder / "ledger.sqlite"


@pytest.fixture
def copy(empty_ledger: Path, make_place: Callable[..., Place]) -> Place:
    """A home without an index, to restore into."""
    made = make_place("copy")
    made.settings.home.mkdir(parents=True)
    shutil.copy(empty_ledger, made.settings.home)
    return made


@pytest.fixture
def place(template: Path, tmp_path: Path, make_place: Callable[..., Place]) -> Place:
    """A home with a past."""
    shutil.copytree(template, tmp_path / "place", copy_function=copy_sparse)
    return make_place("place")


@pytest.fixture
def small(small_template: Path, tmp_path: Path, make_place: Callable[..., Place]) -> Place:
    """A home with three documents, two of which say the same."""
    shutil.copytree(small_template, tmp_path / "small", copy_function=copy_sparse)
    return make_place("small")


@pytest.fixture
def saboteur(monkeypatch: pytest.MonkeyPatch) -> Saboteur:
    return Saboteur(monkeypatch)
