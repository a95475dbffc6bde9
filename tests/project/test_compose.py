"""docker-compose.yml keeps its promises: pinned, local, healthy, quiet, without secrets.

No Docker engine is needed: the file is data, and the health check of Qdrant is run against a
small server here.
"""

import http.server
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.environment import QUIET
from config.loading import load_settings

KEYS = {
    "build", "cap_drop", "command", "configs", "depends_on", "deploy", "entrypoint",
    "environment", "healthcheck", "image", "init", "ports", "profiles", "restart",
    "security_opt", "shm_size", "stop_grace_period", "volumes",
}  # fmt: skip
HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period"}
CONDITIONS = {"service_healthy", "service_completed_successfully"}


@pytest.fixture(scope="module")
def compose(repository: Path) -> dict[str, Any]:
    return yaml.safe_load((repository / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return compose["services"]


def runs_once(service: dict[str, Any]) -> bool:
    return service["restart"] == "no"


def test_all_parts_are_there(services):
    assert set(services) == {"qdrant", "postgres", "prefect-server", "bootstrap", "worker", "query"}
    assert services["query"]["profiles"] == ["query"]
    assert [name for name, service in services.items() if "profiles" in service] == ["query"]


def test_only_keys_that_compose_knows(compose, services):
    assert {key for key in compose if not key.startswith("x-")} == {
        "name", "services", "configs", "volumes"
    }  # fmt: skip
    for name, service in services.items():
        assert set(service) <= KEYS, name
        assert set(service.get("healthcheck", {})) <= HEALTH_KEYS, name


def test_images_are_pinned_to_a_full_version(services, pinned):
    tags = dict(service["image"].rsplit(":", 1) for service in services.values())
    for image, tag in tags.items():
        assert re.match(r"v?\d+\.\d+", tag), f"{image}:{tag}"
    assert tags["prefecthq/prefect"] == f"{pinned['prefect']}-python3.11"
    server = tuple(int(part) for part in tags["qdrant/qdrant"].removeprefix("v").split("."))
    client = tuple(int(part) for part in pinned["qdrant-client"].split("."))
    assert len(server) == 3
    assert server >= (1, 19, 0)
    assert abs(server[1] - client[1]) <= 1, "the client supports one minor version difference"
    assert tags["postgres"].split(".")[0] in {"16", "17"}


def test_our_image_carries_the_version_of_the_package(repository, services):
    project = (repository / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.+)"$', project, re.MULTILINE)
    assert version
    ours = {s["image"] for s in services.values() if "build" in s}
    assert ours == {f"holdfast:{version[1]}"}


def test_ports_are_bound_to_this_machine_only(services):
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) >= 4
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports), ports


def test_long_running_services_restart_and_tell_their_health(services):
    for name, service in services.items():
        if runs_once(service):
            assert "healthcheck" not in service, name
            continue
        assert service["restart"] == "unless-stopped", name
        assert set(service["healthcheck"]) == HEALTH_KEYS, name
    assert [name for name, service in services.items() if runs_once(service)] == [
        "bootstrap",
        "query",
    ]


def test_dependencies_exist_and_wait_for_health(services):
    for name, service in services.items():
        for dependency, rule in service.get("depends_on", {}).items():
            assert rule["condition"] in CONDITIONS, name
            once = rule["condition"] == "service_completed_successfully"
            assert runs_once(services[dependency]) == once, (name, dependency)


def test_every_service_has_limits(services):
    for name, service in services.items():
        limits = service["deploy"]["resources"]["limits"]
        assert set(limits) == {"cpus", "memory"}, name


def test_volumes_and_configs_are_declared(repository, compose, services):
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert volume.endswith(":ro"), (name, volume)
            else:
                assert source in compose["volumes"], (name, volume)
        for config in service.get("configs", []):
            assert config["source"] in compose["configs"], name
    assert (repository / "config/holdfast.yaml").is_file()


def test_no_secret_is_written_down(services):
    secret = re.compile(r"PASSWORD|API_KEY|AUTH_STRING|SECRET|TOKEN$")
    found = 0
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if secret.search(variable):
                found += 1
                assert re.fullmatch(r"\$\{[A-Z_]+:\?[^}]+\}", value), (name, variable)
            password = re.search(r"://[^:/]+:(.+)@", value)
            assert password is None or password[1].startswith("${POSTGRES_PASSWORD:?"), variable
    assert found >= 5


def test_required_variables_are_in_the_example(repository):
    text = (repository / "docker-compose.yml").read_text(encoding="utf-8")
    example = (repository / ".env.example").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\$\{([A-Z_]+)", text))
    assert {"POSTGRES_PASSWORD", "QDRANT_API_KEY", "PREFECT_API_AUTH_STRING"} <= wanted
    assert wanted <= set(re.findall(r"^([A-Z_]+)=$", example, re.MULTILINE))


def test_reporting_is_off_everywhere(services):
    for name, service in services.items():
        if "build" in service:
            assert service["environment"].items() >= QUIET.items(), name
    assert services["qdrant"]["environment"]["QDRANT__TELEMETRY_DISABLED"] == "true"
    server = services["prefect-server"]["environment"]
    assert server["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert server["DO_NOT_TRACK"] == "1"


def test_our_containers_have_no_privileges(services):
    for name, service in services.items():
        if "build" in service:
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name


def test_settings_of_our_containers_load(repository, services, tmp_path):
    for name in ("worker", "query", "bootstrap"):
        environment = dict(services[name]["environment"])
        inside = environment.pop("HOLDFAST_CONFIG")
        (mounted,) = [v for v in services[name]["volumes"] if v.split(":")[1] == inside]
        shipped = tmp_path / inside.lstrip("/")
        shipped.parent.mkdir(exist_ok=True)
        shutil.copy(repository / mounted.split(":")[0], shipped)

        loaded = load_settings(shipped, environment, cwd=tmp_path)

        assert loaded.settings.store.url == "http://qdrant:6333", name
        assert loaded.settings.orchestration.api_url == "http://prefect-server:4200/api", name
        source = "/" + str(loaded.settings.sources[0].path.relative_to(tmp_path))
        assert source in {v.split(":")[1] for v in services[name]["volumes"]}, name


def test_prefect_knows_every_variable_it_is_given(repository, services, tmp_path):
    names = {
        variable
        for service in services.values()
        for variable in service.get("environment", {})
        if variable.startswith("PREFECT_")
    }
    code = (
        "from prefect.settings import Settings\n"
        "from prefect.settings.legacy import _get_settings_fields as fields\n"
        "print(*fields(Settings))"
    )
    known = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, cwd=tmp_path, timeout=120,
    ).stdout.split()  # fmt: skip
    assert names
    assert names <= set(known)


def test_worker_polls_the_pool_that_bootstrap_creates(repository, services):
    command = services["worker"]["command"]
    pool = command[command.index("--pool") + 1]
    script = services["bootstrap"]["command"][0]
    assert f"work-pool create {pool} --type process" in script
    assert "prefect --no-prompt deploy --all" in script
    assert "--with-healthcheck" in command
    flows = yaml.safe_load((repository / "prefect.yaml").read_text(encoding="utf-8"))
    assert {deployment["work_pool"]["name"] for deployment in flows["deployments"]} == {pool}


class Ready(http.server.BaseHTTPRequestHandler):
    """Answers /readyz with the status its server carries."""

    def do_GET(self) -> None:
        found = self.path == "/readyz"
        self.send_response(self.server.status if found else 404)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(status: int) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ready)
    server.status = status  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (404, False)])
def test_qdrant_health_check_reads_the_answer(services, status, healthy):
    if shutil.which("bash") is None:
        pytest.skip("bash, which the Qdrant image has, is not installed here")
    kind, *command = services["qdrant"]["healthcheck"]["test"]
    assert kind == "CMD"
    with serving(status) as port:
        command = [part.replace("$$", "$").replace("6333", str(port)) for part in command]
        done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    assert (done.returncode == 0) is healthy
    refused = subprocess.run(command, capture_output=True, check=False, timeout=30)
    assert refused.returncode != 0, "nothing listens any more"
