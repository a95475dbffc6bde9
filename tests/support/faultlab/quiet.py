"""Quiet points: nothing runs, and after one clean ingest the index is what the folder is."""

from collections.abc import Mapping
from typing import Any

from tests.support.faultlab.audit import Audit, look
from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import Deed
from tests.support.faultlab.scene import Scene
from tests.support.faultlab.state import contents_of
from tests.support.faultlab.trial import Verdict
from tests.support.faultlab.workers import Outcome


def settle(lab: Lab, scene: Scene, verdict: Verdict, **settings: Any) -> Audit:
    """Ingest until nothing is withheld, and judge what is there then."""
    outcome = lab.run(scene.order(Deed.INGEST, settings=settings))
    if outcome.ended and outcome.ended.state == "DeletionsWithheld":
        order = scene.order(Deed.INGEST, options={"approve": True}, settings=settings)
        outcome = lab.run(order)
    verdict.problems += complaints_of(outcome)
    audit = look(scene, settings)
    judge(scene, audit, verdict)
    return audit


def judge(scene: Scene, audit: Audit, verdict: Verdict) -> None:
    """Judge a home in which everything is done."""
    verdict.count(audit)
    said = verdict.problems
    if any(audit.faults) or any(audit.leftovers) or audit.malformed:
        said.append(f"in the end: {audit.faults} {audit.leftovers} {audit.malformed}")
    if audit.verified:
        said.append(f"in the end verify finds {dict(audit.verified)}")
    if audit.runs["Running"]:
        said.append(f"{audit.runs['Running']} runs still count as running")
    said += [f"in the end {one}" for one in audit.complaints]
    found, wanted = audit.state.contents(), contents_of(scene.folder)
    for key in sorted(found.keys() | wanted.keys()):
        if found.get(key) != wanted.get(key):
            said.append(
                f"{key} shows {found.get(key)!r:.80}, the folder has {wanted.get(key)!r:.80}"
            )


def complaints_of(
    outcome: Outcome, allowed: Mapping[str, str] | frozenset[str] = frozenset()
) -> list[str]:
    """Say what is wrong with how a run ended; being killed is not."""
    if outcome.ended is None or outcome.ended.ok or outcome.ended.error in allowed:
        return []
    said = f"{outcome.ended.error}: {outcome.ended.message[:200]}"
    return [f"{said}\n{outcome.errors[-2000:]}" if said.startswith("untyped") else said]
