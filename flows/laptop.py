"""Everything on one machine: Prefect server, deployments, worker, query service (`holdfast up`)."""

import logging
import os
import shlex
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from config.environment import QUIET
from config.errors import HoldfastError
from config.loading import LoadedSettings
from config.origins import mask_url
from flows.calling import reach_api
from flows.children import ChildError, Children, Program

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
QUERY_NAME = "query service"
LEASES = "prefect.server.concurrency.lease_storage.filesystem"
REACH_SECONDS = 2.0
RUNS_AT_ONCE = 4
"""Flow runs of one worker; one that waits for a person takes up a place, too."""
NEARBY = {
    # A click waits for the worker to ask, half of this on average; Prefect's own 10 s feel broken.
    "PREFECT_WORKER_QUERY_SECONDS": "3",
    # Each batch of log lines is a call; the page of a run renews itself no more often.
    "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "5",
    # One write for the task runs of two seconds instead of one for each of their states.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "20",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "20",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "2",
}
"""What is chosen for one machine; what the user's environment says wins."""
VACUUM = "PREFECT_SERVER_SERVICES_DB_VACUUM"
"""By default Prefect removes old events only: runs, their logs and artifacts stay for ever, 80 KB
for an ingest that finds nothing to do."""
DAY_SECONDS = 86_400
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Query:
    """The query service that is started beside the rest."""

    command: Sequence[str]
    port: int
    """Where the command listens, on this machine only."""


def run_everything(loaded: LoadedSettings, port: int, query: Query | None, tell: Tell) -> None:
    """Start everything, say where it is, and run until interrupted; then end everything.

    A Prefect server is only started where none is configured. What it writes is under the home.

    Args:
        loaded: The settings in force.
        port: For the Prefect server, on this machine only.
        query: The query service; none if there is to be none.
        tell: Is told, a line at a time, what runs where.

    Raises:
        HoldfastError: A port is taken; server or worker do not start, or end by themselves.
    """
    settings = loaded.settings
    url = settings.orchestration.api_url
    own = url is None
    url = url or f"http://{HOST}:{port}/api"
    if own:
        use = f"set PREFECT_API_URL={url} to use it"
        check_free(port, f"If it is a Prefect server, {use}; else name another --port.")
    if own and query is not None and query.port == port:
        raise HoldfastError(
            f"Port {port} cannot be both that of the Prefect server and that of the query service. "
            "Name another --port, or another --query-port; 0 is without the query service."
        )
    if query is not None:
        check_free(query.port, "Name another --query-port for the query service; 0 is without it.")
    env = environment(loaded, url, own=own)
    os.environ.update(env)  # Prefect reads it when it is imported, below
    logs = settings.home / "prefect" / "logs"
    with Children() as children:
        if own:
            children.start(server(env, port, url, logs))
            tell(f"Prefect UI: http://{HOST}:{port}")
        else:
            reach_api(url)
            tell(f"Prefect API: {mask_url(url)}")
        from flows.bootstrap import POOL, bootstrap
        from flows.deployments import place_of
        from flows.leftovers import crash_leftovers
        from flows.one_home import refuse_other_home

        if not own:  # one's own is under the home, and moves with it
            refuse_other_home(settings, url)
        elif crashed := crash_leftovers(url):
            tell(f"runs whose process is gone since the last time: {crashed}, now crashed")
        done = bootstrap(settings, url, place_of(loaded), job(own=own))
        tell(f"deployments: {', '.join(done.deployments)}")
        children.start(worker(env, POOL, url, logs))
        tell("worker: ready")
        if query is not None:
            start_query(children, query, env, logs)
            tell(query_told(children, query))
        tell(f"logs: {logs}")
        tell("Everything runs until Ctrl-C.")
        children.watch(expendable={QUERY_NAME})


def start_query(children: Children, query: Query, env: Mapping[str, str], logs: Path) -> None:
    """Start the query service; one that does not start does not stop the rest.

    It may have nothing to serve yet, or no keys; its log and `holdfast serve` say so.
    """

    def served() -> bool:
        pid = children.pids.get(QUERY_NAME)
        return pid is not None and listens(pid, query.port)

    program = Program(QUERY_NAME, query.command, env, logs / "query.log", served)
    try:
        children.start(program)
    except ChildError as error:
        children.forget(program.name)
        logger.warning("%s", error)


def query_told(children: Children, query: Query) -> str:
    """Say whether the query service runs."""
    if QUERY_NAME in children.pids:
        return f"query service: http://{HOST}:{query.port}"
    return "query service: not running, `holdfast serve` says why"


def listens(pid: int, port: int) -> bool:
    """Tell whether this very process listens: whatever else answers there is somebody else's."""
    with suppress(psutil.Error):
        return any(
            one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port
            for one in psutil.Process(pid).net_connections("tcp")
        )
    return False


def environment(loaded: LoadedSettings, url: str, *, own: bool) -> Mapping[str, str]:
    """Return the environment of the processes: quiet, and with this home wherever they run.

    Args:
        loaded: The settings in force.
        url: The Prefect API.
        own: Whether the server is one of the processes. Then Prefect's own files are under the
            home; else the profile of the user counts, which may know how to log in.
    """
    home, kept = loaded.settings.home, dict(NEARBY)
    chosen = {"PREFECT_API_URL": url, "HOLDFAST_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    if own:
        chosen["PREFECT_HOME"] = str(home / "prefect")
        # Kept in memory, slots are never given back that were taken before the server restarted.
        chosen["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"] = LEASES
        # Else the pages are copied into the installed package, which two servers would share.
        chosen["PREFECT_SERVER_UI_STATIC_DIRECTORY"] = str(home / "prefect" / "ui")
        kept[f"{VACUUM}_ENABLED"] = "events,flow_runs"
        days = loaded.settings.audit.keep_days  # as `holdfast gc` keeps runs
        kept[f"{VACUUM}_RETENTION_PERIOD"] = str(days * DAY_SECONDS)
    if loaded.config_file is not None:
        chosen["HOLDFAST_CONFIG"] = str(loaded.config_file)
    return {**QUIET, **kept, **os.environ, **chosen}


def job(*, own: bool) -> Mapping[str, str]:
    """Return how workers run flows by default: where the pool is its own, without detours.

    With no command given, a worker first starts a process that finds out where the code of a flow
    is, for as long as it takes to import Prefect. The code is installed here.
    """
    engine = shlex.join([sys.executable, "-m", "prefect.engine"])
    return {"working_dir": str(Path.cwd()), "command": engine} if own else {}


def server(env: Mapping[str, str], port: int, url: str, logs: Path) -> Program:
    """Describe the Prefect server; it is ready when its API answers."""
    command = [sys.executable, "-m", "prefect", "server", "start"]
    command += ["--host", HOST, "--port", str(port), "--log-level", "WARNING"]
    return Program("Prefect server", command, env, logs / "server.log", lambda: answers(url))


def worker(env: Mapping[str, str], pool: str, url: str, logs: Path) -> Program:
    """Describe the worker; it is ready when the server has heard of it."""
    name = f"{socket.gethostname()}-{os.getpid()}"
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool]
    command += ["--type", "process", "--limit", str(RUNS_AT_ONCE), "--name", name]
    return Program("worker", command, env, logs / "worker.log", lambda: polls(url, pool, name))


def answers(url: str) -> bool:
    """Tell whether a Prefect API is healthy."""
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}/health", timeout=REACH_SECONDS).is_success
    return False


def polls(url: str, pool: str, name: str) -> bool:
    """Tell whether a worker has reported to its pool.

    Prefect's client asks, because it knows how to log in where a server wants that.
    """
    # Here, because the environment that Prefect reads is set before.
    from prefect.exceptions import PrefectException

    from flows.calling import asking

    with suppress(httpx.HTTPError, PrefectException), asking(url, REACH_SECONDS, 0) as client:
        return any(worker.name == name for worker in client.read_workers_for_work_pool(pool))
    return False


def check_free(port: int, remedy: str) -> None:
    """Refuse a port at which something listens already.

    Args:
        port: On this machine.
        remedy: What to do about it, for the message.

    Raises:
        HoldfastError: It is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise HoldfastError(f"Port {port} is taken ({error.strerror}). {remedy}") from error
