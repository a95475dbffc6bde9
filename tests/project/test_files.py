"""Makefile, continuous integration, hooks and licence say the same thing as pyproject.toml."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml


def read(repository: Path, name: str) -> str:
    return (repository / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project(repository: Path) -> dict[str, Any]:
    return tomllib.loads(read(repository, "pyproject.toml"))


def recipe(makefile: str, target: str) -> tuple[list[str], list[str]]:
    """Prerequisites and commands of one target."""
    found = re.search(rf"^{target}:(.*)\n((?:\t.*\n)*)", makefile, re.MULTILINE)
    assert found, f"no target {target}"
    return found[1].split(), [line.strip() for line in found[2].splitlines()]


def test_ci_runs_the_command_of_the_readme_and_nothing_else(repository):
    script = repository / ".ci/run"
    assert os.access(script, os.X_OK)
    commands = [
        line for line in script.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", "set ", "cd "))
    ]  # fmt: skip
    assert commands == ["make test"]


def test_make_test_checks_and_runs_everything(repository):
    makefile = read(repository, "Makefile")
    assert recipe(makefile, "test")[0] == ["check", "unit"]
    _, checks = recipe(makefile, "check")
    assert checks == [
        "$(BIN)/ruff format --check .",
        "$(BIN)/ruff check .",
        "$(BIN)/mypy",
        "$(BIN)/lint-imports",
    ]
    _, unit = recipe(makefile, "unit")
    side_by_side = "-n $(WORKERS) --dist loadfile --no-loadscope-reorder"
    assert unit == [f"OMP_NUM_THREADS=1 $(BIN)/python -m pytest {side_by_side} $(ARGS)"]


def test_every_phony_target_exists(repository):
    makefile = read(repository, "Makefile")
    declared = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert declared
    defined = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert set(declared[1].split()) == defined


def test_hooks_are_the_checks_of_the_makefile_and_download_nothing(repository):
    hooks = yaml.safe_load(read(repository, ".pre-commit-config.yaml"))
    assert [repo["repo"] for repo in hooks["repos"]] == ["local"]
    entries = [hook["entry"].split() for hook in hooks["repos"][0]["hooks"]]
    assert {hook["language"] for hook in hooks["repos"][0]["hooks"]} == {"system"}
    assert all(entry[0].startswith(".venv/bin/") for entry in entries)
    _, checks = recipe(read(repository, "Makefile"), "check")
    in_make = {command.split()[0].removeprefix("$(BIN)/") for command in checks}
    assert {entry[0].removeprefix(".venv/bin/") for entry in entries} == in_make


def test_hooks_are_valid_for_pre_commit(repository):
    from pre_commit.clientlib import load_config

    config = load_config(str(repository / ".pre-commit-config.yaml"))
    assert len(config["repos"][0]["hooks"]) == 4


def test_licence_is_the_full_apache_text(repository, project):
    text = read(repository, "LICENSE")
    assert project["project"]["license"] == "Apache-2.0"
    for part in ("Version 2.0, January 2004", "3. Grant of Patent License.", "END OF TERMS"):
        assert part in text
    assert len(text) > 11_000


def test_changelog_has_the_current_version(repository, project):
    text = read(repository, "CHANGELOG.md")
    versions = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert project["project"]["version"] in versions
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= {
        "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"
    }  # fmt: skip


def test_dependencies_are_pinned(project, pinned):
    wanted = [*project["project"]["dependencies"]]
    wanted += project["project"]["optional-dependencies"]["dev"]
    for requirement in wanted:
        name = re.split(r"[\[<>=]", requirement)[0].lower()
        assert name in pinned, f"constraints.txt does not pin {name}"


def test_settings_file_is_package_data(project):
    assert project["tool"]["setuptools"]["package-data"]["config"] == ["*.yaml"]


def test_contributing_names_what_exists(repository):
    text = read(repository, "CONTRIBUTING.md")
    makefile = read(repository, "Makefile")
    for target in set(re.findall(r"\bmake ([a-z]+)", text)):
        recipe(makefile, target)
    named = set(re.findall(r"`([a-z_]+/[a-z_/.]+\.(?:py|md|yaml))`", text))
    assert named
    missing = sorted(name for name in named if not (repository / name).exists())
    assert missing == []


def test_env_file_is_never_committed(repository):
    ignored = read(repository, ".gitignore").splitlines()
    assert "/.env" in ignored
    assert "/.venv/" in ignored
