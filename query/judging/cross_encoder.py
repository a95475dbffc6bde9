"""A CrossEncoder of sentence-transformers as a reader of passages, of whatever kind it is.

Nothing of it is loaded before the first question, and nothing is fetched unless the settings permit
a download. What it is called says which files it has: a model with other weights is another judge.
"""

import functools
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from config.heap import kept_for_good
from config.querying import CrossEncoderKind
from query.judging.reader import Reading

NOT_HERE = "missing"
"""Stands for the files of a model that is not on this machine; no calibration is bound to it."""
CLAIM = "The passage answers the question: {question}"
"""What a model for inference is asked about a passage."""
ENTAILS = "entailment"
LONGEST = 512
"""Tokens of a pair at most, if the model itself takes more or does not say."""
_SHAPING = ("*.json", "*.safetensors", "*.txt", "*.model")


@dataclass(frozen=True)
class CrossEncoderReader:
    """Gives one logit per passage, higher is better."""

    model: str
    """A folder, or a name looked up in the hub cache."""
    kind: CrossEncoderKind
    revision: str
    """Of the files that it was named by (`revision_of`)."""
    offline: bool = True
    """False permits a download from the hub."""

    @functools.cached_property
    def _encoder(self) -> Any:
        """Load the model.

        Raises:
            ConfigError: It is not here, was another one, or is of another kind than was said.
            Exception: Whatever the library raises.
        """
        if self.offline and self.revision == NOT_HERE:
            raise ConfigError("gate.judge_model is not on this machine, and none may be fetched.")
        with kept_for_good():
            from sentence_transformers import CrossEncoder

        # Pickled weights can run code, so only safetensors are read.
        encoder = CrossEncoder(
            self.model,
            local_files_only=self.offline,
            trust_remote_code=False,
            device="cpu",
            model_kwargs={"use_safetensors": True},
        )
        if revision_of(self.model) != self.revision:
            raise ConfigError(
                "gate.judge_model has other files than when this process began; start it again."
            )
        config = encoder.model.config
        named = "max_seq_length" if hasattr(encoder, "max_seq_length") else "max_length"
        takes = (getattr(encoder, named), getattr(config, "max_position_embeddings", None), LONGEST)
        setattr(encoder, named, min(n for n in takes if n))
        if self.kind is not CrossEncoderKind.NLI and config.num_labels != 1:
            raise ConfigError(
                f"gate.judge_model has {config.num_labels} labels; gate.judge_kind "
                f"{self.kind.value} needs one score."
            )
        return encoder

    def read(self, question: str, texts: Sequence[str]) -> Sequence[Reading]:
        """Return one reading per text.

        Raises:
            ConfigError: The model is not there, or is not what the settings say.
            ValueError: It gave no usable numbers.
        """
        if not texts:
            return []
        from torch.nn import Identity

        pairs = [pair(self.kind, question, text) for text in texts]
        found = self._encoder.predict(pairs, activation_fn=Identity(), show_progress_bar=False)
        if self.kind is CrossEncoderKind.NLI:
            wanted = entailment_of(self._encoder.model.config.id2label)
            logits = [log_odds([float(x) for x in row], wanted) for row in found]
        else:
            logits = [float(score) for score in found.reshape(-1)]
        if len(logits) != len(texts) or not all(map(math.isfinite, logits)):
            raise ValueError("the model of the gate gave no usable numbers")
        return [Reading(logit, logit) for logit in logits]


def pair(kind: CrossEncoderKind, question: str, text: str) -> tuple[str, str]:
    """Return the two texts in the order in which a model of this kind was taught them."""
    if kind is CrossEncoderKind.RELEVANCE:
        return question, text
    return text, CLAIM.format(question=question)


def entailment_of(labels: Any) -> int:
    """Return which of the labels says that the passage entails the claim.

    Models differ in the order of their labels, so it is read, never assumed.

    Raises:
        ConfigError: None of them is called so, or several are.
    """
    found = [int(i) for i, name in dict(labels).items() if str(name).strip().lower() == ENTAILS]
    if len(found) != 1:
        names = ", ".join(str(name) for name in dict(labels).values())
        raise ConfigError(
            f"gate.judge_model has no label {ENTAILS!r} in its id2label ({names}), so nobody can "
            "tell what its scores mean."
        )
    return found[0]


def log_odds(logits: Sequence[float], wanted: int) -> float:
    """Return the log odds of one label against all others, without an overflow."""
    others = [x for i, x in enumerate(logits) if i != wanted]
    top = max(others)
    return logits[wanted] - (top + math.log(sum(math.exp(x - top) for x in others)))


def revision_of(model: str) -> str:
    """Return a digest of a model's files; `missing` where they are not on this machine.

    A snapshot of the hub is named by its commit, which stands for its content; the files of a
    folder are hashed.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return _digest(folder)
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        cached = try_to_load_from_cache(model, "config.json")
    except HFValidationError:
        return NOT_HERE
    return Path(cached).parent.name if isinstance(cached, str) else NOT_HERE


def _digest(folder: Path) -> str:
    files = sorted(path for pattern in _SHAPING for path in folder.rglob(pattern))
    if not files:
        return NOT_HERE
    whole = hashlib.sha256()
    for path in files:
        whole.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
