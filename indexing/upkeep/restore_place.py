"""The home that a backup is restored into: empty, or with what an interrupted restore left.

A restore writes down what it is about to make (`restoring.json` in the home) before it makes
anything. What of that is found after an interruption may be taken away by the next restore, and
nothing else. The alias is written last: where there is one, there is an index.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from config.settings import Settings
from indexing.corpus import Corpus, open_corpus
from indexing.durable import flush
from indexing.errors import BackupError, LedgerCorruptError
from indexing.ledger.database import Ledger, make_engine
from indexing.ledger.failures import translated
from indexing.ledger.generations import Generation, GenerationState, list_generations
from indexing.ledger.leases import HeldLease
from indexing.ledger.schema import HEAD, current_revision
from indexing.upkeep.exclusive import UPKEEP
from indexing.upkeep.manifest import Manifest
from indexing.upkeep.restore_aside import BUSY_SECONDS, is_movable, ledger_file, ledger_url

MARKER = "restoring.json"


class Begun(msgspec.Struct, frozen=True):
    """What a restore that has begun makes in a home."""

    collections: tuple[str, ...] = ()
    """Collections that are its own; whoever comes next may drop them."""
    generations: dict[str, int] = {}
    """The rows it puts into the ledger: generations and their epochs."""
    earlier: dict[str, int] = {}
    """The rows of another restore, which they take the place of: either may be there."""


def check_unoccupied(settings: Settings, manifest: Manifest) -> None:
    """Refuse a home that holds something, before anything long is done; changes nothing.

    Raises:
        BackupError: It is not empty.
    """
    try:
        revision = revision_of(settings)
        if revision is None:
            return  # no ledger yet; the rest is looked at when the home is held
        if revision != HEAD:
            raise occupied(settings, f"its ledger has schema {revision}")
        corpus = open_corpus(settings)
        try:
            find_begun(corpus, manifest)
        finally:
            corpus.close()
    except LedgerCorruptError as error:
        raise occupied(settings, str(error).partition(". ")[0]) from error


def revision_of(settings: Settings) -> str | None:
    """Return the revision of the ledger that is there, or none; nothing is created.

    Raises:
        LedgerError: It is damaged or does not answer.
    """
    file = ledger_file(settings)
    if file is not None and not file.exists():
        return None
    engine = make_engine(ledger_url(settings), settings.home, BUSY_SECONDS)
    with translated(Ledger(engine).location):
        try:
            with engine.connect() as connection:
                return current_revision(connection)
        finally:
            engine.dispose()


def find_begun(corpus: Corpus, manifest: Manifest) -> Begun:
    """Make sure that a home is empty but for what an interrupted restore made, and return that.

    Raises:
        BackupError: It is not empty.
    """
    settings, alias = corpus.settings, corpus.settings.store.collection
    begun = read_begun(settings.home)
    named = corpus.store.alias(alias)
    if named is not None:
        raise occupied(settings, f"the alias {alias} names {named}")
    generations = list_generations(corpus.ledger)
    known = committed_in(generations)
    ours = begun is not None and known in (begun.generations, begun.earlier)
    if generations and not ours:
        raise occupied(settings, f"the ledger has {', '.join(g.name for g in generations)}")
    pattern = re.compile(rf"{re.escape(alias)}__g\d+")
    wanted = {g.name for g in manifest.generations}
    there = {c for c in corpus.store.collections() if c in wanted or pattern.fullmatch(c)}
    foreign = sorted(there - set(begun.collections if begun else ()))
    if foreign:
        raise occupied(settings, f"the store has {', '.join(foreign)}")
    return Begun(tuple(sorted(there)), known)


def committed_in(generations: Iterable[Generation]) -> dict[str, int]:
    """Return the generations that have not been dropped, and their epochs."""
    return {g.name: g.epoch for g in generations if g.state is not GenerationState.DROPPED}


def occupied(settings: Settings, what: str) -> BackupError:
    """Return the error for a home that is not empty."""
    instead = (
        "Name an empty home (--home), or pass --replace to have its ledger and index moved aside "
        "first."
        if is_movable(settings)
        else "A part of it is on a server, where nothing can be moved aside: name an empty "
        "database (ledger.url), and another store.collection or an empty home (--home)."
    )
    return BackupError(
        f"{settings.home} is not empty ({what}), and a restore overwrites nothing. {instead} "
        "Nothing was changed."
    )


def begin(corpus: Corpus, manifest: Manifest, left: Begun) -> None:
    """Write down what is about to be made.

    Args:
        corpus: The home.
        manifest: What is restored.
        left: What an interrupted restore left.

    Raises:
        BackupError: The home cannot be written to.
    """
    names = {g.name: g.epoch for g in manifest.generations}
    begun = Begun(tuple(sorted({*names, *left.collections})), names, left.generations)
    path = corpus.settings.home / MARKER
    fresh = path.with_name(f".{MARKER}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(msgspec.json.encode(begun))
        flush(str(fresh))
        fresh.replace(path)
        flush(str(path.parent))
    except OSError as error:
        raise BackupError(
            f"{path} cannot be written ({error.strerror}). Nothing was restored. Check the disk "
            "space and the permissions of the home."
        ) from error


def end(home: Path) -> None:
    """Forget what was begun: it is complete."""
    (home / MARKER).unlink(missing_ok=True)


def read_begun(home: Path) -> Begun | None:
    """Return what an interrupted restore had begun; none if there was no such restore."""
    try:
        return msgspec.json.decode((home / MARKER).read_bytes(), type=Begun)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None  # then whatever is there counts as somebody else's


@contextmanager
def without_first_ingest(corpus: Corpus, seconds: float) -> Iterator[None]:
    """Keep a first ingest from starting in a home that has no generation yet."""
    alias = corpus.settings.store.collection
    if alias == UPKEEP:  # its lease is that of upkeep, which is held
        yield
        return
    with HeldLease(corpus.ledger, alias, "restore", seconds):
        yield
