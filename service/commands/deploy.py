"""`holdfast deploy`: registers deployments, limits and automations with a Prefect server."""

from config.errors import ConfigError
from service.console import print_json, safe, say
from service.exits import Exit
from service.options import DEFAULTS, Options, load


def deploy(*, options: Options = DEFAULTS) -> int:
    """Register everything with the Prefect server at PREFECT_API_URL; again changes nothing.

    Work pool, global concurrency limit, the deployments of prefect.yaml, automations. What was
    paused or disabled in the UI stays so.

    Args:
        options: Options of every command.
    """
    from flows.calling import reach_api

    settings = load(options).settings
    url = settings.orchestration.api_url
    if url is None:
        raise ConfigError(
            "No Prefect server is configured. Set PREFECT_API_URL, such as "
            "http://127.0.0.1:4200/api, or run `holdfast up`, which starts one."
        )
    reach_api(url)
    from flows.bootstrap import bootstrap

    done = bootstrap(settings, url)
    if options.json:
        print_json(done.to_json())
        return Exit.DONE
    say(f"[bold]{safe(url)}[/] knows {len(done.deployments)} deployments in the pool {done.pool}:")
    say("  " + ", ".join(done.deployments))
    say(f"{len(done.automations)} automations, {len(done.changed)} of them new or changed")
    say(f"Run them with `prefect worker start --pool {done.pool}`.")
    return Exit.DONE
