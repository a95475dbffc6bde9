"""Imports stay cheap and point downwards, and every module says what it is.

Modules are found by walking the folders, so a new one is checked from its first commit on.
"""

import ast
import subprocess
import sys
from pathlib import Path

PACKAGES = ("config", "ingestion", "indexing", "query", "evaluation", "flows", "service")
HEAVY = ("torch", "prefect", "fastapi", "starlette", "sentence_transformers", "unstructured")
SCRIPTS = "migrations"  # Alembic runs the files of this folder; they are no modules
LATE = {"query.networks.reader_network"}
"""Networks are classes of torch; whoever imports one does it late, or would fail here."""
LONGEST_FILE = 400

IMPORT_ALL = """
import importlib, sys
for name in sys.argv[2:]:
    importlib.import_module(name)
    found = [heavy for heavy in sys.argv[1].split(",") if heavy in sys.modules]
    if found:
        sys.exit(f"{name} loads {', '.join(found)}")
"""


def modules(repository: Path, package: str) -> list[str]:
    """Dotted names of all modules of a package; one without any is an error."""
    files = sorted((repository / package).rglob("*.py"))
    names = []
    for file in files:
        parts = file.relative_to(repository).with_suffix("").parts
        if parts[-1] == "__main__" or SCRIPTS in parts:  # these run when they are imported
            continue
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    assert package in names, f"{package} has no __init__.py"
    return names


def import_all(repository: Path, names: list[str], unwanted: tuple[str, ...]) -> str:
    """Import modules one after another in a fresh process; return what went wrong."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT_ALL, ",".join(unwanted), *names],
        cwd=repository, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["killed"])[-1]


def test_query_loads_nothing_heavy(repository):
    assert import_all(repository, sorted({*modules(repository, "query")} - LATE), HEAVY) == ""


def test_settings_load_nothing_heavy(repository):
    unwanted = (*HEAVY, "yaml", "sqlalchemy", "numpy")
    assert import_all(repository, modules(repository, "config"), unwanted) == ""


def test_only_flows_load_prefect(repository):
    # In one process: the packages above load those below anyway, and the first culprit is named.
    below = ("config", "ingestion", "indexing", "evaluation")
    names = [name for package in below for name in modules(repository, package)]
    names = [name for name in names if not name.startswith("ingestion.parsing.")]
    assert import_all(repository, names, ("prefect",)) == ""


def test_the_check_itself_sees_a_heavy_import(repository):
    assert "json loads json" in import_all(repository, ["json"], ("json",))


def sources(repository: Path, *roots: str) -> list[Path]:
    return sorted(file for root in roots for file in (repository / root).rglob("*.py"))


def test_every_file_says_in_its_first_statement_what_it_is(repository):
    files = sources(repository, *PACKAGES, "tests", "benchmarks", "examples")
    assert len(files) > 20
    silent = [
        str(file.relative_to(repository))
        for file in files
        if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_no_file_is_longer_than_one_thing(repository):
    long = {
        str(file.relative_to(repository)): lines
        for file in sources(repository, *PACKAGES, "tests")
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_every_folder_of_a_package_is_a_package(repository):
    folders = {file.parent for file in sources(repository, *PACKAGES)}
    loose = [
        str(folder.relative_to(repository))
        for folder in folders
        if not (folder / "__init__.py").exists() and SCRIPTS not in folder.parts
    ]
    assert loose == []
