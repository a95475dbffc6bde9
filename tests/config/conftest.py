"""A project folder to load settings from, away from the real environment."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.loading import LoadedSettings, load_settings

Load = Callable[..., LoadedSettings]


@pytest.fixture
def write_yaml(tmp_path: Path) -> Callable[[str], Path]:
    """Write config/holdfast.yaml of the project and return its path."""

    def write(text: str) -> Path:
        path = tmp_path / "config" / "holdfast.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load the settings of the project with nothing in the environment but what is given."""

    def run(**variables: str) -> LoadedSettings:
        return load_settings(env=variables, cwd=tmp_path)

    return run
