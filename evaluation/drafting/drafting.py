"""One draft: answerable questions from every document in turn, and as many unanswerable ones."""

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from evaluation.drafting.extracting import Found, extract
from evaluation.drafting.swapping import Swapped, far_questions, swap
from indexing.corpus import Corpus
from indexing.points import visible
from query.decision import Verdict

KINDS = ("fact", "table", "definition", "heading")


@dataclass(frozen=True, slots=True)
class Draft:
    """Questions that a person should look at."""

    lines: tuple[dict[str, Any], ...]
    documents: int
    """Documents that at least one question is about."""

    def count(self) -> dict[str, int]:
        """Return how many questions there are of each tier; answerable ones under their kind."""
        counts: dict[str, int] = defaultdict(int)
        for line in self.lines:
            counts[str(line["tier"])] += 1
        return dict(sorted(counts.items()))


def draft(corpus: Corpus, count: int, seed: int) -> Draft:
    """Draft about `count` questions from the live index, half of them unanswerable.

    Raises:
        ConfigError: Nothing is indexed, or nothing in it makes a question.
    """
    live = corpus.required_live()
    where = visible(live.epoch, corpus.settings.tenant, aborted=live.aborted)
    points = list(corpus.store.scroll(live.name, where))
    chance = random.Random(seed)
    chosen = choose(list(extract(points)), max(count // 2, 1), chance)
    if not chosen:
        raise ConfigError(
            "No definition, fact, table or question was found in the indexed documents; write "
            "questions by hand in the format of docs/evaluation.md."
        )
    text = "\n".join(
        f"{p.payload.get('title') or ''}\n{p.payload['key']}\n{p.payload['text']}" for p in points
    ).lower()
    answerable = [answerable_line(found) for found in chosen]
    lines = [*answerable, *unanswerable_lines(chosen, text, count - len(chosen), chance)]
    numbered = ({"id": f"draft-{n:04d}", **line} for n, line in enumerate(lines, 1))
    return Draft(tuple(numbered), len({key for found in chosen for key in found.keys}))


def choose(found: Sequence[Found], count: int, chance: random.Random) -> list[Found]:
    """Choose questions, one document after another, kinds taking turns within a document.

    A question with different answers in two places is left out: which of them is meant only a
    person can tell. With the same answer in two documents it is asked once, of both.
    """
    alike: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        alike[one.question.lower()].append(one)
    queues: dict[str, list[Found]] = defaultdict(list)
    for same in alike.values():
        if len({one.answer.lower() for one in same}) == 1:
            first, *others = dict.fromkeys(one.key for one in same)
            queues[first].append(replace(same[0], also=tuple(others)))
    for queue in queues.values():
        chance.shuffle(queue)
        places: dict[str, int] = defaultdict(int)
        turns = {}
        for one in queue:
            turns[one.question] = (places[one.kind], KINDS.index(one.kind))
            places[one.kind] += 1
        queue.sort(key=lambda o, turns=turns: turns[o.question])  # type: ignore[misc]
    keys = sorted(queues)
    chance.shuffle(keys)
    longest = max(map(len, queues.values()), default=0)
    rounds = (queues[k][i] for i in range(longest) for k in keys if i < len(queues[k]))
    return [one for _, one in zip(range(count), rounds, strict=False)]


def answerable_line(found: Found) -> dict[str, Any]:
    """Write an answerable question."""
    return {
        "question": found.question,
        "label": Verdict.ANSWERABLE.value,
        "gold_keys": found.keys,
        "answers": [found.answer],
        "tier": found.kind,
        "quote": found.quote,
        "reviewed": False,
    }


def unanswerable_lines(
    chosen: Sequence[Found], collection: str, count: int, chance: random.Random
) -> list[dict[str, Any]]:
    """Write unanswerable questions of every tier in turn, as many as there are up to `count`."""
    pools: dict[str, list[dict[str, Any]]] = defaultdict(list)
    asked: set[str] = set()
    for found in chosen:
        pools["ablated"].append(ablated_line(found))
        for swapped in swap(found.question, collection, chance):
            # Two rows of a table often become the same question about the same stranger.
            if swapped.question not in asked:
                asked.add(swapped.question)
                pools[swapped.tier].append(swapped_line(found, swapped))
    pools["far"] = [
        {"question": q, "label": Verdict.UNANSWERABLE.value, "tier": "far", "reviewed": False}
        for q in far_questions(collection)
    ]
    longest = max(map(len, pools.values()), default=0)
    turns = (pool[i] for i in range(longest) for pool in pools.values() if i < len(pool))
    return [line for _, line in zip(range(count), turns, strict=False)]


def ablated_line(found: Found) -> dict[str, Any]:
    """Write the question with every document that is known to answer it hidden."""
    return {
        "question": found.question,
        "label": Verdict.UNANSWERABLE.value,
        "exclude_keys": found.keys,
        "tier": "ablated",
        "note": f"Hidden: {', '.join(found.keys)}. Does another document answer it?",
        "reviewed": False,
    }


def swapped_line(found: Found, swapped: Swapped) -> dict[str, Any]:
    """Write the question with a part exchanged."""
    return {
        "question": swapped.question,
        "label": Verdict.UNANSWERABLE.value,
        "source_keys": found.keys,
        "tier": swapped.tier,
        "note": swapped.what,
        "reviewed": False,
    }


def write_draft(made: Draft, file: Path) -> None:
    """Write a draft; what is there already may be a person's work and is never replaced.

    Raises:
        ConfigError: There is such a file, or it cannot be written.
    """
    lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in made.lines)
    try:
        out = file.open("x", encoding="utf-8")
    except FileExistsError as error:
        raise ConfigError(f"{file} exists and was left as it is; name another file.") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be written ({error.strerror}).") from error
    try:
        with out:
            out.write(lines)
    except OSError as error:
        # Half a draft would be taken for a person's work by whoever tries again.
        file.unlink(missing_ok=True)
        raise ConfigError(
            f"{file} cannot be written ({error.strerror}); nothing is left of it. Mend that and "
            "run the command again."
        ) from error
