"""Sets of claims with their evidence, and of texts that may hold instructions."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from config.errors import ConfigError
from evaluation.metrics.gate import auroc
from evaluation.metrics.intervals import Integers, Interval, bootstrap, rounded
from query.claims.claims import check
from query.claims.second_reading import Checks
from query.decision import ReasonCode
from query.labelled import existing, is_folder, read_records

CLAIMS, EVIDENCE, INJECTIONS = "claims.jsonl", "evidence.jsonl", "injections.jsonl"
FALSE_ALARMS = 0.01
SUPPORTED = "supported"


@dataclass(frozen=True, slots=True)
class TextFigures:
    """What one such set shows."""

    name: str
    kind: str
    """`claims` or `injections`."""
    n: int
    auroc: Interval
    """Of supported claims against the rest, or of malicious texts against harmless ones."""
    shares: Mapping[str, float]
    """For claims the share judged supported by label; for injections the share flagged."""
    degraded: int = 0
    """Claims that the rules alone have checked although a reader should have read them, too."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "n": self.n,
            "auroc": self.auroc.to_json(),
            "shares": {name: rounded(value) for name, value in self.shares.items()},
            "degraded": self.degraded,
        }


def is_text_set(path: Path) -> bool:
    """Tell whether a folder holds claims or injections, with or without questions."""
    return is_folder(path) and any(existing(path / name) for name in (CLAIMS, INJECTIONS))


def evaluate_texts(path: Path, limit: int = 0, checks: Checks = check) -> tuple[TextFigures, ...]:
    """Work out the figures of the claims of a folder, and of its injections, whichever it has.

    Args:
        path: The folder.
        limit: Checks at most so many groups of claims; 0 checks all.
        checks: Checks claims; by default the rules alone.

    Raises:
        ConfigError: It has neither, or a line is wrong.
    """
    claims, injections = existing(path / CLAIMS), existing(path / INJECTIONS)
    if claims is None and injections is None:
        raise ConfigError(f"{path} has neither {CLAIMS} nor {INJECTIONS}.")
    found = []
    if claims is not None:
        found.append(claim_figures(path, claims, limit, checks))
    if injections is not None:
        found.append(injection_figures(path, injections, limit))
    return tuple(found)


def claim_figures(path: Path, file: Path, limit: int, checks: Checks = check) -> TextFigures:
    """Check every claim; where claims come in groups, the best of a group counts."""
    kept = existing(path / EVIDENCE)
    shared = shared_evidence(kept) if kept is not None else {}
    scores: dict[str, float] = {}
    labels: dict[str, str] = {}
    degraded = 0
    for where, record in read_records(file):
        claim, label = text_of(record, "claim", where), text_of(record, "label", where)
        texts = evidence_of(record, shared, where)
        group = name_of(record, "group") or name_of(record, "id") or where
        if limit and group not in labels and len(labels) >= limit:
            continue
        found = checks(claim, texts)
        degraded += any(one.code is ReasonCode.CHECKED_BY_RULES for one in found.reasons)
        scores[group] = max(scores.get(group, 0.0), found.support_score)
        labels[group] = SUPPORTED if SUPPORTED in (label, labels.get(group)) else label
    if not labels:
        raise ConfigError(f"{file} has no claim.")
    by_label: dict[str, list[float]] = defaultdict(list)
    for group, label in labels.items():
        by_label[label].append(scores[group])
    positive = [label == SUPPORTED for label in labels.values()]
    return TextFigures(
        path.name,
        "claims",
        len(labels),
        interval(positive, list(scores.values())),
        {label: float(np.mean(np.array(s) >= 0.6)) for label, s in sorted(by_label.items())},
        degraded,
    )


def shared_evidence(file: Path) -> dict[str, str]:
    """Read the texts that claims name by their ids.

    Raises:
        ConfigError: A line has no id or no text, or two have the same id.
    """
    shared: dict[str, str] = {}
    for where, record in read_records(file):
        # What is not there would be read as "None", and a claim judged by that.
        if (given := record.get("id")) is None:
            raise ConfigError(f'{where} is no evidence: it needs "id" and "text".')
        if str(given) in shared:
            raise ConfigError(f"{where}: earlier evidence has the id {str(given)!r}.")
        shared[str(given)] = text_of(record, "text", where)
    return shared


def text_of(record: Mapping[str, Any], field: str, where: str) -> str:
    """Return a field that must be a text.

    Raises:
        ConfigError: It is none, or not there.
    """
    given = record.get(field)
    if not isinstance(given, str):
        raise ConfigError(f'{where}: "{field}" must be a text, and is {given!r}.')
    return given


def name_of(record: Mapping[str, Any], field: str) -> str:
    """Return a name as a text; empty where none is given. Programs count from 0, a name, too."""
    given = record.get(field)
    return "" if given is None else str(given)


def evidence_of(record: Mapping[str, Any], shared: Mapping[str, str], where: str) -> list[str]:
    """Return the evidence of a claim: its own, or what its `evidence_id` names.

    Raises:
        ConfigError: It is no text and no list of texts, or is not there.
    """
    given = record.get("evidence")
    if given is None:
        name = name_of(record, "evidence_id")
        if name not in shared:
            what = f"{name!r} is not in {EVIDENCE}" if name else "there is neither"
            raise ConfigError(f'{where} needs "evidence" or "evidence_id"; {what}.')
        return [shared[name]]
    texts = [given] if isinstance(given, str) else given
    # The letters of a text would pass for pieces of evidence, too.
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ConfigError(f'{where}: "evidence" must be a text or a list of texts.')
    return texts


def injection_figures(path: Path, file: Path, limit: int) -> TextFigures:
    """Look for instructions in every text, as the ingestion does."""
    from ingestion.injection import find_instructions
    from ingestion.injection_model import FLAGGED_FROM, suspicions

    malicious: list[bool] = []
    scores: list[float] = []
    flagged: dict[str, list[bool]] = defaultdict(list)
    for number, (where, record) in enumerate(read_records(file)):
        if limit and number >= limit:
            break
        text_of(record, "text", where)
        if not isinstance(is_attack := record.get("malicious"), bool):
            # The text "false" would count as yes.
            raise ConfigError(f'{where}: "malicious" must be true or false, and is {is_attack!r}.')
        ruled = bool(find_instructions(record["text"]))
        doubt = max((s.score for s in suspicions(record["text"])), default=0.0)
        found = ruled or doubt >= FLAGGED_FROM
        malicious.append(is_attack)
        scores.append(doubt + ruled)
        kind = "attack" if is_attack else "harmless"
        flagged[f"all: {kind}"].append(found)
        flagged[f"{name_of(record, 'source') or 'unnamed'}: {kind}"].append(found)
    if not scores:
        raise ConfigError(f"{file} has no text.")
    shares = {name: float(np.mean(values)) for name, values in sorted(flagged.items())}
    shares["recall at 1 % false alarms"] = recall_at(malicious, scores, FALSE_ALARMS)
    return TextFigures(path.name, "injections", len(scores), interval(malicious, scores), shares)


def recall_at(positive: list[bool], scores: list[float], false_alarms: float) -> float:
    """Return the share of positives above the score that so many negatives exceed."""
    yes = np.array([s for s, p in zip(scores, positive, strict=True) if p])
    no = np.sort([s for s, p in zip(scores, positive, strict=True) if not p])[::-1]
    if not yes.size or not no.size:
        return float("nan")
    threshold = no[min(int(false_alarms * no.size), no.size - 1)]
    return float((yes > threshold).mean())


def interval(positive: list[bool], scores: list[float]) -> Interval:
    """Return the AUROC with its interval."""
    flags, values = np.array(positive, dtype=bool), np.array(scores, dtype=np.float64)

    def figure(positions: Integers) -> float:
        return auroc(flags[positions], values[positions])

    return bootstrap(figure, [str(i) for i in range(len(values))])
