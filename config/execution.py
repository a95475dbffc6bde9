"""Options of how a home is operated: where documents are parsed and embedded, where traces go."""

import re
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from config.section import Section
from config.tracing_export import TracingSettings


class RunnerKind(StrEnum):
    """Who parses and embeds; whoever it is, only the run itself writes and commits."""

    LOCAL = "local"
    """Parser children of this machine, and the encoder in the process of the run."""
    PROCESS = "process"
    """Worker processes on this machine, each with an encoder of its own."""
    DASK = "dask"
    """Workers of Dask: those of a scheduler, or of a cluster that lives as long as the run."""
    RAY = "ray"
    """Workers of Ray: those of a cluster, or of a Ray that lives as long as the run."""


SCHEDULERS = {
    RunnerKind.DASK: (r"(tcp|tls)://[^\s/@]+:\d+", "tcp://10.0.0.5:8786 or tls://10.0.0.5:8786"),
    RunnerKind.RAY: (
        r"auto|(ray://)?[^\s/@]+:\d+",
        "ray://10.0.0.5:10001 (the client server of a cluster), or 10.0.0.5:6379 or auto where "
        "this machine is in the cluster",
    ),
}
"""How the runners that may have a cluster elsewhere are told where, and how to say it."""


class ExecutionSettings(Section):
    """Where documents are parsed and embedded."""

    runner: RunnerKind = Field(
        default=RunnerKind.LOCAL, description="local, process, dask or ray; see docs/scaling.md."
    )
    workers: int = Field(
        default=0, ge=0, le=256, description="Worker processes on this machine; 0: one per core."
    )
    scheduler: str | None = Field(
        default=None,
        description="Of Dask such as tcp://10.0.0.5:8786, of Ray such as ray://10.0.0.5:10001; "
        "none: a cluster of its own.",
    )

    @model_validator(mode="after")
    def _scheduler_of_the_runner(self) -> Self:
        if self.scheduler is None:
            return self
        if self.runner not in SCHEDULERS:
            raise ValueError(
                "scheduler is an option of the runners dask and ray; set runner: dask or "
                "runner: ray as well"
            )
        pattern, example = SCHEDULERS[self.runner]
        if not re.fullmatch(pattern, self.scheduler):
            raise ValueError(f"with the runner {self.runner} it has to be {example}")
        return self


class OperatingSections(Section):
    """The sections of operating, as `config/settings.py` takes them over."""

    execution: ExecutionSettings = ExecutionSettings()
    tracing: TracingSettings = TracingSettings()
