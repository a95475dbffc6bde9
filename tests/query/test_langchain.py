"""The LangChain retriever gives what the gate lets be answered from, and nothing else."""

import asyncio

import pytest
from langchain_tests.integration_tests import RetrieversIntegrationTests

from config.errors import ConfigError
from service.langchain_retriever import HoldfastRetriever, WhenRefused

LEAVE = "How many working days of annual leave does every employee receive?"
FAR = "Which spices go into garam masala?"


@pytest.fixture
def retriever(engine):
    return HoldfastRetriever(engine=engine)


def test_documents_carry_span_and_verdict(retriever, pages):
    documents = retriever.invoke(LEAVE)
    first = documents[0]
    text = pages[first.metadata["key"]].text
    assert text[first.metadata["start"] : first.metadata["end"]] == first.page_content
    assert {d.metadata["verdict"] for d in documents} == {"answerable"}
    assert first.metadata["reasons"] == ["evidence_found"]
    assert first.id == first.metadata["chunk_id"]


def test_a_refusal_gives_a_chain_nothing_to_work_with(retriever, engine):
    assert retriever.invoke(FAR) == []
    nearest = HoldfastRetriever(engine=engine, when_refused=WhenRefused.NEAREST).invoke(FAR)
    assert nearest
    assert {d.metadata["suggested_action"] for d in nearest} == {"refuse"}


def test_fewer_can_be_asked_for(engine, retriever):
    assert len(HoldfastRetriever(engine=engine, k=2).invoke(LEAVE)) == 2
    assert len(retriever.invoke(LEAVE, k=1)) == 1


@pytest.mark.parametrize("k", [0, -1])
def test_less_than_one_cannot_be_asked_for(retriever, k):
    with pytest.raises(ConfigError, match="1 or more"):
        retriever.invoke(LEAVE, k=k)


@pytest.mark.parametrize("flag", ["injection", "hidden_style"])
def test_no_chain_reads_what_was_flagged_under_the_verdict_of_another_page(
    make_engine, shelve, page, flag
):
    order = "Order 4711 will be delivered on 3 December 2026."
    pages = (
        page("order.md", "Your order", order),
        page("copy.md", "Your order", order.replace("3", "9"), flags=(flag,)),
        page("plain.md", "Orders", f"Your order was taken. {order}", flags=("hidden_removed",)),
    )
    engine = make_engine(store=shelve(pages))
    question = "When will order 4711 be delivered?"
    assert "copy.md" in {item.key for item in engine.ground(question).evidence}
    documents = HoldfastRetriever(engine=engine).invoke(question)
    assert {document.metadata["key"] for document in documents} == {"order.md", "plain.md"}
    assert {document.metadata["verdict"] for document in documents} == {"answerable"}


def test_both_ways_give_the_same(retriever):
    asynchronous = asyncio.run(retriever.ainvoke(LEAVE))
    assert [d.page_content for d in asynchronous] == [
        d.page_content for d in retriever.invoke(LEAVE)
    ]


@pytest.mark.anyio  # for what is asynchronous in the suite
class TestByLangChain(RetrieversIntegrationTests):
    """The suite that LangChain holds retrievers to."""

    @pytest.fixture
    def anyio_backend(self):
        return "asyncio"

    @pytest.fixture(autouse=True)
    def _of_this_engine(self, engine):
        self.engine = engine

    @property
    def retriever_constructor(self):
        return HoldfastRetriever

    @property
    def retriever_constructor_params(self):
        return {"engine": self.engine}

    @property
    def retriever_query_example(self):
        return LEAVE
