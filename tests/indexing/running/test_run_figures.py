"""What a run cost adds up: no document is counted twice or left out."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from indexing.ledger.commits import Settled
from indexing.ledger.documents import DocumentState
from indexing.running.run_figures import (
    SLOWEST,
    class_of,
    count_reasons,
    figures_by_class,
    slowest_documents,
)
from ingestion.document import Stat


def settled(key: str, outcome: DocumentState, seconds: float, **more: object) -> Settled:
    return Settled(
        uuid4(), "t", "s", key, outcome, DocumentState.INDEXED, 1, Stat(10, 0), seconds=seconds,
        **more,
    )  # fmt: skip


outcomes = st.sampled_from(
    [DocumentState.INDEXED, DocumentState.QUARANTINED, DocumentState.UNCHANGED]
)
documents = st.lists(
    st.builds(
        lambda key, outcome, seconds, media, peak, reason: settled(
            key, outcome, seconds, media_type=media, peak_mb=peak, reason=reason
        ),
        st.sampled_from(["a.md", "b.PDF", "c", "d.tar.gz", "e/f.md"]),
        outcomes,
        st.floats(0, 100),
        st.sampled_from(["", "text/markdown", "application/pdf"]),
        st.floats(0, 3000),
        st.sampled_from([None, "corrupt", "encrypted"]),
    ),
    max_size=40,
)


@given(documents)
def test_classes_add_up_to_what_was_worked_on(some):
    classes = figures_by_class(some)
    worked = [one for one in some if one.seconds > 0]
    assert sum(one.documents for one in classes) == len(worked)
    assert sum(one.bytes for one in classes) == 10 * len(worked)
    assert {one.name for one in classes} == {class_of(one) for one in worked}
    assert all(one.indexed + one.quarantined <= one.documents for one in classes)
    assert [one.seconds for one in classes] == sorted((c.seconds for c in classes), reverse=True)


@given(documents)
def test_the_slowest_come_first_and_reasons_are_those_of_refusals(some):
    slowest = slowest_documents(some)
    assert len(slowest) == min(SLOWEST, sum(one.seconds > 0 for one in some))
    assert [row[2] for row in slowest] == sorted((row[2] for row in slowest), reverse=True)
    refused = [one for one in some if one.outcome is DocumentState.QUARANTINED]
    assert sum(count_reasons(some).values()) == len(refused)


def test_a_class_is_what_was_read_or_else_what_the_key_says():
    indexed = DocumentState.INDEXED
    assert class_of(settled("a.pdf", indexed, 1, media_type="application/pdf")) == "pdf"
    assert class_of(settled("a.txt", indexed, 1, media_type="application/pdf")) == "pdf"
    assert class_of(settled("a.markdown", indexed, 1, media_type="text/markdown")) == "md"
    assert class_of(settled("a.markdown", indexed, 1)) == "md"
    assert class_of(settled("a.rb", indexed, 1)) == "rb"
    assert class_of(settled("a.B/c.PDF", indexed, 1)) == "pdf"
    assert class_of(settled("readme", indexed, 1)) == "other"
