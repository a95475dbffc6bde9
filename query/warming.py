"""Load what the first request would wait for: the live state's encoder, the readers.

Each takes seconds, most of them for torch: more than an agent waits, and more than the deadline of
the encoder on a busy machine, so that the first question after a start would be answered from BM25
alone, and the first claims checked by rules alone.
"""

from config.querying import ClaimsBy
from indexing.corpus import Corpus
from query.claims.claim_reader import open_claim_reader
from query.judging.trained_judge import TrainedJudge, open_judge
from query.opening import CorpusView

QUESTION = "Which models are loaded?"
"""Any text; nothing is searched for and nothing logged."""


def load_models(corpus: Corpus) -> None:
    """Load encoder and readers; what is loaded already is not loaded again.

    Raises:
        HoldfastError: One of them cannot be loaded; questions will say so, too.
        ValueError: A reader gives no usable numbers.
    """
    settings = corpus.settings
    pinned = CorpusView(corpus).pin()
    dense = pinned.encoders.dense if pinned and pinned.encoders else corpus.remembered
    if dense is not None:
        dense.encode_query(QUESTION)
    judge = open_judge(settings.gate, offline=settings.embedding.offline)
    if isinstance(judge, TrainedJudge):
        judge.load(QUESTION)
    if settings.claims.checked_by is ClaimsBy.READER:
        open_claim_reader(settings.claims.reader).support([(QUESTION, QUESTION)])
