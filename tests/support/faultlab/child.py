"""One child: carries out its order on a real home and says how it ended."""

import logging
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

import indexing.committing.epochs
import indexing.committing.late_writes
import indexing.encoding.sparse
import indexing.stores.edge
import indexing.upkeep.history
import indexing.upkeep.repair
from config.errors import HoldfastError
from indexing.corpus import Corpus, open_corpus
from indexing.encoding.model_files import find_model
from indexing.failpoints import set_hook
from tests.support.faultlab.deeds import DEEDS, lab_settings
from tests.support.faultlab.orders import Ended, Order
from tests.support.faultlab.sabotage import Saboteur, WrongClock
from tests.support.faultlab.stand_ins import CountingEncoder, ParagraphParser, say
from tests.support.faultlab.traps import Trapper

CALL_SIZE = 3
"""Points per call that closes or deletes."""


def warm_up() -> None:
    """Load what every child needs, once, before they are forked: it takes longer than a deed."""
    import fsspec.implementations.local  # noqa: F401
    import numpy.random  # noqa: F401
    from alembic import command  # noqa: F401
    from alembic.config import Config  # noqa: F401

    from ingestion import injection_model, language, quality
    from ingestion.tokenizer import load_counter

    settings = lab_settings(Path("unused"))
    model = find_model(settings.embedding)
    load_counter(str(model.tokenizer_file))
    quality.preload()
    language.preload()
    injection_model.load_weights()
    Corpus.model = model  # type: ignore[assignment]
    Corpus.encoder = property(lambda _: CountingEncoder())  # type: ignore[assignment]
    Corpus.parsers = property(lambda c: ParagraphParser(c.chunk_spec))  # type: ignore[assignment]
    indexing.committing.epochs.CLOSE_BATCH = CALL_SIZE
    indexing.upkeep.history.CLOSE_BATCH = CALL_SIZE
    indexing.upkeep.repair.CLOSE_BATCH = CALL_SIZE
    indexing.committing.late_writes.CALL_SIZE = CALL_SIZE


def carry_out(order: Order) -> None:
    """Do the deed; says `ended {...}` unless a trap ended the process first."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    if order.file_limit is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.file_limit, order.file_limit))
    if order.gated:
        say("ready")
        sys.stdin.readline()
    saboteur = Saboteur(order.failing)
    saboteur.sit_in_ledger()
    clock = WrongClock(order.clock)
    if order.clock or order.clock_turns:
        clock.install()
    trapper: Trapper | None = None
    started = time.monotonic()
    result: dict[str, Any] = {}
    try:
        corpus = open_corpus(lab_settings(Path(order.home), order.settings))
        saboteur.sit_in_store(corpus)
        saboteur.sit_in_blobs(corpus.blobs)
        trapper = Trapper(order.traps, corpus.store.close)
        if order.clock_turns:
            point, seconds = order.clock_turns
            trapper.at_first(point, lambda: clock.turn(seconds))
        set_hook(trapper)
        say("started")
        facts = DEEDS[order.deed](corpus, order)
        result = {"state": str(facts.get("state")), "facts": facts}
        corpus.close()
    except HoldfastError as error:
        result = {"error": type(error).__name__, "message": str(error)}
    except Exception as error:  # an error that is not Holdfast's own is a finding
        logging.getLogger(__name__).exception("An untyped error.")
        result = {"error": f"untyped {type(error).__name__}", "message": str(error)}
    ended = Ended(
        seconds=time.monotonic() - started,
        passed=tuple(p.value for p in trapper.passed) if trapper else (),
        writes=dict(saboteur.counts),
        **result,
    )
    say(f"ended {msgspec.json.encode(ended).decode()}")


def run_and_exit(order: Order) -> None:
    """Carry out an order as a process of its own; never returns."""
    status = 1
    try:
        carry_out(order)
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)
