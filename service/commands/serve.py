"""`holdfast serve` and `holdfast key`: the query module over HTTP, and keys for it."""

import json
from typing import Annotated

from cyclopts import Parameter

from config.origins import variable_of
from service.console import print_json, safe, say
from service.exits import Exit
from service.keys import Gatekeeper, KeyScope, make_key, read_keys
from service.listening import DRAIN_SECONDS, listening, place_of, run_server
from service.options import DEFAULTS, Options, load, served


def serve(*, listen: str = "127.0.0.1:8765", options: Options = DEFAULTS) -> int:
    """Serve /v1/retrieve, ground, answer, check and feedback until interrupted.

    Args:
        listen: HOST:PORT.
        options: Options of every command.
    """
    host, port = place_of(listen)
    gatekeeper = Gatekeeper(read_keys(load(options).settings.serve))
    from service.api_tenants import Tenants
    from service.query_api import query_app
    from service.warming import Warming

    with served(options) as corpus:
        Tenants(corpus).engine(corpus.settings.tenant)  # a wrong policy is told now
        warming = Warming(corpus)
        app = query_app(corpus, gatekeeper, warming.is_over)
        run_server(app, listening(host, port, corpus.settings.serve))
        warming.wait(DRAIN_SECONDS)  # ended while loading
    return Exit.DONE


def key(
    name: str,
    /,
    *,
    tenant: str | None = None,
    group: tuple[str, ...] = (),
    scope: Annotated[tuple[KeyScope, ...], Parameter(help="read or admin")] = (),
    options: Options = DEFAULTS,
) -> int:
    """Make a key for `holdfast serve`; it is shown once, and only its hash is configured.

    Args:
        name: Who holds it, for logs.
        tenant: Whose documents it reads; none is the tenant of the settings.
        group: A group of its holder, for documents with an ACL; may be given several times.
        scope: What it allows: read (the default), admin.
        options: Options of every command.
    """
    settings = load(options).settings
    shown, entry = make_key(name, settings.tenant if tenant is None else tenant, group, scope)
    line = entry.model_dump(mode="json", exclude_defaults=True)
    if options.json:
        print_json({"key": shown, "entry": line})
        return Exit.DONE
    say(f"The key, for its holder and nobody else: [bold]{safe(shown)}[/]")
    say(f"Add to the JSON list in {variable_of('serve.keys')}:")
    say(safe(json.dumps(line, ensure_ascii=False)))
    return Exit.DONE
