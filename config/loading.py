"""Load the settings: arguments over environment over `.env` over YAML over defaults."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from config.files import (
    CONFIG_VARIABLE,
    config_template,
    find_config_file,
    place_of_config,
    read_env_file,
)
from config.layers import (
    Layer,
    Values,
    anchor,
    argument_layer,
    merge,
    ours,
    variable_layers,
    yaml_layer,
)
from config.origins import LoadedSettings, OptionInForce, describe, options
from config.problems import doubled_sources, explain, refusal
from config.settings import Settings

__all__ = [
    "LoadedSettings",
    "OptionInForce",
    "config_file_of",
    "config_template",
    "describe",
    "load_settings",
]


def load_settings(
    config_file: Path | None = None,
    env: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
    cwd: Path | None = None,
) -> LoadedSettings:
    """Load and validate all settings.

    Args:
        config_file: The YAML file; without it HOLDFAST_CONFIG, ./config/holdfast.yaml and
            ./holdfast.yaml are tried in this order, and none of the latter two need exist.
        env: The environment; without it the one of this process.
        overrides: Options by dotted name, such as {"chunking.max_tokens": 256}.
        cwd: Folder that is searched for the files and that relative paths start from.

    Returns:
        The settings and the origin of each. A relative path is made absolute: from the project
        of the YAML file if it stands there, else from `cwd`, the default `home` included.

    Raises:
        ConfigError: A file is unreadable, or settings are unknown, misplaced or wrong; the
            message has one line per problem.
    """
    folder = (cwd or Path.cwd()).absolute()
    environment = ours(os.environ if env is None else env)
    dotenv = ours(read_env_file(folder / ".env"))
    file = _config_file(config_file, environment, dotenv, folder)

    problems: list[str] = []
    layers = [
        argument_layer(overrides or {}, folder),
        *variable_layers(environment, dotenv, folder, problems),
        *([yaml_layer(file, folder, problems)] if file else []),
    ]
    settings, origins = _validate(layers, problems)
    home = anchor(settings.home, folder)
    complete = {option: origins.get(option, "default") for option in options()}
    return LoadedSettings(settings.model_copy(update={"home": home}), complete, file)


def config_file_of(config_file: Path | None) -> Path:
    """Return the YAML file that `load_settings` reads with this argument, be it there or not.

    Raises:
        ConfigError: The `.env` file cannot be read.
    """
    folder = Path.cwd()
    environment = ours(os.environ)
    dotenv = ours(read_env_file(folder / ".env"))
    by_variable = environment.get(CONFIG_VARIABLE) or dotenv.get(CONFIG_VARIABLE)
    named = config_file or (Path(by_variable) if by_variable else None)
    return place_of_config(named, folder)


def _config_file(
    argument: Path | None, environment: dict[str, str], dotenv: dict[str, str], cwd: Path
) -> Path | None:
    """Find the YAML file, and take the variable that may name it out of the variables."""
    by_environment = environment.pop(CONFIG_VARIABLE, None)
    by_dotenv = dotenv.pop(CONFIG_VARIABLE, None)
    if argument is not None:
        return find_config_file(argument, "given as an argument", cwd)
    named = by_environment or by_dotenv
    return find_config_file(Path(named) if named else None, f"named by {CONFIG_VARIABLE}", cwd)


def _validate(layers: list[Layer], problems: list[str]) -> tuple[Settings, dict[str, str]]:
    """Lay the layers over one another, the first on top, and validate what results."""
    merged: Values = {}
    origins: dict[str, str] = {}
    for layer in reversed(layers):
        merge(merged, layer.values)
        origins.update(layer.origins)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        problems += [explain(details, origins) for details in error.errors(include_url=False)]
    else:
        problems += doubled_sources(settings.sources)
        if not problems:
            return settings, origins
    # Outside the handler, so that no chained error prints values, secrets among them.
    raise refusal(problems)
