"""What README.md shows of questions to the handbook is what they are answered with."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from config.loading import load_settings
from indexing.corpus import open_corpus
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from ingestion.sources.local import LocalFolderSource
from query.engine import QueryEngine
from query.opening import open_engine

# An ingest with the real encoder: half a minute.
pytestmark = [pytest.mark.model, pytest.mark.thorough, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r'^\$ holdfast ask "(.+)"\n((?:(?!\$ |```).*\n)+)', README, re.MULTILINE)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueryEngine]:
    home = tmp_path_factory.mktemp("readme")
    settings = load_settings(env={}, cwd=home).settings
    with closing(open_corpus(settings)) as corpus:
        source = LocalFolderSource("handbook", ROOT / "examples" / "handbook")
        with IngestSession(corpus, [source], generation=corpus.writable()) as session:
            run_ingest(session)
        yield open_engine(corpus)


@pytest.mark.parametrize(("question", "shown"), SHOWN, ids=[question for question, _ in SHOWN])
def test_what_is_shown_of_a_question_is_its_answer(
    engine: QueryEngine, question: str, shown: str
) -> None:
    decision = engine.answer(question).to_json()
    told = re.match(r"(\w+) \(p = ([0-9.]+), status (\w+), suggested action: (\w+)\)", shown)
    assert told
    assert told[1] == decision["verdict"]
    # Arithmetic differs from processor to processor in the third digit.
    assert float(told[2]) == pytest.approx(decision["p_answerable"], abs=0.02)
    assert (told[3], told[4]) == (decision["status"], decision["suggested_action"])
    for key, version, start, end in re.findall(
        r"\[1\] (\S+) \(version (\d+), characters (\d+)-(\d+)\)", shown
    ):
        first = decision["evidence"][0]
        assert (key, int(version)) == (first["key"], first["version"])
        assert (int(start), int(end)) == (first["start"], first["end"])
    for said in re.findall(r"^  (?:Ask back: (.+)|(\S.+) \[1\])$", shown, re.MULTILINE):
        assert "".join(said) in f"{decision['clarification']} {decision['answer']}"


def test_the_json_shown_is_that_of_the_refusal(engine: QueryEngine) -> None:
    shown: dict[str, Any] = json.loads(re.findall(r"```json\n(.*?)```", README, re.DOTALL)[0])
    decision = engine.answer("What does the Tern 6 cost?").to_json()
    assert shown.pop("p_answerable") == pytest.approx(decision["p_answerable"], abs=0.02)
    (first,) = shown.pop("evidence")
    assert first == {key: decision["evidence"][0][key] for key in first}
    assert shown == {key: decision[key] for key in shown}
