"""Switches that keep third-party libraries quiet and offline; set before any of them is imported.

`unstructured`, Prefect, the hub client and the Qdrant server report usage or download models
unless told not to. A user's own value of any of these variables wins.
"""

import os

QUIET = {
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "true",
    "UNSTRUCTURED_DISABLE_NOTICE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "QDRANT__TELEMETRY_DISABLED": "true",
    # Library code logs through the standard library; this makes it appear in the Prefect UI.
    "PREFECT_LOGGING_EXTRA_LOGGERS": "ingestion,indexing,query",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "TOKENIZERS_PARALLELISM": "true",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def quieten(*, offline: bool = True) -> None:
    """Set the switches that the user has not set, for this process and its children.

    Args:
        offline: Also forbid downloads from the model hub.
    """
    for name, value in {**QUIET, **(OFFLINE if offline else {})}.items():
        os.environ.setdefault(name, value)
