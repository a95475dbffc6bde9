"""The workers of one home, started by the first document that needs them."""

import threading
from typing import TYPE_CHECKING

from config.errors import ConfigError
from config.execution import RunnerKind
from config.settings import Settings
from indexing.pipeline_parts import PipelineParts
from ingestion.parsing.pool import Parsers

if TYPE_CHECKING:
    from indexing.encoding.encoder import Encoder
    from indexing.execution.runner import Runner
    from indexing.execution.work import Pipeline


class SharedRunner:
    """One runner for a home and all its views under other settings."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock = threading.Lock()
        self._runner: Runner | None = None

    def parsers(self, parts: PipelineParts) -> Parsers | None:
        """Return what parses on workers, or none where this process does it itself."""
        if parts.settings.execution.runner is RunnerKind.LOCAL:
            return None
        from indexing.execution.parsers import RemoteParsers

        runner = self._open(parts.settings)
        return RemoteParsers(runner, pipeline_of(parts, runner))

    def encoder(self, parts: PipelineParts) -> "Encoder | None":
        """Return what embeds on workers, or none where this process does it itself."""
        if parts.settings.execution.runner is RunnerKind.LOCAL:
            return None
        from indexing.execution.encoder import RemoteEncoder

        runner = self._open(parts.settings)
        return RemoteEncoder(runner, pipeline_of(parts, runner), parts.model, parts.encoder)

    def close(self) -> None:
        """End what was started."""
        with self._lock:
            runner, self._runner = self._runner, None
        if runner is not None:
            runner.close()

    def _open(self, settings: Settings) -> "Runner":
        with self._lock:
            if self._runner is None:
                self._runner = open_runner(settings)
            return self._runner


def open_runner(settings: Settings) -> "Runner":
    """Return the runner that the settings name; it starts nothing by itself.

    Raises:
        ConfigError: It has no workers, or its library is not installed.
    """
    execution = settings.execution
    match execution.runner:
        case RunnerKind.PROCESS:
            from indexing.execution.processes import ProcessRunner

            return ProcessRunner(execution.workers)
        case RunnerKind.DASK:
            from indexing.execution.dask import DaskRunner

            return DaskRunner(execution, settings.home / "cache" / "dask")
        case RunnerKind.RAY:
            from indexing.execution.ray import RayRunner

            return RayRunner(execution, settings.home / "cache" / "ray")
        case _:
            raise ConfigError("execution.runner is local, which needs no workers.")


def pipeline_of(parts: PipelineParts, runner: "Runner") -> "Pipeline":
    """Return what workers have to know, and nothing more: no secret and no address."""
    from indexing.execution.work import Pipeline

    s = parts.settings
    ingestion, embedding = s.ingestion, s.embedding
    if runner.threads:  # the cores of this machine are shared out
        ingestion = ingestion.model_copy(update={"parser_processes": 1})
        if not embedding.threads:
            embedding = embedding.model_copy(update={"threads": runner.threads})
    return Pipeline(
        ingestion, s.ocr, s.quality, s.chunking, embedding, s.sparse, parts.spec.fingerprint
    )
