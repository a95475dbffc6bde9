"""Drafts questions from what people said about answers; a person decides what becomes of them.

Feedback is anybody's word. It proposes a question, an answer and a document, and none of them
counts before somebody has looked at the line and set `"reviewed": true`.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from config.errors import ConfigError
from evaluation.drafting.drafting import Draft
from evaluation.usage.causes import Index
from evaluation.usage.gaps import read_index
from evaluation.usage.reading import LABEL, LoggedRequest, Said, read_usage
from indexing.corpus import Corpus
from query.decision import Verdict
from query.feedback import FeedbackVerdict

TIER = "feedback"


def draft_from_feedback(corpus: Corpus, count: int) -> Draft:
    """Draft a line for every question whose answer somebody called wrong, missing or corrected.

    Args:
        corpus: The home.
        count: At most so many lines, those first about which most was said.

    Raises:
        ConfigError: Nobody said any such thing.
        LedgerError: The log cannot be read.
    """
    usage = read_usage(corpus, None)
    index, _ = read_index(corpus, corpus.live())
    alike: dict[str, list[tuple[Said, LoggedRequest]]] = defaultdict(list)
    for said in usage.feedback:
        request = usage.about.get(said.request_id)
        if request is not None and not request.redacted and request.question.strip():
            alike[asked_alike(request)].append((said, request))
    told = [pairs for pairs in alike.values() if any(map(is_complaint, (p[0] for p in pairs)))]
    if not told:
        raise ConfigError(
            "Nothing was called wrong, missing or corrected so far: `holdfast feedback` and "
            "POST /v1/feedback take what people say."
        )
    told.sort(key=lambda pairs: (-len(pairs), -pairs[-1][0].received_at.timestamp()))
    lines = [line_of(pairs, index) for pairs in told[:count]]
    numbered = tuple({"id": f"feedback-{n:04d}", **line} for n, line in enumerate(lines, 1))
    return Draft(numbered, len({key for line in lines for key in line["gold_keys"]}))


def asked_alike(request: LoggedRequest) -> str:
    """Return what the same questions have in common: their words, behind the same earlier turns.

    "And in winter?" asks in each conversation for something else.
    """
    words = " ".join(request.question.split()).casefold()
    return json.dumps([words, request.history], sort_keys=True)


def is_complaint(said: Said) -> bool:
    """Whether it says that an answer was not right, or what would be."""
    return said.verdict is not FeedbackVerdict.HELPFUL or bool(said.correct)


def line_of(pairs: Sequence[tuple[Said, LoggedRequest]], index: Index) -> dict[str, Any]:
    """Write the line of one question from everything that was said about it.

    With a correction it is proposed as answerable. Without one nobody has said what is right, so
    the label is left to whoever reviews it.
    """
    request = pairs[-1][1]
    answers = list(dict.fromkeys(said.correct for said, _ in pairs if said.correct))
    cited = list(dict.fromkeys(name for said, _ in pairs for name in said.cited))
    keys = {document: key for key, document in index.names.items()}
    known = [keys.get(document, name) for name in cited if (document := index.id_of(name))]
    strange = [name for name in cited if not index.id_of(name)]
    line: dict[str, Any] = {
        "question": request.question,
        "label": Verdict.ANSWERABLE.value if answers else None,
        "gold_keys": list(dict.fromkeys(known)),
        "answers": answers,
        "tier": TIER,
        "note": " ".join(notes_of(pairs, answers, strange)),
        "request_ids": list(dict.fromkeys(one.request_id for _, one in pairs)),
        "feedback_ids": [said.feedback_id for said, _ in pairs],
        "reviewed": False,
    }
    return line | ({"history": list(request.history)} if request.history else {})


def notes_of(
    pairs: Sequence[tuple[Said, LoggedRequest]], answers: Sequence[str], strange: Sequence[str]
) -> list[str]:
    """Say what whoever reviews a line should know."""
    request = pairs[-1][1]
    said = [one.verdict.value for one, _ in pairs]
    counted = ", ".join(f"{said.count(v)} × {v}" for v in dict.fromkeys(said))
    notes = [f"Said: {counted}. Then the verdict was {request.verdict or request.status}."]
    if not answers:
        notes.append("Nobody said what is right: set the label, or remove the line.")
    if len(answers) > 1:
        notes.append("The corrections differ: keep the right one.")
    if strange:
        notes.append(f"Named, but not in the index: {', '.join(strange)}.")
    turns = json.dumps(request.history, ensure_ascii=False)
    if any(LABEL.search(text) for text in (request.question, *answers, turns)):
        notes.append("Personal data was masked: put made-up values in the place of the labels.")
    return notes
