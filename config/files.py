"""Find and read the two files settings come from: the YAML file and `.env`.

Each reader returns plain data or raises a `ConfigError` that names the file and the line.
"""

import errno
import io
import json
import os.path
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from config.errors import ConfigError

if TYPE_CHECKING:
    import yaml

CONFIG_VARIABLE = "HOLDFAST_CONFIG"
SEARCHED = (Path("config/holdfast.yaml"), Path("holdfast.yaml"))

_TEMPLATE_NAME = "name: handbook"
_TEMPLATE_PATH = "path: examples/handbook"
_TEMPLATE_HOME = "# home: .holdfast"


def find_config_file(named: Path | None, by: str, cwd: Path) -> Path | None:
    """Return the YAML file to read, or none when there is none to be found.

    Args:
        named: The file somebody asked for, if anybody did.
        by: Who asked, for the message.
        cwd: Folder that relative paths start from, and that is searched.

    Raises:
        ConfigError: The named file does not exist.
    """
    if named is not None:
        path = cwd / os.path.expanduser(named)  # Path.expanduser raises for an unknown user
        if not is_there(path):
            raise ConfigError(
                f"The settings file {path} ({by}) does not exist. Name an existing file, or run "
                "`holdfast init` to write one."
            )
        return path
    return next((cwd / path for path in SEARCHED if _has_entry(cwd / path)), None)


def place_of_config(named: Path | None, cwd: Path) -> Path:
    """Return the YAML file that is read, or that would be if it were there; relative to `cwd`."""
    if named is not None:
        return Path(os.path.expanduser(named))
    return next((path for path in SEARCHED if _has_entry(cwd / path)), SEARCHED[0])


def is_there(path: Path) -> bool:
    """Tell whether there is a file; a name that no file can have is none."""
    try:
        return path.exists()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise ConfigError(
            f"{path} cannot be looked for: {error.strerror}. Let this user into its folder."
        ) from error


def _has_entry(path: Path) -> bool:
    """Tell whether a folder has this entry, be it a link that leads nowhere.

    Whoever made the link meant its settings to count; without them another home would be used.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be looked for: {error.strerror}. Let this user into its folder."
        ) from error
    return True


def root_of(config_file: Path) -> Path:
    """Return the folder that relative paths in a settings file start from.

    That is the folder of the file, or the project around it when that folder is `config`.
    """
    folder = config_file.absolute().parent
    if ".." in folder.parts:  # the same file by another way has the same root
        folder = folder.resolve()
    return folder.parent if folder.name == "config" else folder


def _read_text(path: Path) -> str:
    """Read a text file, the byte order mark of some editors dropped."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8."
        ) from error
    except OSError as error:
        leads = f" It is a symbolic link to {os.readlink(path)}." if path.is_symlink() else ""
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}. Check that it is a file this "
            f"user may read.{leads}"
        ) from error


def read_yaml(path: Path) -> dict[str, object]:
    """Read the settings file; an empty one is an empty mapping.

    Raises:
        ConfigError: The file cannot be read, is no YAML, names a key twice, or is no mapping.
    """
    import yaml

    text = _read_text(path)
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        refuse_doubled_keys(node, path)
        data = loader.construct_document(node) if node else None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {_where(error)}") from error
    except (ValueError, RecursionError) as error:  # e.g. the date 2024-02-31, or deep nesting
        raise ConfigError(f"{path} is not valid YAML: {error}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(
            f"{path} holds a {type(data).__name__} at its top level; expected sections such as "
            "`chunking:` with options below them."
        )
    return {str(key): value for key, value in data.items()}


def _where(error: "yaml.YAMLError") -> str:
    """Return the reason and the line of a YAML error, without quoting the file's content."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    if mark is None:
        return f"{problem}."
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}."


def refuse_doubled_keys(node: "yaml.Node | None", path: Path | str) -> None:
    """Refuse a key that is given twice: YAML would silently keep only the last one.

    Raises:
        ConfigError: There is one, at any depth; the message names its lines.
    """
    import yaml

    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            refuse_doubled_keys(item, path)
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        if name in lines:
            raise ConfigError(
                f"{path} gives `{name}` twice, on line {lines[name]} and on line {line}. "
                "Merge the two."
            )
        lines[name] = line
        refuse_doubled_keys(value, path)


def read_env_file(path: Path) -> Mapping[str, str]:
    """Read a `.env` file; one that does not exist is empty, but not a link that leads nowhere.

    Raises:
        ConfigError: The file cannot be read, or a line of it is no `NAME=value`.
    """
    if not _has_entry(path):
        return {}
    # Imported here: most homes have no .env, and this is on the path of every command.
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    text = _read_text(path)
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            raise ConfigError(
                f"{path}, line {binding.original.line}, is not NAME=value. Correct the line "
                "or remove it."
            )
    values = dotenv_values(stream=io.StringIO(text))
    return {name: value for name, value in values.items() if value is not None}


def config_template() -> str:
    """Return the commented settings file, for `holdfast init`."""
    # By this file: `config` may also be a folder of the project, as this very text becomes one.
    return Path(__file__).with_name("holdfast.yaml").read_text(encoding="utf-8")


def template_without_source() -> str:
    """Return the commented settings file with its source as an example only, like its options."""
    text = config_template()
    for line in (f"  - {_TEMPLATE_NAME}", f"    {_TEMPLATE_PATH}"):
        bare = line.lstrip()
        text = text.replace(line, f"{line.removesuffix(bare)}# {bare}", 1)
    return text


def with_home(template: str, home: Path) -> str:
    """Return a settings file that names its home, from wherever commands are run."""
    quoted = json.dumps(str(home.absolute()), ensure_ascii=False)
    # A name with bytes that are no UTF-8 has halves of surrogate pairs, which only escapes write.
    named = f"home: {quoted.encode(errors='backslashreplace').decode()}"
    return template.replace(_TEMPLATE_HOME, named, 1)
