"""Faults between Holdfast and a Qdrant server: a proxy breaks what passes, run by run.

Where QDRANT_URL names a server, it is behind the proxy; else the stand-in is, and the row says so.
"""

import os
import random
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from config.settings import StoreSettings
from indexing.stores.server import ServerStore
from tests.support import faults
from tests.support.fault_proxy import Exchange, Fault, FaultProxy
from tests.support.faultlab.audit import look
from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import Deed
from tests.support.faultlab.quiet import settle
from tests.support.faultlab.rows import EngineKind, Row, row_of
from tests.support.faultlab.scene import Scene, first_state, second_state
from tests.support.faultlab.trial import Verdict
from tests.support.qdrant_standin import Standin

TYPED = frozenset({"StoreUnavailableError", "IngestError", "LeaseLostError"})
"""How a run may say that the server did not answer."""
TIMES: Mapping[str, Any] = {"store.timeout_seconds": 1.0, "store.deadline_seconds": 4.0}
WRITES = r"/points(\?|/payload|/delete)"
PASSING: Mapping[str, Fault] = {
    "reset": faults.reset,
    "reply lost after it was applied": faults.drop_reply,
    "reset in the middle of the answer": faults.reset_midway,
    "answer cut short": faults.truncate,
    "half of the JSON": faults.broken_json,
    "a page of HTML": faults.html,
    "taken but not applied": faults.unapplied,
    "500": faults.answer(500),
    "503": faults.answer(503),
    "429 with a wait": faults.answer(429, "1"),
}
"""What is over after one request: a run has to come to its end in spite of it."""
LASTING: Mapping[str, Fault] = {
    "reset, for good": faults.reset,
    "429 for ever": faults.answer(429),
    "503, for good": faults.answer(503),
    "no answer, for good": faults.half_open,
    "one byte a second, for good": faults.trickle,
    "every reply lost after it was applied": faults.drop_reply,
}
"""What does not end: a run has to end by itself, with a typed error."""
SHARE = 0.2
"""Of the requests that are struck in a storm."""


@dataclass(frozen=True)
class Server:
    """A server for one trial."""

    url: str
    settings: Mapping[str, Any]


def engine() -> EngineKind:
    """Which server the faults of this module are held in front of."""
    return EngineKind.SERVER if os.environ.get("QDRANT_URL") else EngineKind.STAND_IN


@contextmanager
def server() -> Iterator[Server]:
    """Have a server of its own, or a name of its own on a real one; all is gone afterwards."""
    url, key = os.environ.get("QDRANT_URL"), os.environ.get("QDRANT_API_KEY")
    if url is None:
        with Standin() as standin:
            yield Server(standin.url, {})
        return
    alias = f"holdfast-lab-{uuid.uuid4().hex[:8]}"
    settings: dict[str, Any] = {"store.collection": alias}
    if key:
        settings["store.api_key"] = key
    try:
        yield Server(url, settings)
    finally:
        store = ServerStore(StoreSettings(url=url, api_key=SecretStr(key) if key else None))
        for name in store.collections():
            if name.startswith(alias):
                store.drop(name)
        store.close()


def passing(lab: Lab, what: str, skips: Iterable[int]) -> Row:
    """Let a fault strike one write, the n-th; the run has to go on."""

    def verdicts() -> Iterable[Verdict]:
        for skip in skips:
            yield struck(
                lab,
                f"{what}, at write {skip + 1}",
                lambda p, s=skip: p.on(PASSING[what], path=WRITES, skip=s, times=1),
                goes_on=True,
            )

    return row_of(f"server, once: {what}", verdicts(), engine())


def lasting(lab: Lab, what: str, skips: Iterable[int]) -> Row:
    """Let a fault strike every request from the n-th write on; the run has to end."""

    def verdicts() -> Iterable[Verdict]:
        for skip in skips:
            yield struck(
                lab,
                f"{what}, from write {skip + 1} on",
                lambda p, s=skip: p.on(LASTING[what], path=WRITES, skip=s),
                goes_on=False,
            )

    return row_of(f"server: {what}", verdicts(), engine())


def storms(lab: Lab, count: int) -> Row:
    """Let every fifth request be struck by whatever chance says."""

    def verdicts() -> Iterable[Verdict]:
        for number in range(count):
            chance = lab.chance("storm", number)
            yield struck(
                lab,
                f"storm {number}",
                lambda p, c=chance: p.on(storm(c), path="/collections"),
                goes_on=False,
            )

    return row_of("server: a storm of all faults", verdicts(), engine())


def storm(chance: random.Random) -> Fault:
    """A fault that now and then is one of all."""
    kinds = list(PASSING.values())

    def sometimes(exchange: Exchange) -> None:
        if chance.random() < SHARE:
            chance.choice(kinds)(exchange)
        else:
            exchange.send(exchange.forward())

    return sometimes


def struck(lab: Lab, what: str, arm: Callable[[FaultProxy], Any], *, goes_on: bool) -> Verdict:
    """Update an index while the proxy breaks what passes, then once more in peace."""
    verdict = Verdict(what)
    with server() as made, FaultProxy(made.url) as proxy, lab.scene() as scene:
        calm = {**made.settings, "store.url": made.url}
        first_state(scene)
        lab.run(scene.order(Deed.INGEST, settings=calm))
        second_state(scene)
        arm(proxy)
        rough = {**made.settings, **TIMES, "store.url": proxy.url}
        ended = lab.run(scene.order(Deed.INGEST, settings=rough)).ended
        proxy.clear()
        proxy.settle()
        if ended is None:
            verdict.problems.append("it was killed")
        elif ended.error and (goes_on or ended.error not in TYPED):
            verdict.problems.append(f"it ended with {ended.error}: {ended.message[:200]}")
        between(scene, calm, verdict)
        settle(lab, scene, verdict, **calm)
    return verdict


def between(scene: Scene, settings: Mapping[str, Any], verdict: Verdict) -> None:
    """Judge what readers see before anybody has mended anything."""
    audit = look(scene, settings)
    verdict.count(audit)
    if any(audit.faults) or audit.malformed:
        verdict.problems.append(f"readers see {audit.faults} {audit.malformed} after the fault")
