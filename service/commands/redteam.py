"""`holdfast redteam`: attacks with a score each; ends with 4 if one lies below its floor."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from config.errors import ConfigError
from service.console import print_json, safe, say, table
from service.exits import Exit
from service.options import DEFAULTS, Options, load, looked_at

if TYPE_CHECKING:
    from evaluation.redteam.scorecard import Score, Scorecard


def redteam(
    *,
    cases: Annotated[tuple[Path, ...], Parameter(negative="")] = (),
    live: Annotated[bool, Parameter(negative="")] = False,
    seed: int = 1,
    options: Options = DEFAULTS,
) -> int:
    """Attack Holdfast before anybody else does, and print a scorecard.

    In a home that is gone afterwards: noise, trick questions, injected and hidden instructions,
    poisoned passages, crowding, a rival tenant, exhaustion, failing parts. Ends with 4 if a suite
    lies below its floor, with 3 if an outage kept some attacks from being made, and with 1 if it
    kept a whole suite.

    Args:
        cases: A YAML file of your own attacks; may be given several times.
        live: Ask the live index instead; nothing is planted there, nothing is logged.
        seed: Another seed chooses other targets and other noise.
        options: Options of every command.
    """
    from evaluation.redteam.cases import read_suites
    from evaluation.redteam.exercise import exercise, exercise_live

    suites = [suite for file in cases for suite in read_suites(file)]
    if live:
        planting = [suite.name for suite in suites if suite.documents]
        if planting:
            raise ConfigError(
                f"{', '.join(planting)} brings documents, and nothing is planted in a live "
                "index; run it without --live."
            )
        with looked_at(options) as corpus:
            corpus.required_live()
            card = exercise_live(corpus, suites, seed)
    else:
        card = exercise(load(options).settings, suites, seed)
    if options.json:
        print_json(card.to_json())
    else:
        show(card)
    return exit_of(card)


def exit_of(card: "Scorecard") -> Exit:
    """Say how it ended: an outage answers nothing, which must not look like a defence."""
    if not all(score.happened for score in card.scores):
        return Exit.FAILED
    if not card.holds:
        return Exit.WITHHELD
    return Exit.WITH_ERRORS if card.outage else Exit.DONE


def show(card: "Scorecard") -> None:
    """Print the scorecard and the worst transcripts."""
    rows = [
        (s.suite, f"{s.withstood} of {s.cases}", f"{s.floor:.2f}", verdict(s), s.note)
        for s in card.scores
    ]
    table(["suite", "withstood", "floor", "", ""], rows, f"red team, seed {card.seed}")
    if unasked := sum(score.unasked for score in card.scores):
        say(
            f"[bold red]{unasked} attacks could not be made[/], a part of Holdfast was down "
            f"({safe(', '.join(card.outage))}); no share counts them. See `holdfast doctor`."
        )
    for lost in card.lost()[:10]:
        say(f"[bold]{safe(lost.suite)}/{safe(lost.case.id)}[/]: {safe('; '.join(lost.defeats))}")
        say(f"  asked: {safe(lost.case.question[:200])}")
        answer = lost.transcript.get("answer")
        if answer:
            say(f"  answered: {safe(answer)}")


def verdict(score: "Score") -> str:
    """Say whether a suite took place and reaches its floor."""
    if not score.happened:
        return "NOT ASKED"
    return "holds" if score.holds else "BELOW ITS FLOOR"
