"""A project's own `config` folder, which `holdfast init` makes, does not hide what ships."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import importlib.util, pathlib, sys
from importlib.machinery import PathFinder

root = pathlib.Path({root!r})

class Editable:
    # As an editable install finds the packages: after the folders of sys.path were looked through.
    def find_spec(name, path=None, target=None):
        package, _, module = name.rpartition(".")
        if name == "config":
            return importlib.util.spec_from_file_location(name, root / "config" / "__init__.py")
        if package == "config":
            return PathFinder.find_spec(name, path=[str(root / "config")])
        return None

sys.meta_path.insert(sys.meta_path.index(PathFinder) + 1, Editable)
import config
assert config.__spec__.origin is None, "the folder of the project is not in front"

from config.files import config_template
from config.policy import load_policy
print(load_policy().version, len(config_template()) > 1000)
"""


def test_what_ships_is_found_beside_a_folder_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "holdfast.yaml").write_text("tenant: a\n", encoding="utf-8")
    script = tmp_path / "script.py"  # its folder is the first one that is searched
    script.write_text(PROGRAM.format(root=str(ROOT)), encoding="utf-8")
    quiet = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=quiet,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("policy-")
    assert done.stdout.endswith("True\n")
