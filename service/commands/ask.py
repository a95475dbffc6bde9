"""`holdfast ask`: a question, its evidence and the verdict; never an answer without them."""

from pathlib import Path
from typing import Any

from config.errors import ConfigError
from indexing.as_of import parse_as_of
from service.batches import check_form, exit_of_all, read_lines, write_lines
from service.console import print_json, safe, say
from service.exits import Exit
from service.options import DEFAULTS, Options, looked_at


def ask(
    question: str | None = None,
    /,
    *,
    batch: Path | None = None,
    out: Path | None = None,
    as_of: str | None = None,
    group: tuple[str, ...] = (),
    options: Options = DEFAULTS,
) -> int:
    """Ask a question: the verdict, the reasons, the evidence, and an answer only if it holds.

    Args:
        question: The question.
        batch: A JSON-lines file of `{"id", "question", "history"?, "exclude_keys"?}` instead.
        out: Where to write the answers of a batch; the default is standard output.
        as_of: An earlier state to read from: an epoch, a time such as 2026-11-25T10:30+01:00, or
            an epoch of a generation such as holdfast__g1@3.
        group: A group of whoever asks, for documents with an ACL; may be given several times.
        options: Options of every command.
    """
    from query.opening import open_engine
    from query.search.scope import Scope

    check_form("QUESTION", question, batch, out, {"--as-of": as_of})
    lines = read_questions(batch) if batch is not None else []
    state = parse_as_of(as_of) if as_of is not None else None
    with looked_at(options) as corpus:
        engine = open_engine(corpus, scope=Scope(groups=frozenset(group)))
        if batch is not None:
            written = write_lines(engine.answer_many(lines), out)
            return exit_of_all(ended(decision) is not Exit.DONE for decision in written)
        decision = engine.answer(question or "", as_of=state).to_json()
    if options.json:
        print_json(decision)
    else:
        show(decision)
    return ended(decision)


def read_questions(batch: Path) -> list[dict[str, Any]]:
    """Read the questions of a batch, each a text with turns and keys that can be read.

    Raises:
        ConfigError: The file, or one of the questions, is not what it must be; none was asked.
    """
    from query.arguments import WrongArgumentError, text_of, texts_of, turns_of

    lines = read_lines(batch)
    for number, line in enumerate(lines, 1):
        try:
            text_of("question", line.get("question") or "")
            turns_of(line.get("history") or None)
            texts_of("exclude_keys", line.get("exclude_keys") or None)
        except WrongArgumentError as error:
            raise ConfigError(f"{batch}, question {number}: {error} Nothing was asked.") from error
    return lines


def ended(decision: dict[str, Any]) -> Exit:
    """Return the exit code for a decision; a state that never was is wrong usage, as for `docs`."""
    if decision["status"] != "unavailable":
        return Exit.DONE
    codes = {reason["code"] for reason in decision["reasons"]}
    return Exit.USAGE if "epoch_not_committed" in codes else Exit.FAILED


SHOWN = 240
"""Characters of a quote shown to a person; `--json` has all of them."""


def shorten(text: str, longest: int) -> str:
    """Cut a long quote at a word."""
    return text if len(text) <= longest else f"{text[:longest].rpartition(' ')[0]} …"


COLOURS = {
    "answerable": "green",
    "partially_supported": "yellow",
    "ambiguous": "yellow",
    "unanswerable": "red",
    "refused_by_policy": "red",
}


def show(decision: dict[str, Any]) -> None:
    """Print a decision for people."""
    verdict = decision["verdict"] or "no verdict"
    colour = COLOURS.get(verdict, "red")
    p = decision["p_answerable"]
    chance = f"p = {p:.2f}, " if p is not None else ""
    say(
        f"[bold {colour}]{verdict}[/] ({chance}status {decision['status']}, "
        f"suggested action: {decision['suggested_action']})"
    )
    if decision["risk_bound"] is not None:
        say(f"  of such verdicts at most {decision['risk_bound']:.1%} are wrong (calibrated)")
    if decision["clarification"]:
        say(f"\n  Ask back: {safe(decision['clarification'])}\n")
    if decision["answer"]:
        say(f"\n  {safe(decision['answer'])}\n")
    for reason in decision["reasons"]:
        say(f"  {reason['code']}: {safe(reason['detail'])}")
    for conflict in decision["conflicts"]:
        for side in conflict["sides"]:
            of = f"{side['case']}: " if side["case"] else ""
            say(f"  {safe(of + side['value'])} ({safe(side['key'])}, version {side['version']})")
    if decision["missing"]:
        say(f"  missing: {safe(', '.join(map(str, decision['missing'])))}")
    for number, item in enumerate(decision["evidence"][:3], 1):
        page = f", page {item['page']}" if item["page"] else ""
        flags = f" [{', '.join(item['flags'])}]" if item["flags"] else ""
        say(
            f"  [bold]\\[{number}][/] {safe(item['key'])} (version {item['version']}{page}, "
            f"characters {item['start']}-{item['end']}){safe(flags)}"
        )
        say(f"      “{safe(shorten(' '.join(item['quote'].split()), SHOWN))}”")
    if decision["generation"]:
        say(f"  [dim]{decision['generation']} at epoch {decision['epoch']}[/]")
