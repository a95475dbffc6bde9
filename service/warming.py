"""Loading models while the service starts, so that no question waits for them."""

import logging
import threading

from indexing.corpus import Corpus
from query.warming import load_models

logger = logging.getLogger(__name__)


class Warming:
    """Loads models in a thread of its own; a service is not ready before that has ended."""

    def __init__(self, corpus: Corpus) -> None:
        """Begin.

        Args:
            corpus: The open home; whoever opened it closes it.
        """
        self._corpus = corpus
        self._thread = threading.Thread(target=self._load, name="warming", daemon=True)
        self._thread.start()

    def is_over(self) -> bool:
        """Tell whether models are loaded, or cannot be: then questions say what is missing."""
        return not self._thread.is_alive()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the end."""
        self._thread.join(seconds)

    def _load(self) -> None:
        try:
            load_models(self._corpus)
        except Exception as error:  # noqa: BLE001 - the service serves what it can without them
            logger.warning("Models could not be loaded ahead of the first question: %s", error)
