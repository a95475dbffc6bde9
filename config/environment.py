"""Switches that keep libraries quiet, offline and considerate; set before any is imported.

`unstructured`, Prefect, the hub client, the Qdrant server and Ray report usage or download models
unless told not to. A user's own value of any of these variables wins.
"""

import os

PARALLEL = "TOKENIZERS_PARALLELISM"
QUIET = {
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "true",
    "UNSTRUCTURED_DISABLE_NOTICE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "QDRANT__TELEMETRY_DISABLED": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    # Library code logs through the standard library; this makes it appear in the Prefect UI.
    "PREFECT_LOGGING_EXTRA_LOGGERS": "flows,ingestion,indexing,query,evaluation",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    PARALLEL: "true",
    # Threads of two encoders on one machine (a worker's and the query service's) wait without
    # spinning: each runs 1.4 times as fast as if they fought for the cores, and alone no slower.
    "OMP_WAIT_POLICY": "PASSIVE",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
_ours: dict[str, str] = {}
"""What was set here, and not by the user."""


def quieten(*, offline: bool = True) -> None:
    """Set the switches that the user has not set, for this process and its children.

    Args:
        offline: Also forbid downloads from the model hub.
    """
    for name, value in {**QUIET, **(OFFLINE if offline else {})}.items():
        if name not in os.environ:
            os.environ[name] = _ours[name] = value


def _after_fork() -> None:
    """Let a forked child encode: the threads of the tokenizers are not in it, and none come.

    By themselves the tokenizers see to that, but not where somebody has set the variable, as we do.
    """
    if PARALLEL in _ours and os.environ.get(PARALLEL) == _ours[PARALLEL]:
        os.environ[PARALLEL] = "false"


os.register_at_fork(after_in_child=_after_fork)
