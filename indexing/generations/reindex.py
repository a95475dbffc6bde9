"""The sequence of a reindex: build beside the live generation, catch up, gates, promotion."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from config.errors import ConfigError
from config.settings import Approval, Settings
from indexing.corpus import Corpus
from indexing.errors import IngestError, PromotionError
from indexing.failpoints import Failpoint, reached
from indexing.generations.build import BuildSession
from indexing.generations.gates import (
    Contest,
    Gate,
    GateResult,
    failed_gates,
    gate_records,
    measured,
    not_again,
    renew_search_gates,
    run_gates,
    run_structure_gates,
)
from indexing.generations.promotion import Switch, check_same_live, hold_still, switch
from indexing.ledger.database import now
from indexing.ledger.generations import (
    Generation,
    GenerationState,
    find_generation,
    list_generations,
    set_state,
)
from indexing.running.ingest import IngestSteps, run_batches
from indexing.running.report import RunReport, RunState
from indexing.running.watch import Watcher
from indexing.spec import SHAPING

logger = logging.getLogger(__name__)

BEGUN = frozenset({GenerationState.BUILDING, GenerationState.READY})
"""States of generations that a reindex goes on with."""
ROUNDS = 5
"""So often gates are run while ingests commit meanwhile; then the last ones count."""
AsSteps = Callable[[BuildSession], IngestSteps]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How a reindex ended."""

    report: RunReport
    generation: str
    live: str
    """The generation that is live now."""
    gates: tuple[GateResult, ...]
    """Every one; of a promotion also those that looked only when the generation was built."""
    switch: Switch | None
    """The alias write; none if the generation waits for a person or was rejected."""

    def to_json(self) -> dict[str, Any]:
        """Return the machine form: that of an ingest, and what became of the generation."""
        return self.report.to_json() | {
            "generation": self.generation,
            "live": self.live,
            "promoted": self.switch is not None,
            "gates": [gate.to_json() for gate in self.gates],
        }


def reindex(
    corpus: Corpus,
    *,
    overrides: Mapping[str, object] | None = None,
    approval: Approval | None = None,
    gates: Sequence[Gate] = (),
    runner: str = "process",
    watcher: Watcher | None = None,
    as_steps: AsSteps = lambda session: session,
) -> Rebuilt:
    """Build a generation with the settings in force beside the live one, and promote it.

    No source is asked and, unless the parser changed, nothing is parsed. What is committed to
    the live generation meanwhile is caught up with. A generation that fails a gate is never
    promoted; the live one serves on untouched. A build that was interrupted is gone on with.

    Args:
        corpus: The home.
        overrides: Options that shape points and differ from the settings, by dotted name.
        approval: Who decides; the default is `promotion.approval`.
        gates: Further gates, such as golden questions.
        runner: Who carries the steps out, for the record.
        watcher: Is told how it goes.
        as_steps: Wraps the session, such as into Prefect tasks.

    Raises:
        ConfigError: An override is unknown, wrong, or shapes no points.
        IngestError: Nothing is indexed yet.
        WriterBusyError: Another reindex is running, or an ingest did not end in time.
    """
    live = corpus.settled_live()
    if live is None:
        raise IngestError(
            "Nothing is indexed yet, so there is nothing to build from. Run `holdfast ingest`."
        )
    wanted = corpus.under(check_shaping(overrides or {}))
    generation = unfinished(wanted, live) or wanted.new_generation(
        recorded(wanted.settings, overrides or {}), live.name
    )
    wanted.store.create(generation.name, wanted.collection_spec())
    session = BuildSession(wanted, generation, live, runner=runner, watcher=watcher)
    with session:
        steps = as_steps(session)
        report, results = fill_and_judge(session, steps, live, gates)
        accepted = record_gates(session, results)
        reached(Failpoint.GATED)
        mode = approval or wanted.settings.promotion.approval
        if not accepted or mode is Approval.MANUAL:
            report = session.finish(ended(report, results, None))
            return Rebuilt(report, generation.name, live.name, results, None)
        done, results = change_over(session, steps, live, results)
        report = session.finish(ended(report, results, done))
        serving = generation.name if done else live.name
        return Rebuilt(report, generation.name, serving, results, done)


def promote(
    corpus: Corpus,
    name: str | None = None,
    *,
    gates: Sequence[Gate] = (),
    runner: str = "process",
    watcher: Watcher | None = None,
    as_steps: AsSteps = lambda session: session,
) -> Rebuilt:
    """Make a generation that waits for approval the live one, caught up with what came since.

    Args:
        corpus: The home.
        name: The generation; the default is the newest one that is ready.
        gates: Asked again of what it has caught up to, such as golden questions: documents may
            have changed since it was built. Where another generation became live since, what
            was compared with the one before is measured again as well.
        runner: Who carries the steps out, for the record.
        watcher: Is told how it goes.
        as_steps: Wraps the session, such as into Prefect tasks.

    Raises:
        PromotionError: There is none that is ready, or another one became live meanwhile.
        ModelMismatchError: The settings, or this version, stand for another pipeline by now.
        WriterBusyError: An ingest did not end in time.
    """
    live = corpus.settled_live()
    if live is None:
        raise PromotionError("Nothing is live, so nothing can be replaced. Run `holdfast ingest`.")
    generation = ready(corpus, live, name)
    # What it catches up with would be read and cut as these settings and this version say.
    corpus.check_pipeline(generation)
    wanted = corpus.for_generation(generation)
    session = BuildSession(wanted, generation, live, runner=runner, watcher=watcher)
    session.kind = "promote"
    with session:
        steps = as_steps(session)
        report = fill(session, steps)
        contest = contest_of(wanted, live, generation)
        again = (*measured(gates, contest), *renew_search_gates(contest))
        results = (*again, *not_again(generation, again))
        done = None
        if failed_gates(results):
            record_gates(session, results)
        else:
            done, results = change_over(session, steps, live, results)
        report = session.finish(ended(report, results, done))
        serving = generation.name if done else live.name
        return Rebuilt(report, generation.name, serving, results, done)


def change_over(
    session: BuildSession, steps: IngestSteps, live: Generation, before: Sequence[GateResult]
) -> tuple[Switch | None, tuple[GateResult, ...]]:
    """Catch up for the last time with the live generation held still, and write the alias.

    Returns:
        The alias write, and every result; none where the last look found something lacking.
    """
    corpus, name = session.corpus, session.generation.name
    with hold_still(corpus, live, session.run_id) as still:
        check_same_live(corpus, live)
        fill(session, steps)
        last = run_structure_gates(contest_of(corpus, live, session.generation))
        results = (*last, *(r for r in before if r.gate not in {g.gate for g in last}))
        if not record_gates(session, results):
            return None, results
        return switch(corpus, found(corpus, name), live, session.lease, still.token), results


def fill(session: BuildSession, steps: IngestSteps) -> RunReport:
    """Take over what is lacking, round by round, until a plan finds nothing."""
    while True:
        plan = steps.plan()
        if session.caught_up:
            return steps.report(plan)
        run_batches(steps, plan)


def fill_and_judge(
    session: BuildSession, steps: IngestSteps, live: Generation, gates: Sequence[Gate]
) -> tuple[RunReport, tuple[GateResult, ...]]:
    """Fill a generation and run every gate.

    An ingest may commit between the last round and the gates: what it brought is lacking then,
    and nothing is wrong with the generation. So that is taken over and the gates are run again.
    """
    for _ in range(ROUNDS):
        report = fill(session, steps)
        reached(Failpoint.BUILT)
        results = run_gates(contest_of(session.corpus, live, session.generation), gates)
        if not failed_gates(results):
            break
        steps.plan()
        if session.caught_up:
            break
    return report, results


def contest_of(corpus: Corpus, live: Generation, candidate: Generation) -> Contest:
    """Hold both generations, as they are now, against each other."""
    return Contest(corpus, found(corpus, live.name), found(corpus, candidate.name))


def found(corpus: Corpus, name: str) -> Generation:
    """Return a generation that must be there, as it is now."""
    generation = find_generation(corpus.ledger, name)
    if generation is None:
        raise PromotionError(f"Generation {name} vanished from the ledger. Nothing was changed.")
    return generation


def record_gates(session: BuildSession, results: Sequence[GateResult]) -> bool:
    """Write down what the gates said; returns whether all of them hold.

    Raises:
        LeaseLostError: Another run works on the generation by now, and may have promoted it.
    """
    failed, generation = failed_gates(results), session.generation
    state = GenerationState.REJECTED if failed else GenerationState.READY
    set_state(session.corpus.ledger, generation.name, state, gate_records(results), session.lease)
    for line in failed:
        logger.warning("%s is not promoted: %s", generation.name, line)
    return not failed


def ended(report: RunReport, results: Sequence[GateResult], done: Switch | None) -> RunReport:
    """Let the report say what became of the generation."""
    failed = failed_gates(results)
    if failed:
        message = f"{report.message}; not promoted: {'; '.join(failed)}"
        return replace(report, state=RunState.GATES_FAILED, message=message)
    if done is None:
        message = f"{report.message}; waits for `holdfast promote {report.generation}`"
        return replace(report, state=RunState.AWAITING_APPROVAL, message=message)
    return replace(report, message=f"{report.message}; live since {now():%Y-%m-%d %H:%M:%S} UTC")


def check_shaping(overrides: Mapping[str, object]) -> Mapping[str, object]:
    """Refuse options that would change no point.

    Raises:
        ConfigError: One of them shapes no points.
    """
    for name in overrides:
        if name not in SHAPING:
            raise ConfigError(
                f"--set {name}: only what shapes points can be set for one generation: "
                f"{', '.join(sorted(SHAPING))}. Other options belong into config/holdfast.yaml."
            )
    return overrides


def recorded(settings: Settings, overrides: Mapping[str, object]) -> dict[str, object]:
    """Return the overrides with the values they were validated to."""
    values: dict[str, object] = {}
    for name in overrides:
        section, _, option = name.partition(".")
        values[name] = getattr(settings, section).model_dump(mode="json")[option]
    return values


def unfinished(corpus: Corpus, live: Generation) -> Generation | None:
    """Return a generation for the same pipeline that was begun and never became live.

    One that passed its gates and was not promoted, because the process died or because it waits
    for a person, only has to catch up.
    """
    for generation in reversed(list_generations(corpus.ledger)):
        same = generation.fingerprint == corpus.spec.fingerprint
        if generation.state in BEGUN and same and generation.built_from == live.name:
            return generation
    return None


def ready(corpus: Corpus, live: Generation, name: str | None) -> Generation:
    """Return the generation to promote.

    Raises:
        PromotionError: It is not there, or did not pass its gates.
    """
    generations = list_generations(corpus.ledger)
    waiting = [g for g in generations if g.state is GenerationState.READY]
    if name is None:
        if waiting:
            return waiting[-1]
        raise PromotionError(
            f"No generation waits for promotion; {live.name} is live. `holdfast reindex` builds "
            "one; `holdfast status` shows them all."
        )
    for generation in generations:
        if generation.name == name and generation.state is GenerationState.READY:
            return generation
        if generation.name == live.name == name:
            raise PromotionError(f"{name} is the live generation already. Nothing was changed.")
        if generation.name == name:
            failed = [g for g in generation.gates or () if g.get("outcome") == "failed"]
            why = "; ".join(f"{g['gate']}: {g['detail']}" for g in failed)
            raise PromotionError(
                f"{name} is {generation.state.value}{f' ({why})' if why else ''}. Only a "
                "generation that passed its gates can be promoted. Nothing was changed."
            )
    raise PromotionError(f"There is no generation {name}; `holdfast status` shows them all.")
