"""Load what the first question would wait for: the encoder of the live state, the judge's reader.

Both take seconds, most of them for torch: more than an agent waits, and more than the deadline of
the encoder on a busy machine, so that the first question after a start would be answered from BM25
alone.
"""

from indexing.corpus import Corpus
from query.judging.trained_judge import TrainedJudge, open_judge
from query.opening import CorpusView

QUESTION = "Which models are loaded?"
"""Any text; nothing is searched for and nothing logged."""


def load_models(corpus: Corpus) -> None:
    """Load encoder and reader; what is loaded already is not loaded again.

    Raises:
        HoldfastError: One of them cannot be loaded; questions will say so, too.
        ValueError: The reader gives no usable numbers.
    """
    settings = corpus.settings
    pinned = CorpusView(corpus).pin()
    dense = pinned.encoders.dense if pinned and pinned.encoders else corpus.remembered
    if dense is not None:
        dense.encode_query(QUESTION)
    judge = open_judge(settings.gate, offline=settings.embedding.offline)
    if isinstance(judge, TrainedJudge):
        judge.load(QUESTION)
