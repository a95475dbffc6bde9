"""The LlamaIndex retriever gives what the gate lets be answered from, and nothing else."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from config.errors import ConfigError

pytest.importorskip("llama_index.core", reason="the extra llamaindex is not installed")

from service.llamaindex_retriever import HoldfastRetriever, WhenRefused

LEAVE = "How many working days of annual leave does every employee receive?"
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


def test_nodes_carry_place_and_verdict(engine, pages):
    first = HoldfastRetriever(engine).retrieve(LEAVE)[0]
    place = first.metadata
    assert pages[place["key"]].text[place["start"] : place["end"]] == first.text
    assert place["verdict"] == "answerable"
    assert first.node_id == place["chunk_id"]
    assert first.score == pytest.approx(place["score"], abs=1e-6)


def test_a_model_reads_the_text_and_its_place_and_no_scores(engine):
    shown = HoldfastRetriever(engine).retrieve(LEAVE)[0].node.get_content("llm")
    assert "people/leave.md" in shown
    assert "p_answerable" not in shown


def test_a_refusal_gives_a_chain_nothing_to_work_with(engine):
    assert HoldfastRetriever(engine).retrieve(FAR) == []
    nearest = HoldfastRetriever(engine, when_refused=WhenRefused.NEAREST).retrieve(FAR)
    assert {node.metadata["suggested_action"] for node in nearest} == {"refuse"}


def test_fewer_can_be_asked_for(engine):
    assert len(HoldfastRetriever(engine, similarity_top_k=2).retrieve(LEAVE)) == 2
    with pytest.raises(ConfigError, match="1 or more"):
        HoldfastRetriever(engine, similarity_top_k=0)


def test_both_ways_give_the_same(engine):
    retriever = HoldfastRetriever(engine)
    asynchronous = asyncio.run(retriever.aretrieve(LEAVE))
    assert [n.text for n in asynchronous] == [n.text for n in retriever.retrieve(LEAVE)]
    assert asynchronous


def test_without_the_library_the_extra_is_named():
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", MISSING], cwd=root, capture_output=True, text=True, check=True
    )
    assert "extra llamaindex" in done.stdout
