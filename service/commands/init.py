"""`holdfast init`: write a commented settings file to start from."""

from pathlib import Path

from config.errors import ConfigError
from config.files import config_template, root_of, template_without_source, with_home
from service.console import print_json, safe, say
from service.options import DEFAULTS, Options

HANDBOOK = Path("examples") / "handbook"


def init(*, options: Options = DEFAULTS) -> int:
    """Write config/holdfast.yaml with every option explained; an existing file is left alone.

    The example handbook is its source where it is there, as in a checkout of Holdfast; --home is
    written into it.

    Args:
        options: Options of every command.
    """
    target = options.config or Path("config") / "holdfast.yaml"
    if target.exists():
        raise ConfigError(f"{target} exists already and was left as it is.")
    is_there = (root_of(target) / HANDBOOK).is_dir()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        text = config_template() if is_there else template_without_source()
        text = text if options.home is None else with_home(text, options.home)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{target} cannot be written ({error.strerror}).") from error
    if options.json:
        print_json({"written": str(target)})
    else:
        say(
            f"Wrote {safe(target)}. Name your documents under `sources:`, then run "
            "`holdfast ingest`."
        )
    return 0
