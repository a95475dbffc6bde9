"""Questions of conversations with what the search brings for them, as pairs to learn from.

Every question is shown with the passage that holds its answer, and with passages that the search
brought beside it and that do not; a follow-up in two forms. Where it is not sure which passage
holds the answer, by the words of the answer, the question teaches nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from config.settings import Settings
from evaluation.questions import QuestionSet, choose
from evaluation.temporary import keys_of, temporary_home
from evaluation.training.passage_pairs import RIGHT_WEIGHT, Pair, forms_of
from indexing.points import HybridHits
from query.asking.question import Question
from query.decision import Verdict
from query.judging.judge import FeatureJudge, Judgement
from query.judging.reader import text_of
from query.labelled import LabelledQuestion
from query.opening import CorpusView, judging_extras, make_engine
from query.search.scope import Scope
from query.text.passages import Passage
from query.text.words import stems

HOLDS = 0.4
"""Share of the words of the answer that a passage which holds it must have."""
LACKS = 0.34
"""Share of that share from which on a passage of the same document may hold it, too."""
OTHERS = 3
SAME = 2
MOST_WRONG = 4


@dataclass
class Noting:
    """Judges by features alone and notes what it is asked about."""

    asked: list[tuple[Question, Sequence[Passage], HybridHits]] = field(default_factory=list)
    features: FeatureJudge = field(default_factory=FeatureJudge)

    @property
    def calibration_id(self) -> str:
        """Names the weights of the features."""
        return self.features.calibration_id

    def judge(self, question: Question, passages: Sequence[Passage], legs: HybridHits) -> Judgement:
        """Note the question and its candidates."""
        self.asked.append((question, passages, legs))
        return self.features.judge(question, passages, legs)


@dataclass(frozen=True)
class Asked:
    """A question of a set with its candidates, best first, as a judge gets them."""

    labelled: LabelledQuestion
    question: Question
    passages: Sequence[Passage]
    legs: HybridHits
    gold: frozenset[str]
    """Keys of the documents that answer it."""


def ask(question_set: QuestionSet, limit: int = 0) -> Iterator[Asked]:
    """Yield the simple questions of a set with what the search brings for them."""
    key_of = keys_of(question_set)
    with temporary_home(Settings(), question_set) as corpus:
        noting = Noting()
        extras = judging_extras(corpus, Scope())
        engine = make_engine(corpus, CorpusView(corpus), None, extras, judge=noting)
        for labelled in choose(question_set, limit):
            noting.asked.clear()
            hidden = frozenset(key_of(name) for name in labelled.exclude)
            engine.ground(labelled.question, hidden, history=labelled.history)
            if noting.asked:
                question = noting.asked[0][0]
                if len(question.parts) == 1 and len({one.text for one, *_ in noting.asked}) == 1:
                    yield Asked(labelled, *noting.asked[0], frozenset(map(key_of, labelled.gold)))


def pairs_of(asked: Asked) -> list[Pair]:
    """Return what a question teaches; nothing where no passage surely holds its answer."""
    forms = forms_of(asked.question)
    if asked.labelled.label is Verdict.UNANSWERABLE:
        return [Pair(f, text_of(p), answers=False) for f in forms for p in asked.passages[:OTHERS]]
    if asked.labelled.label is not Verdict.ANSWERABLE or not asked.labelled.answers:
        return []
    answer = frozenset(stems(asked.labelled.answers[0]))
    told = answer - frozenset(stems(asked.question.text)) or answer
    share = {p.chunk_id: len(told & p.stems) / max(1, len(told)) for p in asked.passages}
    own = [p for p in asked.passages if p.key in asked.gold]
    right = max(own, key=lambda p: share[p.chunk_id], default=None)
    if right is None or share[right.chunk_id] < HOLDS:
        return []
    beside = [p for p in own if share[p.chunk_id] <= LACKS * share[right.chunk_id]]
    others = [p for p in asked.passages if p.key not in asked.gold]
    wrong = [*others[:OTHERS], *beside[:SAME]][:MOST_WRONG]
    return [
        pair
        for form in forms
        for pair in (
            Pair(form, text_of(right), answers=True, weight=RIGHT_WEIGHT),
            *(Pair(form, text_of(p), answers=False) for p in wrong),
        )
    ]
