"""Load a trained network: its file and its backbone are checked first; torch loads with the call.

What training changed lies in a file of its own. What it left alone comes from the backbone that
every installation has, so no hub is asked and the file stays small.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from config.errors import ConfigError
from config.settings import EmbeddingSettings
from indexing.encoding.model_files import ModelFiles, find_model
from indexing.encoding.processor import processor_has_bf16

SHIPPED: Final = Path(__file__).parents[1] / "models"
"""Where the networks that ship lie."""


@dataclass(frozen=True, slots=True)
class TrainedFile:
    """A file of weights, and what it must be."""

    file: Path
    sha256: str
    backbone: str
    """Revision of the backbone it was trained on (`ModelFiles.revision`)."""
    length: int
    """Longest input in tokens."""
    record: str
    """Name of the file that says so, for messages."""

    def load(self) -> tuple[Any, Any]:
        """Return the tokenizer and the network, ready to read.

        Raises:
            ConfigError: The file is damaged, or the backbone is not the one it was trained on.
            ModelError: There is no backbone.
        """
        from safetensors.torch import load

        from query.networks.reader_network import ReaderNetwork, open_tokenizer

        content, files = self._checked()
        network = ReaderNetwork(files.path)
        unknown = network.load_state_dict(
            {name: value.float() for name, value in load(content).items()}, strict=False
        ).unexpected_keys
        if unknown:
            raise ConfigError(f"{self.file.name} holds unknown weights: {', '.join(unknown[:3])}.")
        network.eval()
        if processor_has_bf16():  # three to four times as fast, where the processor multiplies so
            network.to_bf16()
        return open_tokenizer(files.tokenizer_file, self.length), network

    def check(self) -> None:
        """Make sure that it can be loaded, as far as its files tell; torch stays away.

        Raises:
            ConfigError: The file is damaged, or the backbone is not the one it was trained on.
            ModelError: There is no backbone.
        """
        self._checked()

    def _checked(self) -> tuple[bytes, ModelFiles]:
        """Return what the file holds, and the files of the backbone."""
        try:
            content = self.file.read_bytes()
        except OSError as error:
            raise ConfigError(f"{self.file.name} cannot be read ({error.strerror}).") from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise ConfigError(
                f"{self.file.name} is damaged: its sha256 is not that of {self.record}."
            )
        files = find_model(EmbeddingSettings())
        if files.revision != self.backbone:
            raise ConfigError(
                f"The reader was trained on backbone {self.backbone[:12]}, installed is "
                f"{files.revision[:12]}."
            )
        return content, files
