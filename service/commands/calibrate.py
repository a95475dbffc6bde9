"""`holdfast calibrate`: what a probability means on these documents, and what is promised."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from indexing.corpus import Corpus
from query.calibrating.calibration import Calibration, percent
from query.calibrating.drift import LEAST
from service.console import print_json, safe, say, table
from service.exits import Exit
from service.options import DEFAULTS, Options, looked_at, opened

MAX_RISK, CONFIDENCE, MAX_REFUSED = 0.05, 0.95, 0.10


def calibrate(
    question_set: Path | None = None,
    /,
    *,
    max_risk: float = MAX_RISK,
    confidence: float = CONFIDENCE,
    max_refused: float = MAX_REFUSED,
    limit: int = 0,
    options: Options = DEFAULTS,
) -> int:
    """Calibrate the live index on labelled questions, or show which calibration holds.

    Of the questions called answerable at most MAX-RISK are not, with CONFIDENCE, as long as
    questions are like those of the set. With too few questions nothing is promised, nothing
    changes, and the command ends with 3.

    Args:
        question_set: A folder with questions.jsonl, or such a file, about the live index; without
            it the calibrations of this home are shown.
        max_risk: Largest share of wrong ones among the questions called answerable.
        confidence: How sure that must be.
        max_refused: Largest expected share of refused ones among the answerable questions.
        limit: Use at most so many questions, always the same ones; 0 uses all.
        options: Options of every command.
    """
    from evaluation.calibrating.fitting import Promise
    from evaluation.questions import read_set

    check_numbers(max_risk, confidence, max_refused, limit)
    if question_set is None:
        if (max_risk, confidence, max_refused, limit) != (MAX_RISK, CONFIDENCE, MAX_REFUSED, 0):
            raise ConfigError(
                "No QUESTION-SET is named, so there is nothing to calibrate on. Name one; "
                "`holdfast calibrate` alone shows the calibrations of this home."
            )
        with looked_at(options) as corpus:
            return show_calibrations(corpus, options)
    from evaluation.calibrating.calibrating import calibrate as run_calibration

    chosen = read_set(question_set)
    with opened(options) as corpus:
        attempt = run_calibration(corpus, chosen, Promise(max_risk, confidence, max_refused), limit)
    made = attempt.calibration
    if options.json:
        print_json(
            {
                "calibration": made.to_json() if made else None,
                "problem": attempt.problem or None,
                "figures": attempt.figures,
            }
        )
    elif made is None:
        say(f"[yellow]Nothing is promised, nothing was changed:[/] {safe(attempt.problem)}.")
    else:
        show_promise(made, attempt.figures)
    return Exit.DONE if made else Exit.WITH_ERRORS


def check_numbers(max_risk: float, confidence: float, max_refused: float, limit: int) -> None:
    """Refuse numbers that no promise can be made of.

    Raises:
        ConfigError: One is such a number.
    """
    for name, value in (("max-risk", max_risk), ("max-refused", max_refused)):
        if not 0 < value < 1:
            raise ConfigError(f"--{name} must lie between 0 and 1, and is {value}.")
    if not 0.5 <= confidence < 1:
        raise ConfigError(f"--confidence must be at least 0.5 and below 1, and is {confidence}.")
    if limit < 0:
        raise ConfigError(f"--limit must be at least 0 (all questions), and is {limit}.")


def show_promise(made: Calibration, figures: Mapping[str, Any]) -> None:
    """Print what a calibration that was just made promises."""
    say(
        f"[bold]{made.calibration_id}[/] is in force: of the questions called answerable at "
        f"most {percent(made.max_risk)} are not, with {percent(made.confidence)} confidence, "
        "for questions like those of the set."
    )
    table(["figure", "value"], [(k, str(v)) for k, v in figures.items()])
    if made.refusal_bound is None:
        say("[yellow]Too few answerable questions to promise anything about refusals.[/]")
    else:
        share = percent(made.refusal_bound)
        say(f"Of the answerable questions at most {share} are refused, on average.")


def show_calibrations(corpus: Corpus, options: Options) -> int:
    """Print every calibration of the home, and which one holds now."""
    from evaluation.calibrating.calibrating import present_binding
    from query.opening import shelf_of

    shelf = shelf_of(corpus)
    known = shelf.all()
    in_force = shelf.find(present_binding(corpus)) if known else None
    holding = in_force.calibration if in_force else None
    watch = shelf.watch(holding) if holding else None
    reason = in_force.reason.to_json() if in_force and in_force.reason else None
    record: dict[str, Any] = {
        "in_force": holding.calibration_id if holding else None,
        "reason": reason,
        "drift": {"questions": watch.seen, "psi": watch.index()} if watch else None,
        "calibrations": [c.to_json() for c in known],
    }
    if options.json:
        print_json(record)
        return Exit.DONE
    standing = "in force, without its promise" if reason else "in force"
    rows = [
        (
            c.calibration_id,
            c.binding.generation,
            f"{percent(c.max_risk)} at {percent(c.confidence)}",
            c.questions,
            standing if c is holding else "",
        )
        for c in known
    ]
    table(["calibration", "generation", "promise", "questions", ""], rows)
    if reason:
        say(f"[yellow]{reason['code']}[/]: {safe(reason['detail'])}")
    if watch:
        index = watch.index()
        yet = f"too few questions yet ({watch.seen} of {LEAST})"
        say(f"drift: {yet if index is None else f'PSI {index:.3f} over {watch.seen} questions'}")
    if not known:
        say("No calibration; probabilities are those of the built-in model.")
    return Exit.DONE
