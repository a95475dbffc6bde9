"""The LlamaIndex retriever gives what the gate lets be answered from, and nothing else."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.loading import load_settings
from indexing.corpus import open_corpus
from query.opening import open_engine

pytest.importorskip("llama_index.core", reason="the extra llamaindex is not installed")

from service.llamaindex_retriever import HoldfastRetriever, WhenRefused

QUESTION = "In which room do the keys of the archive hang?"
FAR = "Which spices go into garam masala?"

MISSING = """
import sys
sys.modules["llama_index.core.retrievers"] = None
from config.errors import ConfigError
try:
    import service.llamaindex_retriever
except ConfigError as error:
    print(error)
"""


@pytest.fixture
def engine(desk):
    corpus = open_corpus(load_settings(overrides={"home": desk.home}).settings)
    yield open_engine(corpus)
    corpus.close()


def test_nodes_carry_place_and_verdict(engine):
    nodes = HoldfastRetriever(engine).retrieve(QUESTION)
    first = nodes[0]
    assert "room twelve" in first.text
    assert first.metadata["verdict"] == "answerable"
    assert first.metadata["key"] == "keys.txt"
    assert first.node_id == first.metadata["chunk_id"]
    assert first.score == first.metadata["score"]
    assert "p_answerable" not in first.node.get_content("llm")


def test_a_refusal_gives_a_chain_nothing_to_work_with(engine):
    assert HoldfastRetriever(engine).retrieve(FAR) == []
    nearest = HoldfastRetriever(engine, when_refused=WhenRefused.NEAREST).retrieve(FAR)
    assert {node.metadata["suggested_action"] for node in nearest} == {"refuse"}


def test_fewer_can_be_asked_for(engine):
    assert len(HoldfastRetriever(engine).retrieve(QUESTION)) == 2
    assert len(HoldfastRetriever(engine, similarity_top_k=1).retrieve(QUESTION)) == 1
    with pytest.raises(ConfigError, match="1 or more"):
        HoldfastRetriever(engine, similarity_top_k=0)


def test_both_ways_give_the_same(engine):
    retriever = HoldfastRetriever(engine)
    asynchronous = asyncio.run(retriever.aretrieve(QUESTION))
    assert [n.text for n in asynchronous] == [n.text for n in retriever.retrieve(QUESTION)]


def test_without_the_library_the_extra_is_named():
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", MISSING], cwd=root, capture_output=True, text=True, check=True
    )
    assert "extra llamaindex" in done.stdout
