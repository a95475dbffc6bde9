"""Load what the first request would wait for: the live state's encoder, the readers.

Each takes seconds, most of them for torch: more than an agent waits, and more than the deadline of
the encoder on a busy machine, so that the first question after a start would be answered from BM25
alone, and the first claims checked by rules alone.
"""

from collections.abc import Callable

from config.errors import HoldfastError
from config.querying import ClaimsBy
from indexing.corpus import Corpus
from indexing.errors import ModelError
from query.claims.claim_reader import open_claim_reader
from query.judging.trained_judge import TrainedJudge, open_judge
from query.opening import CorpusView

QUESTION = "Which models are loaded?"
"""Any text; nothing is searched for and nothing logged."""


def load_models(corpus: Corpus) -> None:
    """Load encoder and readers, each whatever becomes of the others; none is loaded twice.

    Raises:
        ModelError: Some of them cannot be loaded; questions will say so, too.
    """
    failed = [said for load in (_load_encoder, _load_judge, _load_reader_of_claims)
              if (said := _failure(load, corpus))]  # fmt: skip
    if failed:
        raise ModelError(" ".join(failed))


def _failure(load: Callable[[Corpus], None], corpus: Corpus) -> str:
    """Return why something cannot be loaded; empty where it is."""
    try:
        load(corpus)
    except HoldfastError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever a library raises: others are to be loaded
        return f"{type(error).__name__}: {error}"
    return ""


def _load_encoder(corpus: Corpus) -> None:
    pinned = CorpusView(corpus).pin()
    dense = pinned.encoders.dense if pinned and pinned.encoders else corpus.remembered
    if dense is not None:
        dense.encode_query(QUESTION)


def _load_judge(corpus: Corpus) -> None:
    judge = open_judge(corpus.settings.gate, offline=corpus.settings.embedding.offline)
    if isinstance(judge, TrainedJudge):
        judge.load(QUESTION)


def _load_reader_of_claims(corpus: Corpus) -> None:
    claims = corpus.settings.claims
    if claims.checked_by is ClaimsBy.READER:
        open_claim_reader(claims.reader).support([(QUESTION, QUESTION)])
