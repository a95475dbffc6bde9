"""docker-compose.yml keeps its promises: pinned, local, healthy, quiet, without secrets.

No Docker engine is needed: the file is data. `test_compose_parts.py` runs what can be run of it.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.environment import QUIET
from config.loading import load_settings

HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period"}
CONDITIONS = {"service_healthy", "service_completed_successfully"}


@pytest.fixture(scope="module")
def compose(repository: Path) -> dict[str, Any]:
    return yaml.safe_load((repository / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return compose["services"]


SECRET_FILES = {
    "postgres_password", "qdrant_api_key", "prefect_auth", "serve_keys", "grafana_password"
}  # fmt: skip


def runs_once(service: dict[str, Any]) -> bool:
    return service["restart"] == "no"


def test_all_parts_are_there(services):
    assert set(services) == {
        "qdrant", "postgres", "prefect-server", "bootstrap", "worker", "query",
        "metrics", "prometheus", "grafana",
    }  # fmt: skip
    profiles = {name: service.get("profiles") for name, service in services.items()}
    assert {name for name, of in profiles.items() if of == ["observability"]} == {
        "metrics", "prometheus", "grafana"
    }  # fmt: skip
    assert {name for name, of in profiles.items() if of == ["query"]} == {"query"}


def test_images_are_pinned_to_a_full_version(services, pinned):
    tags = dict(service["image"].rsplit(":", 1) for service in services.values())
    for image, tag in tags.items():
        assert re.match(r"v?\d+\.\d+", tag), f"{image}:{tag}"
    # The server is our own image, so it is the very version that the client is.
    assert "prefect" in pinned
    qdrant = tags["qdrant/qdrant"].removeprefix("v").removesuffix("-unprivileged")
    server = tuple(int(part) for part in qdrant.split("."))
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
    assert [name for name, service in services.items() if runs_once(service)] == ["bootstrap"]


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


def test_no_secret_is_written_down(compose, services, repository):
    secret = re.compile(r"PASSWORD|API_KEY|AUTH_STRING|SECRET|TOKEN$")
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            in_a_file = variable.endswith("_FILE") and value.startswith("/run/secrets/")
            assert in_a_file or not secret.search(variable), (name, variable)
            assert not re.search(r"://[^:/@]+:[^@]+@", value), (name, variable)
    assert set(compose["secrets"]) == SECRET_FILES
    ignored = (repository / ".gitignore").read_text(encoding="utf-8").splitlines()
    for name, declared in compose["secrets"].items():
        assert declared == {"file": f"./secrets/{name}"}
    assert "/secrets/" in ignored


def test_each_container_gets_only_the_secrets_it_needs(services):
    given = {
        name: {s if isinstance(s, str) else s["source"] for s in service.get("secrets", [])}
        for name, service in services.items()
    }
    assert given["qdrant"] == {"qdrant_api_key"}
    assert given["postgres"] == {"postgres_password"}
    assert given["prefect-server"] == {"postgres_password", "prefect_auth"}
    assert given["prometheus"] == {"qdrant_api_key"}
    assert given["grafana"] == {"grafana_password"}
    assert given["query"] == {"postgres_password", "qdrant_api_key", "serve_keys"}
    for name in ("worker", "bootstrap", "metrics"):
        assert given[name] == SECRET_FILES - {"grafana_password", "serve_keys"}, name


def test_secrets_reach_the_variables_that_programs_read(services):
    for name, service in services.items():
        targets = {s["target"] for s in service.get("secrets", []) if isinstance(s, dict)}
        assert not targets & set(service.get("environment", {})), name
        if targets:
            assert service["entrypoint"][:2] == ["sh", "/with-secrets.sh"], name
            assert "./docker/with-secrets.sh:/with-secrets.sh:ro" in service["volumes"], name
    assert {s["target"] for s in services["worker"]["secrets"]} == {
        "PGPASSWORD", "QDRANT_API_KEY", "PREFECT_API_AUTH_STRING"
    }  # fmt: skip


def test_the_query_service_listens_where_its_health_check_and_its_port_look(services):
    query = services["query"]
    _, _, listen = query["command"]
    assert query["command"][:2] == ["serve", "--listen"]
    assert listen == "0.0.0.0:8765"
    assert query["ports"] == ["127.0.0.1:8765:8765"]
    assert "http://127.0.0.1:8765/readyz" in query["healthcheck"]["test"][-1]
    assert {s["target"] for s in query["secrets"]} == {
        "PGPASSWORD", "QDRANT_API_KEY", "HOLDFAST_SERVE__KEYS"
    }  # fmt: skip


def test_variables_of_the_set_are_in_the_example(repository):
    text = (repository / "docker-compose.yml").read_text(encoding="utf-8")
    example = (repository / ".env.example").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\$\{([A-Z_]+)", text))
    assert wanted <= set(re.findall(r"^([A-Z_]+)=$", example, re.MULTILINE))


def test_reporting_is_off_everywhere(services):
    for name, service in services.items():
        if "build" in service:
            assert service["environment"].items() >= QUIET.items(), name
    assert services["qdrant"]["environment"]["QDRANT__TELEMETRY_DISABLED"] == "true"
    server = services["prefect-server"]["environment"]
    assert server["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert server["DO_NOT_TRACK"] == "1"


def test_no_container_has_privileges_or_runs_as_root(services):
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        unprivileged = service["image"].endswith("-unprivileged")
        user = service.get("user", "root" if not unprivileged else "qdrant")
        assert user.split(":")[0] not in {"root", "0"}, name
        if "build" in service:
            assert service["read_only"] is True, name


def test_what_a_read_only_container_writes_is_a_volume_or_in_memory(services, repository):
    for name in ("worker", "bootstrap", "query", "metrics", "prefect-server"):
        service = services[name]
        writable = [volume.split(":")[1] for volume in service["volumes"] if volume[0] != "."]
        writable += [where.split(":")[0] for where in service["tmpfs"]]
        for variable, value in service["environment"].items():
            if value.startswith("/") and variable != "HOLDFAST_CONFIG":
                assert any(value.startswith(where) for where in writable), (name, variable)
    dockerfile = (repository / "Dockerfile").read_text(encoding="utf-8")
    assert "--uid 10001" in dockerfile
    for volume in services["worker"]["volumes"]:
        if volume[0] != ".":
            assert volume.split(":")[1] in dockerfile  # owned by that user from the start


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
    from flows.bootstrap import POOL

    command = services["worker"]["command"]
    assert command[command.index("--pool") + 1] == POOL
    assert "--with-healthcheck" in command
    assert services["bootstrap"]["command"] == ["deploy"]
    flows = yaml.safe_load((repository / "prefect.yaml").read_text(encoding="utf-8"))
    assert {deployment["work_pool"]["name"] for deployment in flows["deployments"]} == {POOL}


def test_commands_of_our_image_exist(services):
    from service.cli import COMMANDS

    for name, service in services.items():
        if "build" in service and service["entrypoint"][-1] == "holdfast":
            assert service["command"][0] in COMMANDS, name
