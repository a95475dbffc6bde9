"""`holdfast eval`: question sets in, figures with intervals and one report out."""

import json
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from config.errors import ConfigError
from indexing.as_of import parse_as_of
from service.batches import is_same_file
from service.console import print_json, safe, say, table
from service.disk import write_file
from service.eval_view import show
from service.exits import Exit
from service.options import DEFAULTS, Options, load, looked_at

if TYPE_CHECKING:
    from evaluation.evaluating import Evaluation
    from evaluation.questions import QuestionSet

app = App(
    name="eval",
    help="Measure retrieval and the gate on question sets, or draft a set from your documents.",
)


@app.default
def evaluate(
    *sets: Path,
    report: Path | None = None,
    out: Path | None = None,
    limit: int = 0,
    compare: Annotated[tuple[str, str] | None, Parameter(negative="")] = None,
    options: Options = DEFAULTS,
) -> int:
    """Ask the questions of SETS and tell how good the answers are, with 95 % intervals.

    A set that brings documents is asked about these, in a home that is gone afterwards; any other
    is asked of the live index. Nothing is logged. Questions that could not be asked are in no
    figure: the command ends with 3 if there are some, or degraded ones, claims that their reader
    did not read included, and with 1 if a set has no others.

    Args:
        sets: Folders with questions.jsonl (and documents.jsonl), or files of questions; also
            folders with claims.jsonl or injections.jsonl.
        report: Write one self-contained HTML file with plots and the worst examples.
        out: Write the same as JSON.
        limit: Ask at most so many questions per set, always the same ones; 0 asks all.
        compare: Two earlier states, before and after, such as `holdfast__g1@3 holdfast__g2@1`:
            the same questions of both, with paired tests. Ends with 4 if a figure fell.
        options: Options of every command.
    """
    from evaluation.evaluating import evaluate as run_evaluation
    from evaluation.evaluating import evaluate_both
    from evaluation.questions import is_question_set, read_set, told_apart
    from evaluation.texts import evaluate_texts, is_text_set
    from query.claims.second_reading import open_checks

    if not sets:
        raise ConfigError("Name at least one SET: a folder with questions.jsonl, or such a file.")
    texts = [path for path in sets if is_text_set(path)]
    asked = [path for path in sets if path not in texts or is_question_set(path)]
    chosen = told_apart([read_set(path) for path in asked])
    own = [one.name for one in chosen if one.documents is not None]
    if compare:
        check_comparable(chosen, own)
    if limit < 0:
        raise ConfigError(f"--limit must be at least 0 (all questions), and is {limit}.")
    check_files(report, out, sets)
    settings = load(options).settings
    # First, because they take seconds and a wrong line of them must not cost what was asked.
    checks = open_checks(settings.claims, settings.deadlines)
    judged = tuple(found for path in texts for found in evaluate_texts(path, limit, checks))
    if len(own) == len(chosen):
        done = run_evaluation(settings, None, chosen, limit)
    else:
        with looked_at(options) as corpus:
            if compare:
                before, after = (parse_as_of(text, "--compare") for text in compare)
                done = evaluate_both(corpus, chosen, (before, after), limit)
            else:
                done = run_evaluation(settings, corpus, chosen, limit)
    done = replace(done, texts=judged)
    # First the figures: a disk that filled up meanwhile must not cost what was asked for an hour.
    if options.json:
        print_json(done.to_json())
    else:
        show(done)
    write(done, report, out)
    return exit_of(done)


def check_comparable(chosen: "Sequence[QuestionSet]", own: Sequence[str]) -> None:
    """Refuse to compare two states by sets that have none.

    Args:
        chosen: The sets of questions.
        own: Names of those that bring documents of their own.

    Raises:
        ConfigError: There is no set of questions, or one is not about the live index.
    """
    if own:
        raise ConfigError(
            f"--compare asks the live index, but {', '.join(own)} brings documents of its own; "
            "name its questions.jsonl alone."
        )
    if not chosen:
        raise ConfigError("--compare needs a set of questions, and only texts are named.")


def check_files(report: Path | None, out: Path | None, sets: Sequence[Path]) -> None:
    """Refuse, before anything is asked, files that cannot be written or must not be.

    Raises:
        ConfigError: There is such a file.
    """
    if report is not None and out is not None and is_same_file(report, out):
        raise ConfigError(f"--report and --out are both {report}; name two files.")
    for path in filter(None, (report, out)):
        check_spares(path, sets)
        check_writable(path)


def exit_of(done: "Evaluation") -> Exit:
    """Say how it ended: an outage must not look like a measurement, nor a loss like success."""
    if any(one.outcomes and not one.judged for one in done.sets):
        return Exit.FAILED
    if any(c.left_out and not c.compared for c in done.comparisons):
        return Exit.FAILED
    if any(c.regressed for c in done.comparisons):
        return Exit.WITHHELD
    disturbed = any(one.lost or one.degraded for one in done.sets)
    disturbed |= any(c.left_out or c.degraded for c in done.comparisons)
    disturbed |= any(one.degraded for one in done.texts)
    return Exit.WITH_ERRORS if disturbed else Exit.DONE


def write(done: "Evaluation", report: Path | None, out: Path | None) -> None:
    """Write the files that were asked for.

    Raises:
        ConfigError: One cannot be written.
    """
    from evaluation.reporting.html import render

    if report is not None:
        write_file(report, render(done))
    if out is not None:
        write_file(out, json.dumps(done.to_json(), ensure_ascii=False, indent=1) + "\n")


def check_spares(path: Path, sets: Sequence[Path]) -> None:
    """Refuse a file that is one of those that are read: the figures would take its place.

    Raises:
        ConfigError: It is one.
    """
    for one in sets:
        read = one.glob("*.jsonl*") if one.is_dir() else (one,)
        if any(is_same_file(path, file) for file in read):
            raise ConfigError(
                f"{path} is of the set {one}, which would be lost; name another file. Nothing was "
                "asked."
            )


def check_writable(path: Path) -> None:
    """Refuse a file that cannot be written before any question is asked.

    Raises:
        ConfigError: It cannot be written.
    """
    try:
        is_new = not path.exists()
        with path.open("a", encoding="utf-8"):
            pass
        if is_new:
            path.unlink()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}); nothing was asked."
        ) from error


class DraftFrom(StrEnum):
    """What questions are drafted from."""

    DOCUMENTS = "documents"
    FEEDBACK = "feedback"


@app.command(name="new")
def new(
    out: Path,
    /,
    *,
    material: Annotated[DraftFrom, Parameter(name="--from")] = DraftFrom.DOCUMENTS,
    count: int = 100,
    seed: int = 1,
    options: Options = DEFAULTS,
) -> int:
    """Draft a golden set from the indexed documents, or from feedback, for a person to review.

    Answerable questions come from definitions, facts, tables and headings; unanswerable ones by
    hiding the document, or by exchanging a name, a number or a date. From feedback come the
    questions whose answers were called wrong or missing, with the corrections. Every line says
    `"reviewed": false` until a person has changed that.

    Args:
        out: The file to write; one that exists is left alone.
        material: What questions are drafted from.
        count: About how many questions.
        seed: Another seed chooses other questions.
        options: Options of every command.
    """
    from evaluation.drafting.drafting import draft, write_draft
    from evaluation.drafting.from_feedback import draft_from_feedback

    if count < 2:
        raise ConfigError(f"--count must be at least 2, and is {count}.")
    with looked_at(options) as corpus:
        if material is DraftFrom.FEEDBACK:
            made = draft_from_feedback(corpus, count)
        else:
            made = draft(corpus, count, seed)
    write_draft(made, out)
    counts = made.count()
    if options.json:
        print_json(
            {
                "written": str(out),
                "questions": len(made.lines),
                "documents": made.documents,
                "tiers": counts,
            }
        )
        return Exit.DONE
    table(["tier", "questions"], [(tier, str(n)) for tier, n in counts.items()])
    say(
        f"{len(made.lines)} questions about {made.documents} documents are in {safe(out)}. Read "
        'them, mend or remove what is wrong, and set "reviewed": true.'
    )
    return Exit.DONE
