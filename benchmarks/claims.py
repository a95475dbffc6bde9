"""Figures of the claim check: labelled claims, claims made wrong, citations made up.

    python -m benchmarks.claims DATA [--sets wice_oracle] [--neighbours squad,nq_oracle]

DATA is a folder of question sets with `claims.jsonl.gz`. A wrong claim is a supported one in which
a number, a date, a name or a negation is changed; it is caught if it does not come out `supported`.
The second share counts only claims that did come out `supported` before they were changed.

`--neighbours` takes documents of question sets instead: each sentence is a claim about the text it
stands in, and is made wrong by a value, or a name of two words, of the two sentences before or
behind it.
"""

import argparse
import gzip
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from query.claims.claim import ClaimVerdict
from query.claims.claims import check
from query.text.sentences import split_sentences
from query.text.values import Value, ValueKind, find_values, same_value

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
AUXILIARY = re.compile(r"\b(?:is|are|was|were|has|had|have|will|can|could|would)\b")
NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}")
FULL_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][a-z]{2,} [A-Z][a-z]{2,}\b")
DOCUMENTS, LONGEST_TEXT, SHORTEST_SENTENCE, NEAR = 150, 6000, 30, 2


def other_number(claim: str, rng: random.Random) -> str | None:
    """Change the first number that is no date."""
    for value in find_values(claim):
        digits = re.search(r"\d+", claim[value.start : value.end])
        if value.kind not in {ValueKind.DATE, ValueKind.TIME} and digits:
            at = value.start + digits.start()
            changed = str(int(digits.group()) + rng.randint(2, 9))
            return claim[:at] + changed + claim[at + len(digits.group()) :]
    return None


def other_date(claim: str, rng: random.Random) -> str | None:
    """Change the month or the year of the first date."""
    for value in find_values(claim):
        if value.kind is not ValueKind.DATE:
            continue
        text = claim[value.start : value.end]
        month = next((m for m in MONTHS if m in text), None)
        year = re.search(r"\d{4}", text)
        if month:
            text = text.replace(month, rng.choice([m for m in MONTHS if m != month]))
        elif year:
            text = text.replace(year.group(), str(int(year.group()) + rng.randint(2, 9)))
        else:
            continue
        return claim[: value.start] + text + claim[value.end :]
    return None


def other_name(claim: str, rng: random.Random) -> str | None:
    """Put another name in the place of the last one."""
    names = [m for m in NAME.finditer(claim) if m.group() not in MONTHS]
    if not names:
        return None
    other = rng.choice(["Pemberton", "Krakow", "Valdez", "Okonkwo", "Lindqvist", "Tasmania"])
    return claim[: names[-1].start()] + other + claim[names[-1].end() :]


def other_sense(claim: str, rng: random.Random) -> str | None:
    """Negate the first verb that can be negated in place."""
    if re.search(r"\b(?:not|no|never|without)\b|n't\b", claim):
        return None
    found = AUXILIARY.search(claim)
    return f"{claim[: found.end()]} not{claim[found.end() :]}" if found else None


CHANGES: dict[str, Callable[[str, random.Random], str | None]] = {
    "number": other_number,
    "date": other_date,
    "name": other_name,
    "negation": other_sense,
}


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON lines, packed or not; one that is not there is empty."""
    packed = path.with_name(f"{path.name}.gz")
    if packed.exists():
        text = gzip.decompress(packed.read_bytes()).decode("utf-8")
    else:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.split("\n") if line]


def read_claims(folder: Path) -> Iterator[dict[str, Any]]:
    """Read the claims of a set with their evidence."""
    texts = {line["id"]: line["text"] for line in read_lines(folder / "evidence.jsonl")}
    for line in read_lines(folder / "claims.jsonl"):
        yield line | {"evidence": line.get("evidence") or [texts[line["evidence_id"]]]}


def is_supported(claim: str, evidence: list[str]) -> bool:
    """Tell whether every sentence of a claim comes out supported."""
    claims = check(claim, evidence).claims
    return bool(claims) and all(c.verdict is ClaimVerdict.SUPPORTED for c in claims)


def measure(folder: Path) -> None:
    """Print the figures of one set."""
    from sklearn.metrics import roc_auc_score

    lines = list(read_claims(folder))
    scores = [check(line["claim"], line["evidence"]).support_score for line in lines]
    labels = [line["label"] == "supported" for line in lines]
    print(f"\n{folder.name}: {len(lines)} claims, {sum(labels)} supported")
    print(f"supported against the rest: AUROC {roc_auc_score(labels, scores):.3f}")
    best: dict[str, tuple[bool, float]] = {}
    for line, label, score in zip(lines, labels, scores, strict=True):
        claim = line.get("group") or line["id"]
        best[claim] = (label, max(score, best.get(claim, (label, 0.0))[1]))
    by_claim = roc_auc_score(*zip(*best.values(), strict=True))
    print(f"by claim, best of its pieces: AUROC {by_claim:.3f}, {len(best)} claims\n")
    print("| changed | claims | caught | of those that passed before | caught |")
    print("|-|-|-|-|-|")
    right = [line for line in lines if line["label"] == "supported"]
    for name, change in CHANGES.items():
        rng, caught, passed, caught_passed, total = random.Random(3), 0, 0, 0, 0
        for line in right:
            wrong = change(line["claim"], rng)
            if wrong is None:
                continue
            total += 1
            found = not is_supported(wrong, line["evidence"])
            caught += found
            if is_supported(line["claim"], line["evidence"]):
                passed += 1
                caught_passed += found
        print(
            f"| {name} | {total} | {caught / max(1, total):.3f} | {passed} "
            f"| {caught_passed / max(1, passed):.3f} |"
        )
    made_up = sum(is_supported(f"{line['claim']} [99]", line["evidence"]) for line in lines)
    print(f"\ncitations made up and accepted: {made_up} of {len(lines)}")


def neighbour_value(sentence: str, beside: list[str]) -> str | None:
    """Put a value of a sentence beside it, of the same kind and unit, in the place of a value."""

    def may_stand_for(other: Value, value: Value) -> bool:
        plain = value.kind in {ValueKind.NUMBER, ValueKind.TIME}
        return other.kind is value.kind and (other.unit == value.unit or not plain)

    own = find_values(sentence)
    near = [v for text in beside for v in find_values(text)]
    near = [v for v in near if not any(same_value(v, mine) for mine in own)]
    for value in own:
        other = next((v for v in near if may_stand_for(v, value)), None)
        if value.start > 3 and other is not None:  # a number in front counts the item of a list
            return sentence[: value.start] + other.text + sentence[value.end :]
    return None


def neighbour_name(sentence: str, beside: list[str]) -> str | None:
    """Put a name of a sentence beside it in the place of the first name."""
    name = FULL_NAME.search(sentence)
    others = (m.group() for text in beside for m in FULL_NAME.finditer(text))
    other = next((o for o in others if not {*o.split()} & {*sentence.split()}), None)
    return sentence.replace(name.group(), other) if name and other else None


def measure_neighbours(folder: Path) -> None:
    """Print how often a fact of a neighbouring sentence is taken for one of the sentence."""
    lines = read_lines(folder / "documents.jsonl")
    random.Random(1).shuffle(lines)
    changes = {"value": neighbour_value, "name": neighbour_name}
    total, passed = 0, 0
    made, caught = dict.fromkeys(changes, 0), dict.fromkeys(changes, 0)
    for text in (line["text"][:LONGEST_TEXT] for line in lines[:DOCUMENTS]):
        sentences = [text[s.start : s.end] for s in split_sentences(text)]
        for index, sentence in enumerate(sentences):
            if len(sentence) < SHORTEST_SENTENCE or "|" in sentence or sentence.startswith("#"):
                continue
            total += 1
            if not is_supported(sentence, [text]):
                continue
            passed += 1
            before = sentences[max(0, index - NEAR) : index]
            beside = [*before, *sentences[index + 1 : index + 1 + NEAR]]
            for name, change in changes.items():
                wrong = change(sentence, beside)
                if wrong is not None:
                    made[name] += 1
                    caught[name] += not is_supported(wrong, [text])
    found = ", ".join(f"{name}s caught {caught[name]} of {made[name]}" for name in changes)
    print(f"\n{folder.name}: sentences supported by their text {passed} of {total}")
    print(f"facts of neighbouring sentences: {found}")


def main() -> None:
    """Measure the sets named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default="wice_oracle")
    parser.add_argument("--neighbours", default="")
    given = parser.parse_args()
    if given.neighbours:
        for name in given.neighbours.split(","):
            measure_neighbours(given.data / name)
        return
    for name in given.sets.split(","):
        measure(given.data / name)


if __name__ == "__main__":
    main()
