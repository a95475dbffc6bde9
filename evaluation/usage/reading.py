"""The request log as a report needs it: light values, read one record after another."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.errors import ConfigError
from indexing.corpus import Corpus
from indexing.ledger.feedback import feedback_since
from indexing.ledger.requests import find_request, requests_since
from query.audit import is_judged
from query.decision import ReasonCode, Status, SuggestedAction, Verdict
from query.feedback import FeedbackVerdict
from query.privacy.personal_data import Kind
from query.text.words import QUESTION_SHAPE, stem, stems

NO_QUESTION = frozenset(
    {
        ReasonCode.EMPTY_QUESTION, ReasonCode.GARBLED_INPUT, ReasonCode.QUESTION_TOO_LONG,
        ReasonCode.LANGUAGE, ReasonCode.UNDERSPECIFIED, ReasonCode.UNNAMED_REFERENT,
    }
)  # fmt: skip
"""Reasons that lie in the question: no document would have helped."""
LABEL = re.compile(rf"\[(?:{'|'.join(Kind)}):\d+\]")
"""What stands in a kept text where personal data was."""
_SHAPE = frozenset(map(stem, QUESTION_SHAPE))
_AGO = re.compile(r"(\d{1,6})\s*([dhw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """One request, as far as a report needs it."""

    request_id: str
    received_at: dt.datetime
    question: str
    status: str
    verdict: str | None
    action: str
    codes: tuple[str, ...] = ()
    answered: bool = False
    """Whether the caller was let answer."""
    generation: str | None = None
    epoch: int | None = None
    rules: str = ""
    """Policy and calibration that it was judged under."""
    evidence: tuple[tuple[str, str, int], ...] = ()
    """Document id, key and version of what was quoted, best first."""
    retrieved: frozenset[str] = frozenset()
    """Ids and keys of all candidates."""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    attempts: tuple[Mapping[str, Any], ...] = ()
    """Of language models."""
    phrased: bool = False
    """Whether a model phrased the answer."""
    redacted: bool = False
    history: tuple[Any, ...] = ()
    """Earlier turns that were sent along."""
    judged: bool = True
    """Whether it was to have a verdict."""

    @property
    def unanswered(self) -> bool:
        """Whether it was a question to the documents that was not answered."""
        codes = {code.value for code in NO_QUESTION}
        refused = self.verdict == Verdict.REFUSED_BY_POLICY or self.status == Status.UNAVAILABLE
        return self.judged and not (self.answered or refused or codes & set(self.codes))

    @property
    def terms(self) -> tuple[str, ...]:
        """What it asks about: stems without labels of masked data, each once, in order."""
        return terms_of(self.question)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One row of feedback."""

    feedback_id: str
    request_id: str
    received_at: dt.datetime
    verdict: FeedbackVerdict
    correct: str = ""
    cited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """What was asked and said."""

    requests: tuple[LoggedRequest, ...] = ()
    feedback: tuple[Said, ...] = ()
    about: Mapping[str, LoggedRequest] = field(default_factory=dict)
    """The requests that something was said about, by id, however old they are."""
    unjudged: Mapping[str, int] = field(default_factory=dict)
    """Requests that were to have no verdict, by what was asked for; they are none of the others."""


def terms_of(question: str) -> tuple[str, ...]:
    """Return the stems of a question that say what it is about, each once, in order."""
    return tuple(
        dict.fromkeys(s for s in stems(LABEL.sub(" ", question)) if s not in _SHAPE and len(s) > 1)
    )


def read_usage(corpus: Corpus, since: dt.datetime | None) -> Usage:
    """Read the log and the feedback of the home's tenant.

    Args:
        corpus: The home.
        since: With time zone; none reads all that is kept.

    Raises:
        LedgerError: They cannot be read.
    """
    ledger, tenant = corpus.ledger, corpus.settings.tenant
    requests: list[LoggedRequest] = []
    unjudged: Counter[str] = Counter()
    for body in requests_since(ledger, tenant, since):
        # A retrieval or a check was not refused because it was not answered.
        if is_judged(body):
            requests.append(read_request(body))
        else:
            unjudged[str(body["purpose"])] += 1
    said = tuple(read_said(corpus, since))
    known = {request.request_id: request for request in requests}
    about = {}
    for request_id in {one.request_id for one in said}:
        kept = None if request_id in known else find_request(ledger, request_id)
        found = known.get(request_id) or (read_request(kept) if kept is not None else None)
        if found is not None:
            about[request_id] = found
    return Usage(tuple(requests), said, about, dict(unjudged.most_common()))


def read_said(corpus: Corpus, since: dt.datetime | None = None) -> Iterator[Said]:
    """Yield the feedback of the home's tenant, oldest first."""
    for row in feedback_since(corpus.ledger, corpus.settings.tenant, since):
        yield Said(
            feedback_id=row.feedback_id,
            request_id=row.request_id,
            received_at=row.received_at,
            verdict=FeedbackVerdict(row.verdict),
            correct=str(row.body.get("correct") or ""),
            cited=tuple(map(str, row.body.get("cited") or ())),
        )


def read_request(body: Mapping[str, Any]) -> LoggedRequest:
    """Read one record of the log, whatever version wrote it."""
    decision = body.get("decision") or {}
    verdict, codes = body.get("verdict"), body.get("reasons") or ()
    action = str(decision.get("suggested_action") or "")
    generated = body.get("generated") or {}
    candidates = body.get("retrieval") or ()
    return LoggedRequest(
        request_id=str(body["request_id"]),
        received_at=dt.datetime.fromisoformat(str(body["received_at"])),
        question=str(body.get("question") or ""),
        status=str(body.get("status") or ""),
        verdict=verdict,
        action=action,
        codes=tuple(dict.fromkeys(str(reason.get("code")) for reason in codes)),
        answered=action == SuggestedAction.ANSWER if action else verdict == Verdict.ANSWERABLE,
        generation=body.get("generation"),
        epoch=body.get("epoch"),
        rules=f"{body.get('policy_version') or ''} {body.get('calibration_id') or ''}",
        evidence=tuple(
            (str(e.get("document_id")), str(e.get("key")), int(e.get("version") or 0))
            for e in decision.get("evidence") or ()
        ),
        retrieved=frozenset(
            str(entry.get(name)) for entry in candidates for name in ("document_id", "key")
        ),
        timings_ms=dict(body.get("timings_ms") or {}),
        attempts=tuple(generated.get("attempts") or ()),
        phrased=bool(generated.get("text")),
        redacted=bool(body.get("redacted")),
        history=tuple((body.get("asked") or {}).get("history") or ()),
        judged=is_judged(body),
    )


def read_since(text: str, now: dt.datetime) -> dt.datetime | None:
    """Read from when on a report is wanted: `30d`, `12h`, a date, a time, or `all`.

    Raises:
        ConfigError: It is none of these.
    """
    if text.strip().lower() == "all":
        return None
    if match := _AGO.fullmatch(text.strip().lower()):
        try:
            return now - dt.timedelta(hours=int(match[1]) * _HOURS[match[2]])
        except OverflowError:
            return None
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ConfigError(
            f"--since {text!r} is neither a time such as 2026-11-25 or 2026-11-25T10:30+01:00, nor "
            "an age such as 30d, 12h or 4w, nor `all`."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
