"""`holdfast requests`: the request log: what was asked, one record in full, and forgetting one."""

import sys
from typing import Annotated, Any

from cyclopts import App, Parameter

from config.errors import ConfigError
from service.console import confirmed, err, print_json, safe, say, table
from service.exits import Exit
from service.options import DEFAULTS, HowMany, Options, looked_at, opened

app = App(name="requests", help="The request log: list it, show one request, forget one for good.")


@app.command(name="list")
def list_requests(*, limit: HowMany = 50, options: Options = DEFAULTS) -> int:
    """List the newest requests with their verdicts, newest first.

    Args:
        limit: So many.
        options: Options of every command.
    """
    from indexing.ledger.requests import logged_requests

    with looked_at(options) as corpus:
        found = logged_requests(corpus.ledger, corpus.settings.tenant, limit)
    rows = [brief(body) for body in found]
    if options.json:
        for row in rows:
            print_json(row)
        return Exit.DONE
    table(
        ["when", "verdict", "question", "request"],
        [
            (
                r["received_at"][:19].replace("T", " "),
                r["verdict"] or (r["status"] if r["judged"] else r["purpose"]),
                r["question"][:60],
                r["request_id"],
            )
            for r in rows
        ],
        whole={"request"},
    )
    return Exit.DONE


def brief(body: Any) -> dict[str, Any]:
    """Return what a list shows of a request."""
    from query.audit import is_judged

    names = ("request_id", "received_at", "status", "verdict", "p_answerable", "question")
    shown = {name: body.get(name) for name in names}
    return shown | {
        "question": str(body.get("question") or ""),
        "masked": body.get("masked") or {},
        "purpose": str(body.get("purpose") or ""),
        "judged": is_judged(body),
        "about_request": str(body.get("about_request") or ""),
    }


@app.command
def show(request_id: str, /, *, options: Options = DEFAULTS) -> int:
    """Show one logged request in full, as JSON, with what was said about it.

    `chain` has the later requests that checked a text by its evidence, or read that again.

    Args:
        request_id: As `holdfast ask` gives it.
        options: Options of every command.
    """
    from indexing.ledger.feedback import feedback_on
    from indexing.ledger.requests import find_request, requests_about
    from query.feedback import given_from

    with looked_at(options) as corpus:
        tenant = corpus.settings.tenant
        body = find_request(corpus.ledger, request_id)
        if body is None or body.get("tenant") != tenant:
            # Before the log is searched, which takes every record that has these letters.
            raise ConfigError(f"There is no request {request_id} in the log.")
        said = [given_from(row).to_json() for row in feedback_on(corpus.ledger, tenant, request_id)]
        chain = [brief(later) for later in requests_about(corpus.ledger, tenant, request_id)]
    print_json({**body, "feedback": said, "chain": chain})
    return Exit.DONE


@app.command
def purge(
    request_id: str,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Remove one request and what was said about it from the log for good, bytes included.

    Backups keep what they hold until they are deleted.

    Args:
        request_id: As `holdfast ask` gives it.
        yes: Do not ask.
        options: Options of every command.
    """
    from indexing.ledger.erasing import erase_bytes
    from indexing.ledger.requests import forget_request

    if not (yes or agreed(request_id)):
        (err.print if options.json else say)("Nothing was changed.")
        return Exit.FAILED
    with opened(options) as corpus:
        gone = forget_request(corpus.ledger, corpus.settings.tenant, request_id)
        # Also without the row: an earlier try may have taken it away and left its bytes.
        erased = erase_bytes(corpus.ledger, ["request", "feedback"])
    if not gone:
        raise ConfigError(
            f"There is no request {request_id} in the log. The bytes of those that were removed "
            f"before are gone {erased.bound}."
        )
    if options.json:
        print_json({"request_id": request_id, "purged": True, "bound": erased.bound})
    else:
        say(f"Request {safe(request_id)} is gone. Its bytes are gone {safe(erased.bound)}.")
    return Exit.DONE if not erased.held else Exit.FAILED


def agreed(request_id: str) -> bool:
    """Ask on a terminal whether a request is to go.

    Raises:
        ConfigError: There is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise ConfigError("It cannot be undone, and there is no terminal to ask on: give --yes.")
    return confirmed(f"Remove request {request_id} from the log for good?")
