"""Damage done to a home behind Holdfast's back."""

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

from indexing.corpus import Corpus, open_corpus
from indexing.points import Point, PointFilter
from tests.support.faultlab.audit import ALIAS
from tests.support.faultlab.deeds import lab_settings
from tests.support.faultlab.scene import Scene


@contextmanager
def opened(scene: Scene) -> Iterator[Corpus]:
    """Open a home for a moment."""
    corpus = open_corpus(lab_settings(scene.home))
    try:
        yield corpus
    finally:
        corpus.close()


def live_name(corpus: Corpus) -> str:
    """The collection that the alias names."""
    name = corpus.store.alias(ALIAS)
    assert name is not None
    return name


def lose_points(scene: Scene, share: float, seed: int = 1) -> int:
    """Delete a share of all points of the live collection; returns how many."""
    with opened(scene) as corpus:
        name = live_name(corpus)
        ids = sorted(p.id for p in corpus.store.scroll(name, PointFilter()))
        lost = random.Random(seed).sample(ids, round(share * len(ids)))
        corpus.store.delete(name, lost)
    return len(lost)


def set_wrong_ends(scene: Scene, count: int, seed: int = 1) -> None:
    """Close some points at an epoch at which nothing closed them."""
    with opened(scene) as corpus:
        name = live_name(corpus)
        ids = sorted(p.id for p in corpus.store.scroll(name, PointFilter()))
        corpus.store.set_valid_to(name, random.Random(seed).sample(ids, count), 1)


def add_phantoms(scene: Scene, count: int, seed: int = 1) -> None:
    """Write points that no batch wrote: copies under other ids."""
    with opened(scene) as corpus:
        name = live_name(corpus)
        points = list(corpus.store.scroll(name, PointFilter(), vectors=True))
        chosen = random.Random(seed).sample(points, count)
        made = [Point(uuid4(), p.dense, p.sparse, p.payload) for p in chosen]  # type: ignore[arg-type]
        corpus.store.upsert(name, made)


def garble_payloads(scene: Scene, count: int, seed: int = 1) -> None:
    """Change the text of some points."""
    with opened(scene) as corpus:
        name = live_name(corpus)
        points = sorted(corpus.store.scroll(name, PointFilter(), vectors=True), key=lambda p: p.id)
        chosen = random.Random(seed).sample(points, count)
        garbled = [replace(p, payload={**p.payload, "text": "garbled"}) for p in chosen]
        made = [Point(p.id, p.dense, p.sparse, p.payload) for p in garbled]  # type: ignore[arg-type]
        corpus.store.upsert(name, made)


def lose_texts(scene: Scene, count: int, seed: int = 1) -> None:
    """Remove blobs of texts; their raw bytes stay."""
    texts = sorted((scene.home / "blobs" / "text").rglob("*.zst"))
    for path in random.Random(seed).sample(texts, count):
        path.unlink()


def remove_alias(scene: Scene) -> None:
    """Remove the alias."""
    (scene.home / "index" / "aliases" / ALIAS).unlink()


def point_alias_at(scene: Scene, collection: str) -> None:
    """Let the alias name something else."""
    (scene.home / "index" / "aliases" / ALIAS).write_text(collection, encoding="utf-8")


def remove_collection(scene: Scene, name: str) -> None:
    """Remove the folder of a collection."""
    shutil.rmtree(scene.home / "index" / "collections" / name)
