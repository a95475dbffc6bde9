"""`holdfast check`: does the evidence support an answer, claim by claim."""

from pathlib import Path
from typing import Any

from config.errors import ConfigError
from query.claims.claim import ClaimVerdict
from query.decision import ReasonCode
from service.batches import check_form, exit_of_all, read_lines, write_lines
from service.console import print_json, safe, say
from service.exits import Exit
from service.options import DEFAULTS, Options, looked_at


def check(
    claim: str | None = None,
    /,
    *,
    question: str | None = None,
    request: str | None = None,
    group: tuple[str, ...] = (),
    batch: Path | None = None,
    out: Path | None = None,
    options: Options = DEFAULTS,
) -> int:
    """Check an answer against the index, sentence by sentence; no language model is asked.

    Args:
        claim: The answer, or a single claim.
        question: The question it answers; evidence is retrieved for it, or else for the claim.
        request: A logged request whose evidence is to be read again instead.
        group: A group of whoever asks, for documents with an ACL; may be given several times.
        batch: A JSON-lines file of `{"id", "answer" or "claim", "evidence" or "question" or
            "request_id"}` instead.
        out: Where to write the results of a batch; the default is standard output.
        options: Options of every command.
    """
    from query.checking import check_many
    from query.opening import open_engine
    from query.search.scope import Scope

    check_form("CLAIM", claim, batch, out, {"--question": question, "--request": request})
    if question is not None and request is not None:
        raise ConfigError("Give either --question or --request: each names the evidence.")
    if claim is not None and not claim.strip():
        raise ConfigError(
            "CLAIM is blank, so nothing was checked. If it comes from a variable or a file, look "
            "whether that is empty."
        )
    lines = read_checks(batch) if batch is not None else []
    with looked_at(options) as corpus:
        engine = open_engine(corpus, scope=Scope(groups=frozenset(group)))
        if batch is not None:
            written = write_lines(check_many(lines, engine), out)
            return exit_of_all(ended(found) is not Exit.DONE for found in written)
        line = {"id": None, "claim": claim, "question": question or claim}
        if request is not None:
            line = {"id": None, "claim": claim, "request_id": request}
        found = next(iter(check_many([line], engine)))
    if options.json:
        print_json(found)
    else:
        show(found)
    return ended(found)


def read_checks(batch: Path) -> list[dict[str, Any]]:
    """Read the lines of a batch, each with what can be checked.

    Raises:
        ConfigError: The file, or one of the lines, is not what it must be; nothing was checked.
    """
    from query.arguments import WrongArgumentError
    from query.checking import read_line

    lines = read_lines(batch)
    for number, line in enumerate(lines, 1):
        if line.get("answer") is None and line.get("claim") is None:
            raise ConfigError(
                f"{batch}, claim {number}: no `answer` and no `claim` in it. Nothing was checked."
            )
        try:
            read_line(line)
        except WrongArgumentError as error:
            raise ConfigError(f"{batch}, claim {number}: {error} Nothing was checked.") from error
    return lines


def ended(found: dict[str, Any]) -> Exit:
    """Return the exit code for a check; a request that never was is wrong usage, as for `replay`.

    What the policy keeps from being checked is no failure, as a refusal is none; nor is a sentence
    that claims nothing, which is not checked for no reason at all.
    """
    codes = {reason["code"] for reason in found.get("reasons", ())}
    if ReasonCode.NO_SUCH_REQUEST in codes:
        return Exit.USAGE
    unread = all(claim["verdict"] == ClaimVerdict.NOT_CHECKED for claim in found["claims"])
    withheld = any(code.startswith("policy_") for code in codes - {ReasonCode.POLICY_UNCHECKED})
    return Exit.FAILED if codes and unread and not withheld else Exit.DONE


def show(found: dict[str, Any]) -> None:
    """Print a check for people."""
    say(f"support {found['support_score']:.2f}")
    for reason in found.get("reasons", ()):
        say(f"  {reason['code']}: {safe(reason['detail'])}")
    pieces = found.get("evidence", ())
    for item in found["claims"]:
        say(f"  {item['verdict']:<13}{item['score']:.2f}  {safe(item['text'])}")
        for named, said in (("citations", "by"), ("anti_citations", "against it")):
            for piece in (pieces[n] for n in item[named] if n < len(pieces)):
                page = f", page {piece['page']}" if piece["page"] else ""
                where = f"(version {piece['version']}{page}, characters "
                where += f"{piece['start']}-{piece['end']})"
                say(f"      {said}: {safe(piece['key'])} {where}")
