"""One trial: a copy of a stage is disturbed, looked at, run once more, and looked at again."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.support.faultlab.audit import Audit, look
from tests.support.faultlab.scene import Scene
from tests.support.faultlab.stages import Stage, blobs_of
from tests.support.faultlab.state import differences, torn
from tests.support.faultlab.workers import Outcome, Zygote

Disturb = Callable[[Scene], Iterable[Outcome]]
BENIGN = frozenset({"leftover"})
"""What `verify` may find after a fault and before the next run."""


@dataclass
class Verdict:
    """How one trial went."""

    what: str
    """Names the trial, so that it can be repeated."""
    problems: list[str] = field(default_factory=list)
    missing: int = 0
    phantom: int = 0
    duplicate: int = 0
    mixed: int = 0
    seconds: float = 0.0
    """What the rerun took."""
    wasted: int = 0
    """Texts that were encoded more often than without the fault."""
    needed: int = 0
    """Texts that were encoded without the fault."""

    @property
    def recovered(self) -> bool:
        """Whether everything was as it has to be."""
        return not self.problems

    def count(self, audit: Audit) -> None:
        """Add the faults that readers saw."""
        self.missing += audit.missing
        self.phantom += audit.phantom
        self.duplicate += audit.duplicate
        self.mixed += audit.mixed


def hold_trial(
    zygote: Zygote, stage: Stage, what: str, disturb: Disturb, scene: Scene, faults: int
) -> Verdict:
    """Hold one trial.

    Args:
        zygote: Starts the rerun.
        stage: What is disturbed.
        what: Names the trial.
        disturb: Runs the deed on a scene and lets faults strike.
        scene: A copy of the stage's.
        faults: How many strike; each may cost one batch of encoding.
    """
    verdict = Verdict(f"{stage.script.name}: {what}")
    outcomes = list(disturb(scene))
    for outcome in outcomes:
        if outcome.ended and (outcome.ended.error or "").startswith("untyped"):
            verdict.problems.append(f"{outcome.ended.error}: {outcome.ended.message}")
    if not stage.script.damaged:
        between(stage, look(scene), verdict)
    started = time.monotonic()
    rerun = zygote.run(stage.rerun(scene))
    verdict.seconds = time.monotonic() - started
    judge_rerun(stage, rerun, verdict)
    audit, blobs = look(scene), blobs_of(scene)
    afterwards(stage, audit, verdict)
    if (rerun.ended is None or rerun.ended.ok) and audit.runs["Running"]:
        verdict.problems.append(f"{audit.runs['Running']} runs still count as running")
    if stage.blobs - blobs:
        verdict.problems.append("blobs are missing")
    verdict.problems += stage.script.also(scene)
    if stage.script.tidy:
        untidy(stage, audit, blobs, verdict)
    verdict.needed = stage.calm.encoded
    spent = rerun.encoded + sum(outcome.encoded for outcome in outcomes)
    verdict.wasted = max(0, spent - stage.calm.encoded)
    if verdict.wasted > faults * stage.largest_batch:
        verdict.problems.append(f"{verdict.wasted} texts were encoded once too often")
    return verdict


def judge_rerun(stage: Stage, rerun: Outcome, verdict: Verdict) -> None:
    """Judge how the rerun ended."""
    if rerun.ended is None:
        verdict.problems.append(f"the rerun was killed: {rerun.errors[-300:]}")
    elif rerun.ended.error and rerun.ended.error not in stage.script.refusals:
        verdict.problems.append(f"the rerun: {rerun.ended.error}: {rerun.ended.message}")


def between(stage: Stage, audit: Audit, verdict: Verdict) -> None:
    """Judge what readers see after the fault, before anybody has mended anything."""
    verdict.count(audit)
    said = verdict.problems
    if any(audit.faults) or audit.malformed:
        said.append(f"readers see {audit.faults} {audit.malformed} after the fault")
    if not set(audit.verified) <= BENIGN:
        said.append(f"verify finds {dict(audit.verified)} after the fault")
    said += [f"after the fault {one}" for one in audit.complaints if "alias names" not in one]
    if stage.script.at_once:
        ways = [
            differences(audit.state, wanted.state, standings=False)
            for wanted in (stage.before, stage.after)
        ]
        if all(ways):
            said.append(f"readers see neither the old nor the new generation: {ways[0][:2]}")
    elif stage.before.live is not None:
        found = torn(audit.state, stage.before.state, stage.after.state)
        said += [f"after the fault {one}" for one in found]
    check_history(stage, audit, said)


def afterwards(stage: Stage, audit: Audit, verdict: Verdict) -> None:
    """Judge what is there after the rerun."""
    verdict.count(audit)
    said = verdict.problems
    if any(audit.faults) or any(audit.leftovers) or audit.malformed:
        said.append(f"after the rerun: {audit.faults} {audit.leftovers} {audit.malformed}")
    if audit.verified:
        said.append(f"after the rerun verify finds {dict(audit.verified)}")
    said += [f"after the rerun {one}" for one in audit.complaints]
    said += differences(audit.state, stage.after.state)[:5]
    check_history(stage, audit, said)


def untidy(stage: Stage, audit: Audit, blobs: frozenset[str], verdict: Verdict) -> None:
    """Judge whether more is left over than without the fault."""
    if audit.stored != stage.after.stored:
        verdict.problems.append(f"left over: {audit.stored} instead of {stage.after.stored}")
    if audit.litter or blobs != stage.blobs:
        verdict.problems.append(f"left over: {audit.litter} {sorted(blobs - stage.blobs)[:3]}")


def check_history(stage: Stage, audit: Audit, said: list[str]) -> None:
    """Check that every epoch that could be read before, and still can, shows the same."""
    if stage.script.damaged:
        return
    for place, seen in stage.before.history.items():
        if place in audit.history and audit.history[place] != seen:
            said.append(f"epoch {place[1]} of {place[0]} shows something else by now")
    for place in stage.after.history.keys() & stage.before.history.keys():
        if place not in audit.history:
            said.append(f"epoch {place[1]} of {place[0]} cannot be read any more")
