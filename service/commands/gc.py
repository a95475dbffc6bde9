"""`holdfast gc`: removes history, generations, blobs and logs that are past their retention."""

from typing import Annotated, Any

from cyclopts import Parameter

from service.console import print_json, say
from service.exits import Exit
from service.options import DEFAULTS, Options, opened


def gc(
    *, dry_run: Annotated[bool, Parameter(negative="")] = False, options: Options = DEFAULTS
) -> int:
    """Remove what is past its retention: old versions, replaced generations, unused blobs, logs.

    Nothing that readers see now is touched. How far back the index can be read afterwards is set
    by `retention.history_days` and `retention.history_epochs`; replaced generations go after
    `promotion.soak_hours`, logged requests and runs after `audit.keep_days`; of the runs, those
    that tell when each source was last ingested stay.

    Args:
        dry_run: Only say what would go.
        options: Options of every command.
    """
    from indexing.upkeep.garbage import collect, plan_collection

    with opened(options) as corpus:
        garbage = plan_collection(corpus) if dry_run else collect(corpus)
    if options.json:
        print_json(garbage.to_json() | {"dry_run": dry_run})
    else:
        show(garbage.to_json(), "would go" if dry_run else "went")
    return Exit.DONE


def show(result: dict[str, Any], went: str) -> None:
    """Print what was or would be collected."""
    for one in result["generations"]:
        say(
            f"[bold]{one['generation']}[/]: {one['versions']} versions with {one['points']} points "
            f"{went}; readable from epoch {one['horizon']} on"
        )
    for name in result["dropped"]:
        say(f"[bold]{name}[/]: its soak time is over, all of it {went}")
    if result["blobs_looked_at"]:
        say(f"{result['blobs']} unused blobs {went}")
    else:
        say("[yellow]Blobs were left alone: a run is writing.[/]")
    say(f"{result['requests']} logged requests and {result['runs']} runs {went}")
