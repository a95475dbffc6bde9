"""`holdfast deploy`: registers deployments, limits and automations with a Prefect server."""

from dataclasses import replace
from typing import Annotated

from cyclopts import Parameter

from config.errors import ConfigError
from config.orchestration import RunIn
from config.origins import LoadedSettings
from service.console import print_json, safe, say
from service.exits import Exit
from service.options import DEFAULTS, Options, load


def deploy(
    *,
    run_in: Annotated[RunIn | None, Parameter(help="project or worker")] = None,
    options: Options = DEFAULTS,
) -> int:
    """Register everything with the Prefect server at PREFECT_API_URL; again changes nothing.

    Work pool, global concurrency limit, the deployments of prefect.yaml, automations. What was
    paused or disabled in the UI stays so. Runs work in this folder and with this home and these
    settings, so their worker has to be on this machine, or to find all of it at the same paths.

    Args:
        run_in: With `worker`, runs work where their worker says, by its own HOLDFAST_HOME and
            HOLDFAST_CONFIG; the default is orchestration.run_in.
        options: Options of every command.
    """
    from flows.calling import reach_api

    loaded = placed(load(options), run_in)
    settings = loaded.settings
    url = settings.orchestration.api_url
    if url is None:
        raise ConfigError(
            "No Prefect server is configured. Set PREFECT_API_URL, such as "
            "http://127.0.0.1:4200/api, or run `holdfast up`, which starts one."
        )
    reach_api(url)
    from flows.bootstrap import bootstrap
    from flows.deployments import place_of
    from flows.one_home import refuse_other_home

    refuse_other_home(settings, url)
    place = place_of(loaded)
    done = bootstrap(settings, url, place)
    if options.json:
        print_json(done.to_json())
        return Exit.DONE
    known = f"{len(done.deployments)} deployments in the pool {done.pool}"
    say(f"[bold]{safe(done.api_url)}[/] knows {known}:")
    say("  " + ", ".join(done.deployments))
    say(f"{len(done.automations)} automations, {len(done.changed)} of them new or changed")
    start = f"`prefect worker start --pool {done.pool}`"
    if place is None:
        say(f"Run them with {start}, with HOLDFAST_HOME and HOLDFAST_CONFIG in its environment.")
    else:
        say(f"They work in {safe(place.folder)} with the home {safe(place.home)}.")
        say(f"Run them with {start} on this machine; for another one deploy --run-in worker.")
    return Exit.DONE


def placed(loaded: LoadedSettings, run_in: RunIn | None) -> LoadedSettings:
    """Return the settings with what the command line says about where runs work."""
    if run_in is None:
        return loaded
    chosen = loaded.settings.orchestration.model_copy(update={"run_in": run_in})
    settings = loaded.settings.model_copy(update={"orchestration": chosen})
    return replace(loaded, settings=settings)
