"""Options that every command takes, and opening the home they name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from config.loading import LoadedSettings, load_settings

if TYPE_CHECKING:
    from indexing.corpus import Corpus


@Parameter(name="*")
@dataclass(frozen=True)
class Options:
    """Options of every command.

    Attributes:
        json: Print the result as JSON on standard output; logs go to standard error.
        config: Settings file; the default is config/holdfast.yaml.
        home: Folder that holds everything Holdfast writes.
    """

    json: Annotated[bool, Parameter(name="--json", negative="")] = False
    config: Path | None = None
    home: Path | None = None


DEFAULTS = Options()


def load(options: Options) -> LoadedSettings:
    """Read the settings, with the command line winning.

    Raises:
        ConfigError: A setting is wrong.
    """
    overrides = {} if options.home is None else {"home": options.home}
    return load_settings(options.config, overrides=overrides)


@contextmanager
def opened(options: Options) -> Iterator["Corpus"]:
    """Open the home for one command.

    Raises:
        HoldfastError: A setting is wrong, or the home cannot be opened.
    """
    from indexing.corpus import open_corpus

    corpus = open_corpus(load(options).settings)
    try:
        yield corpus
    finally:
        corpus.close()
