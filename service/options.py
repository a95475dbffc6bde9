"""Options that every command takes, and opening the home they name."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, Token, validators
from pydantic import SecretStr
from sqlalchemy import URL

from config.errors import ConfigError
from config.loading import LoadedSettings, load_settings
from config.origins import variable_of
from config.settings import LedgerSettings, Settings

if TYPE_CHECKING:
    from indexing.corpus import Corpus


def folder(_wanted: type, tokens: Sequence[Token]) -> Path:
    """Read a PATH; an empty one is refused, since it would mean the whole current folder."""
    if not tokens[0].value.strip():
        raise ValueError("PATH is empty; name a folder, such as . for the current one.")
    return Path(tokens[0].value)


MOST_ROWS = 1_000_000_000
HowMany = Annotated[int, Parameter(validator=validators.Number(gte=0, lte=MOST_ROWS))]
"""How many rows of a log at most."""


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
    home: Annotated[Path | None, Parameter(converter=folder)] = None


DEFAULTS = Options()


def load(options: Options) -> LoadedSettings:
    """Read the settings, with the command line winning, and log as they say.

    Raises:
        ConfigError: A setting is wrong.
    """
    overrides = {} if options.home is None else {"home": options.home}
    loaded = load_settings(options.config, overrides=overrides)
    logging.getLogger().setLevel(loaded.settings.log_level.upper())
    return loaded


@contextmanager
def opened(options: Options) -> Iterator["Corpus"]:
    """Open the home for a command that needs one that is there.

    Raises:
        ConfigError: There is none, as under a name that was misspelt; none is made.
        HoldfastError: A setting is wrong, or the home cannot be opened.
    """
    loaded = load(options)
    if lacks_home(loaded.settings):
        raise ConfigError(f"{no_home(loaded)} Nothing was changed.")
    with corpus_of(loaded.settings) as corpus:
        yield corpus


@contextmanager
def looked_at(options: Options) -> Iterator["Corpus"]:
    """Open the home for a command that only reads; one that is not there is told and not made.

    Raises:
        HoldfastError: A setting is wrong, or the home cannot be opened.
    """
    loaded = load(options)
    if lacks_home(loaded.settings):
        note(f"{no_home(loaded)} So nothing is indexed.")
    with read_only(loaded.settings) as corpus:
        yield corpus


@contextmanager
def served(options: Options) -> Iterator["Corpus"]:
    """Open the home for a service, which may start before the first ingest; that is told.

    Raises:
        HoldfastError: A setting is wrong, or the home cannot be opened.
    """
    loaded = load(options)
    if lacks_home(loaded.settings):
        note(f"{no_home(loaded)} One is made; nothing can be answered until something is ingested.")
    with corpus_of(loaded.settings) as corpus:
        yield corpus


@contextmanager
def read_only(settings: Settings) -> Iterator["Corpus"]:
    """Open the home of these settings to read; one that is not there is not made."""
    if not lacks_home(settings):
        with corpus_of(settings) as corpus:
            yield corpus
        return
    # An empty ledger that threads share, which none in memory is.
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        url = URL.create("sqlite", database=str(Path(folder) / "ledger.sqlite"))
        nothing = LedgerSettings(url=SecretStr(url.render_as_string()))
        with corpus_of(settings.model_copy(update={"ledger": nothing})) as corpus:
            yield corpus


def lacks_home(settings: Settings) -> bool:
    """Tell whether the ledger would be in the home, and there is none."""
    return settings.ledger.url is None and is_unused(settings.home)


def no_home(loaded: LoadedSettings) -> str:
    """Say where there is no home, which setting says so, and what can be done."""
    return (
        f"There is no home at {loaded.settings.home} (setting `home`, from "
        f"{loaded.origins['home']}). Name another with --home, {variable_of('home')} or `home:` in "
        "the settings file, or begin one with `holdfast ingest`."
    )


def note(message: str) -> None:
    """Print something for people that is no error, where no result is printed."""
    from service.console import err, safe

    err.print(f"[bold yellow]note:[/] {safe(message)}")


def is_unused(home: Path) -> bool:
    """Tell whether there is nothing at all where the home would be.

    One that cannot be looked at is not taken for unused: whoever opens it says what is wrong.
    """
    try:
        return not home.exists() or (home.is_dir() and not any(home.iterdir()))
    except OSError:
        return False


@contextmanager
def corpus_of(settings: Settings) -> Iterator["Corpus"]:
    """Open the home of these settings, and close it."""
    from indexing.corpus import open_corpus

    corpus = open_corpus(settings)
    try:
        yield corpus
    finally:
        corpus.close()
