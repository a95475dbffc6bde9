"""`holdfast init`: write a commented settings file to start from."""

from pathlib import Path

from config.errors import ConfigError
from config.files import config_template, is_there, root_of, template_without_source, with_home
from config.loading import config_file_of
from service.console import print_json, safe, say
from service.options import DEFAULTS, Options

HANDBOOK = Path("examples") / "handbook"


def init(*, options: Options = DEFAULTS) -> int:
    """Write config/holdfast.yaml with every option explained; an existing file is left alone.

    With --config or HOLDFAST_CONFIG, the file of that name. The example handbook is its source
    where it is there, as in a checkout of Holdfast; --home is written into it.

    Args:
        options: Options of every command.
    """
    # The one that is read from then on: another would be of no use, or hide the one that was.
    target = config_file_of(options.config)
    if is_there(target):
        raise ConfigError(f"{target} exists already and was left as it is.")
    has_handbook = (root_of(target) / HANDBOOK).is_dir()
    text = config_template() if has_handbook else template_without_source()
    text = text if options.home is None else with_home(text, options.home)
    write_new(target, text)
    if options.json:
        print_json({"written": str(target)})
    else:
        say(
            f"Wrote {safe(target)}. Name your documents under `sources:`, then run "
            "`holdfast ingest`."
        )
    return 0


def write_new(target: Path, text: str) -> None:
    """Write a file that is not there yet, all of it or none.

    Raises:
        ConfigError: It cannot be written.
    """
    is_begun = False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", encoding="utf-8") as file:
            is_begun = True
            file.write(text)
    except OSError as error:
        if is_begun:  # half of the settings would be taken for all of them
            target.unlink(missing_ok=True)
        raise ConfigError(f"{target} cannot be written ({error.strerror}).") from error
