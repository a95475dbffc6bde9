"""A wall clock that is ten years off, turns in the middle of a run, or goes backwards."""

import os
from collections.abc import Iterable, Iterator

from tests.support.faultlab.audit import look
from tests.support.faultlab.lab import Lab
from tests.support.faultlab.orders import Deed, Then, Trap
from tests.support.faultlab.quiet import settle
from tests.support.faultlab.rows import Row, row_of
from tests.support.faultlab.scene import Scene, first_state, passage
from tests.support.faultlab.stages import Stage
from tests.support.faultlab.trial import Verdict
from tests.support.faultlab.workers import Outcome

TEN_YEARS = 10 * 365.25 * 86400
OFF = (-TEN_YEARS, -3600.0, 3600.0, TEN_YEARS)
OLD_AND_NEW = (0, -(10**9), 4_294_967_296 * 10**9, 2**62, 1)
"""Times of files in nanoseconds: 1970, before it, 2106, the far future."""


def wrong_clock(lab: Lab, name: str, points: Iterable[str]) -> Row:
    """Run the deed with a wrong clock, and let the clock turn at each of these failpoints."""
    stage = lab.stage(name)

    def verdicts() -> Iterable[Verdict]:
        for seconds in OFF:
            yield run_with(lab, stage, seconds)
        for point in points:
            for seconds in (-TEN_YEARS, TEN_YEARS):
                yield run_with(lab, stage, 0.0, (point, seconds))

    return row_of(f"clock off by up to 10 years: {name}", verdicts())


def run_with(
    lab: Lab, stage: Stage, clock: float, turns: tuple[str, float] | None = None
) -> Verdict:
    """Run the deed with one clock."""
    problems: list[str] = []

    def disturb(scene: Scene) -> Iterator[Outcome]:
        outcome = lab.run(stage.order(scene, clock=clock, clock_turns=turns))
        if outcome.ended is None or not outcome.ended.ok:
            problems.append(f"it ended with {outcome.ended and outcome.ended.error}")
        yield outcome

    what = f"clock off by {clock:g} s" + (
        f", from {turns[0]} on by {turns[1]:g} s" if turns else ""
    )
    verdict = lab.hold(stage, what, disturb)
    verdict.problems += problems
    return verdict


def leases_and_clocks(lab: Lab) -> Row:
    """Two runs whose clocks disagree, and one that died with a lease far into the future."""

    def verdicts() -> Iterable[Verdict]:
        for seconds in OFF:
            yield disagree(lab, seconds)
            yield died_with(lab, seconds)

    return row_of("clocks of two runs disagree", verdicts())


def disagree(lab: Lab, seconds: float) -> Verdict:
    """One run waits with a wrong clock while another one comes; only one of them writes."""
    verdict = Verdict(f"another run's clock is off by {seconds:g} s")
    with lab.scene(lab.stage("update")) as scene:
        first = lab.start(scene.order(Deed.INGEST, Trap("staged", 2, Then.WAIT), clock=seconds))
        first.hear("waiting")
        second = lab.run(scene.order(Deed.INGEST)).ended
        first.go_on()
        ended = first.finish().ended
        assert ended is not None
        assert second is not None
        if ended.ok == second.ok:
            verdict.problems.append(f"{ended.error} and {second.error}: exactly one may write")
        if not {ended.error, second.error} <= {None, "WriterBusyError", "LeaseLostError"}:
            verdict.problems.append(f"the loser said {ended.error or second.error}")
        settle(lab, scene, verdict)
    return verdict


def died_with(lab: Lab, seconds: float) -> Verdict:
    """A run dies whose lease runs out when its wrong clock says so; nobody waits for that."""
    verdict = Verdict(f"a run died with its clock off by {seconds:g} s")
    with lab.scene(lab.stage("update")) as scene:
        lab.run(scene.order(Deed.INGEST, Trap("staged", 2), clock=seconds))
        settle(lab, scene, verdict)
    return verdict


def upkeep_and_clocks(lab: Lab) -> Row:
    """Collect garbage with a clock that is years ahead: what counts by number stays."""

    def verdicts() -> Iterable[Verdict]:
        for seconds in OFF:
            verdict = Verdict(f"gc with its clock off by {seconds:g} s")
            with lab.scene(lab.stage("gc")) as scene:
                before = look(scene)
                lab.run(scene.order(Deed.GC, clock=seconds))
                after = look(scene)
                for place, seen in before.history.items():
                    if place[0] == before.live and after.history.get(place) != seen:
                        verdict.problems.append(f"epoch {place[1]} cannot be read any more")
                settle(lab, scene, verdict)
            yield verdict

    return row_of("garbage collected with a wrong clock", verdicts())


def times_of_files(lab: Lab) -> Row:
    """Content changes and the time does not, the time changes and the content does not."""

    def verdicts() -> Iterable[Verdict]:
        yield same_time(lab)
        for time_ns in OLD_AND_NEW:
            yield touched(lab, time_ns)

    return row_of("times of files that say nothing", verdicts())


def same_time(lab: Lab) -> Verdict:
    """Other content of the same length under the same time is noticed."""
    verdict = Verdict("other content, same size and time")
    with lab.scene() as scene:
        first_state(scene)
        lab.run(scene.order(Deed.INGEST))
        path = scene.folder / "part0/doc0.txt"
        before = path.stat()
        path.write_text(path.read_text(encoding="utf-8").replace("harbour", "airport"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert path.stat().st_size == before.st_size
        settle(lab, scene, verdict)
    return verdict


def touched(lab: Lab, time_ns: int) -> Verdict:
    """A new time alone costs no embedding; whatever the time is, a change is noticed."""
    verdict = Verdict(f"a file from {time_ns / 1e9:g} s after 1970")
    with lab.scene() as scene:
        first_state(scene)
        lab.run(scene.order(Deed.INGEST))
        path = scene.folder / "part0/doc2.txt"
        os.utime(path, ns=(time_ns, time_ns))
        outcome = lab.run(scene.order(Deed.INGEST))
        if outcome.encoded or outcome.ended is None or not outcome.ended.ok:
            verdict.problems.append(f"a touch cost {outcome.encoded} embeddings: {outcome.ended}")
        path.write_text(passage(2, 0, "third"), encoding="utf-8")
        os.utime(path, ns=(time_ns, time_ns))
        settle(lab, scene, verdict)
    return verdict
