"""`holdfast reindex`: build a generation with the settings in force and make it the live one."""

from indexing.reindex import reindex as build_and_promote
from ingestion.sources.configured import configured_sources
from service.commands.ingest import show
from service.console import TerminalWatcher, print_json
from service.exits import exit_of
from service.options import DEFAULTS, Options, opened


def reindex(*, options: Options = DEFAULTS) -> int:
    """Build a new generation from every configured source and promote it when it is complete.

    The live generation serves until then. Needed after a change of chunking, encoder or parser.

    Args:
        options: Options of every command.
    """
    with opened(options) as corpus, TerminalWatcher() as watcher:
        sources = configured_sources(corpus.settings)
        report = build_and_promote(corpus, sources, watcher=watcher)
    if options.json:
        print_json(report.to_json())
    else:
        show(report)
    return exit_of(report.state)
