"""`holdfast reindex`, `promote`, `rollback`: another generation becomes the live one."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from config.overrides import parse_assignments
from config.settings import Approval
from indexing.generations.gates import GateOutcome, GateResult
from indexing.generations.promotion import rollback as roll_back
from indexing.generations.reindex import Rebuilt
from indexing.generations.reindex import promote as promote_generation
from indexing.generations.reindex import reindex as build_and_promote
from query.golden import golden_gates
from service.commands.ingest import show
from service.console import TerminalWatcher, print_json, safe, say
from service.exits import Exit, exit_of
from service.options import DEFAULTS, Options, opened

MARKS = {
    GateOutcome.PASSED: "[green]passed [/]",
    GateOutcome.FAILED: "[bold red]FAILED [/]",
    GateOutcome.SKIPPED: "[yellow]skipped[/]",
}


def reindex(
    *,
    set_: Annotated[tuple[str, ...], Parameter(name="--set", negative="")] = (),
    approval: Approval | None = None,
    options: Options = DEFAULTS,
) -> int:
    """Build a generation beside the live one, hold it against its gates, and promote it.

    No source is read: documents come from the blobs, and are parsed again only if the parser
    changed. The live generation serves until the new one has caught up and passed every gate.

    Args:
        set_: An option of this generation as `option=value`, such as chunking.max_tokens=120;
            may be given several times. Ingests into the generation keep to it.
        approval: Promote at once (automatic) or wait for `holdfast promote` (manual).
        options: Options of every command.
    """
    overrides = parse_assignments(set_)
    with opened(options) as corpus, TerminalWatcher() as watcher:
        rebuilt = build_and_promote(
            corpus,
            overrides=overrides,
            approval=approval,
            gates=golden_gates(corpus),
            watcher=watcher,
        )
    return tell(rebuilt, options)


def promote(generation: str | None = None, /, *, options: Options = DEFAULTS) -> int:
    """Make a generation that waits for approval the live one, caught up with what came since.

    Args:
        generation: Its name; the default is the newest one that is ready.
        options: Options of every command.
    """
    with opened(options) as corpus, TerminalWatcher() as watcher:
        gates = golden_gates(corpus)
        rebuilt = promote_generation(corpus, generation, gates=gates, watcher=watcher)
    return tell(rebuilt, options)


def rollback(*, to: str | None = None, options: Options = DEFAULTS) -> int:
    """Make the generation that was live before the live one again, by one alias write.

    A run that is writing to the present one is stopped. What was committed since the promotion
    is not in the old generation: the next ingest brings it in.

    Args:
        to: The generation to go back to; the default is the one that was live before.
        options: Options of every command.
    """
    with opened(options) as corpus:
        done = roll_back(corpus, to)
    if options.json:
        print_json(
            {
                "generation": done.generation,
                "previous": done.previous,
                "epoch": done.epoch,
                "behind": done.behind,
                "refused_by": done.barred,
                "seconds": round(done.seconds, 3),
            }
        )
        return Exit.DONE
    say(
        f"[bold]{done.generation}[/] is live again at epoch {done.epoch} "
        f"({done.seconds:.2f} s); {done.previous or 'nothing'} is kept."
    )
    if done.behind:
        differ = f"{done.behind} documents are served otherwise than before"
        bring = "; `holdfast ingest` brings them up to date." if not done.barred else "."
        say(differ + bring)
    if done.barred:
        say(f"[bold red]An ingest into it would be refused:[/] {safe(done.barred)}")
    return Exit.DONE


def tell(rebuilt: Rebuilt, options: Options) -> int:
    """Print how a generation fared."""
    if options.json:
        print_json(rebuilt.to_json())
        return exit_of(rebuilt.report.state)
    show(rebuilt.report)
    show_gates(rebuilt.gates)
    if rebuilt.switch is not None:
        say(f"[bold]{rebuilt.live}[/] is live; `holdfast rollback` goes back to the one before.")
    else:
        say(f"[bold]{rebuilt.live}[/] is still live.")
    return exit_of(rebuilt.report.state)


def show_gates(gates: Sequence[GateResult]) -> None:
    """Print one line per gate."""
    for gate in gates:
        say(f"  {MARKS[gate.outcome]} {gate.gate:<12}{safe(gate.detail)}")
