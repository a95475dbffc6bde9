"""`holdfast feedback`: what somebody says about an answer, by the id of its request."""

from config.errors import ConfigError
from query.feedback import Feedback, FeedbackVerdict, give_feedback
from service.console import print_json, safe, say
from service.exits import Exit
from service.options import DEFAULTS, Options, opened


def feedback(
    request_id: str,
    /,
    *,
    verdict: FeedbackVerdict,
    correct: str = "",
    cited: tuple[str, ...] = (),
    options: Options = DEFAULTS,
) -> int:
    """Say whether an answer was helpful, wrong, or missing something.

    It is kept beside the request log and changes nothing by itself: `holdfast report` shows it, and
    `holdfast eval new --from feedback` makes questions of it for a person to review.

    Args:
        request_id: As `holdfast ask` and the request log give it.
        verdict: What you say.
        correct: What would have been right.
        cited: Key or id of a document that holds it; may be given several times.
        options: Options of every command.
    """
    with opened(options) as corpus:
        tenant = corpus.settings.tenant
        given = give_feedback(corpus, tenant, request_id, Feedback(verdict, correct, cited))
    if given is None:
        raise ConfigError(f"There is no request {request_id} in the log.")
    if options.json:
        print_json(given.to_json())
        return Exit.DONE
    if given.body.get("redacted"):
        say("[yellow]A document behind that request was purged; only the verdict was kept.[/]")
    say(f"[green]{given.verdict.value}[/] is kept with request {safe(given.request_id)}.")
    return Exit.DONE
