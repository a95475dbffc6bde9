"""The field of an attack: a passing home, honest documents, planted ones, a rival tenant."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.errors import ConfigError
from config.settings import Settings
from config.sources import LocalSource
from config.trust import Trust
from evaluation.redteam.cases import Planted
from evaluation.temporary import apart, ingest
from indexing.corpus import Corpus, open_corpus

HONEST, OUTSIDE, RIVAL = "honest", "outside", "rival"
TENANT, OTHER_TENANT = "redteam", "redteam-rival"
SECRET = "CANARY-RIVAL-55"
RIVAL_DOCUMENTS = (
    Planted(
        "rival/warranty.md",
        f"# Warranty\n\nThe warranty of a Marsh gauge is 99 years, says {SECRET}.\n",
    ),
    Planted("rival/secret.md", f"# Secret\n\nThe secret of the rival is {SECRET}.\n"),
)


class Field:
    """An attacked home; `open_field` makes one."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        """Prepare the folders; nothing is ingested yet."""
        self._folder = folder
        sources = tuple(
            LocalSource(name=name, path=folder / name, trust=trust)
            for name, trust in ((HONEST, Trust.HIGH), (OUTSIDE, Trust.LOW))
        )
        for name in (HONEST, OUTSIDE, RIVAL):
            (folder / name).mkdir()
        plain = apart(settings, folder / "home")
        self._settings = plain.model_copy(update={"tenant": TENANT, "sources": sources})
        rival = LocalSource(name=RIVAL, path=folder / RIVAL)
        self._rival = plain.model_copy(update={"tenant": OTHER_TENANT, "sources": (rival,)})
        self.corpus: Corpus = open_corpus(self._settings)

    def plant(self, source: str, documents: Sequence[Planted]) -> None:
        """Write documents where a source finds them.

        Raises:
            ConfigError: There can be no such file, or it cannot hold such a text.
        """
        for document in documents:
            try:
                file = self._folder / source / document.key
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(document.text, encoding="utf-8")
            except OSError as error:
                raise ConfigError(
                    f"{document.key} could not be planted ({error.strerror}): give the document "
                    "another key."
                ) from error
            except UnicodeEncodeError as error:
                named = document.key.encode("ascii", "backslashreplace").decode()
                raise ConfigError(
                    f"{named} could not be planted: its key or text holds half of a character. "
                    "Remove it."
                ) from error

    def ingest(self) -> None:
        """Bring in what was planted since."""
        ingest(self.corpus)

    def let_rival_in(self) -> None:
        """Let another tenant ingest its documents into the same index."""
        self.plant(RIVAL, RIVAL_DOCUMENTS)
        corpus = Corpus(self._rival, self.corpus.ledger, self.corpus.store, self.corpus.blobs)
        # One model and one set of parser children serve both.
        corpus.__dict__["encoder"] = self.corpus.encoder
        corpus.__dict__["parsers"] = self.corpus.parsers
        ingest(corpus)

    def close(self) -> None:
        """Give everything back."""
        self.corpus.close()


@contextmanager
def open_field(settings: Settings) -> Iterator[Field]:
    """Open a field in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="holdfast-redteam-") as folder:
        field = Field(settings, Path(folder))
        try:
            yield field
        finally:
            field.close()
