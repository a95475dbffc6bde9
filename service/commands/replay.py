"""`holdfast replay`: a logged request, answered again from what it was answered from."""

from service.console import print_json, safe, say
from service.exits import Exit
from service.options import DEFAULTS, Options, opened


def replay(request_id: str, /, *, options: Options = DEFAULTS) -> int:
    """Answer a logged request again and compare; exits with 1 unless every bit is the same.

    Args:
        request_id: As `holdfast ask` and the request log give it.
        options: Options of every command.
    """
    from query.replay import replay as replay_request

    with opened(options) as corpus:
        done = replay_request(corpus, request_id)
    if options.json:
        print_json(done.to_json())
    elif done.identical:
        say(f"[green]identical[/] at epoch {done.epoch} of {done.generation}")
        again = "the same" if done.searched_alike else "[yellow]other[/]"
        say(f"Searching again at that epoch brings {again} candidates and scores.")
    else:
        say(f"[bold red]DIFFERENT[/] at epoch {done.epoch} of {done.generation}:")
        say(f"  {safe(', '.join(done.differences))}")
        if "policy_version" in done.differences:
            say(
                f"It was judged under rules {safe(done.judged_under)}; this version has "
                f"{safe(done.decision.policy_version)}. What else differs can come from that; the "
                "version that answered it replays it as it was."
            )
    if done.masked and not options.json:
        kinds = ", ".join(f"{count} {kind}" for kind, count in done.masked.items())
        say(f"[yellow]The log has labels where personal data were: {kinds}.[/]")
    return Exit.DONE if done.identical else Exit.FAILED
