"""Options of how a home is operated: where documents are parsed and embedded, where traces go."""

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
    """Not in this version; refused with what to use instead."""


class ExecutionSettings(Section):
    """Where documents are parsed and embedded."""

    runner: RunnerKind = Field(
        default=RunnerKind.LOCAL, description="local, process or dask; see docs/scaling.md."
    )
    workers: int = Field(
        default=0, ge=0, le=256, description="Worker processes on this machine; 0: one per core."
    )
    scheduler: str | None = Field(
        default=None,
        pattern=r"^(tcp|tls)://[^\s/@]+:\d+$",
        description="A Dask scheduler such as tcp://10.0.0.5:8786; none: a cluster of its own.",
    )

    @model_validator(mode="after")
    def _scheduler_of_dask(self) -> Self:
        if self.scheduler is not None and self.runner is not RunnerKind.DASK:
            raise ValueError("scheduler is an option of the runner dask; set runner: dask as well")
        return self


class OperatingSections(Section):
    """The sections of operating, as `config/settings.py` takes them over."""

    execution: ExecutionSettings = ExecutionSettings()
    tracing: TracingSettings = TracingSettings()
