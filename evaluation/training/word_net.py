"""WordNet as three small dictionaries: other words for a word, its opposites, which are nouns.

Read from the dictionaries as Princeton and Debian's `wordnet-base` ship them (`data.noun`,
`index.noun` and so on; their form: wndb(5WN)). WordNet 3.0, WordNet licence.
"""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

PARTS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
"""Files by part of speech, with the letter that pointers call them by."""
SATELLITE = "s"
"""What pointers call some adjectives; they stand among the others."""
OPPOSITE = "!"
WORDS_PER_SENSE = 3
SHORTEST = 3


@dataclass(frozen=True)
class WordNet:
    """Single words in small letters."""

    synonyms: Mapping[str, Sequence[str]]
    """Of the most frequent sense only: the others would change what is said."""
    antonyms: Mapping[str, Sequence[str]]
    nouns: Sequence[str]


class Pointer(NamedTuple):
    """A relation of one word of a synset with one of another."""

    symbol: str
    synset: tuple[str, str]
    """Part of speech and offset."""
    source: int
    target: int
    """Number of the word, from 1; 0 stands for the synset as a whole."""


class Synset(NamedTuple):
    """Words that say the same."""

    words: Sequence[str]
    pointers: Sequence[Pointer]


def read_dictionaries(folder: Path) -> WordNet:
    """Read the dictionaries of a folder."""
    synsets = dict(_synsets(folder))
    synonyms: dict[str, list[str]] = {}
    nouns = []
    for part in ("noun", "verb", "adj"):
        for word, first_sense in _index(folder / f"index.{part}"):
            if part == "noun":
                nouns.append(word)
            synset = synsets.get((PARTS[part], first_sense))
            others = [w for w in synset.words if w != word and w.islower()] if synset else []
            if others:
                readable = [w.replace("_", " ") for w in others[:WORDS_PER_SENSE]]
                synonyms.setdefault(word, []).extend(readable)
    return WordNet(synonyms, _antonyms(synsets), nouns)


def _antonyms(synsets: Mapping[tuple[str, str], Synset]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for synset in synsets.values():
        for pointer in synset.pointers:
            target = synsets.get(pointer.synset)
            if pointer.symbol != OPPOSITE or target is None or not pointer.source:
                continue
            word, other = synset.words[pointer.source - 1], target.words[pointer.target - 1]
            if "_" not in word + other:
                found.setdefault(word.lower(), []).append(other)
    return found


def _synsets(folder: Path) -> Iterator[tuple[tuple[str, str], Synset]]:
    for part, letter in PARTS.items():
        for fields in _lines(folder / f"data.{part}"):
            end = 4 + 2 * int(fields[3], 16)
            # An adjective may carry its place: "afloat(ip)".
            words = [word.split("(")[0] for word in fields[4:end:2]]
            pointers = []
            for at in range(end + 1, end + 1 + 4 * int(fields[end]), 4):
                symbol, offset, kind, which = fields[at : at + 4]
                kind = "a" if kind == SATELLITE else kind
                pointers.append(
                    Pointer(symbol, (kind, offset), int(which[:2], 16), int(which[2:], 16))
                )
            yield (letter, fields[0]), Synset(words, pointers)


def _index(file: Path) -> Iterator[tuple[str, str]]:
    """Yield single words with the offset of their most frequent sense."""
    for fields in _lines(file):
        word, senses = fields[0], int(fields[2])
        if word.isalpha() and len(word) >= SHORTEST:
            yield word, fields[-senses]


def _lines(file: Path) -> Iterator[list[str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(" "):  # the licence stands indented at the top
            yield line.split(" | ")[0].split()


def keep_word_net(word_net: WordNet, file: Path) -> None:
    """Write what was read."""
    file.write_bytes(gzip.compress(json.dumps(asdict(word_net)).encode("utf-8"), mtime=0))


def read_word_net(file: Path) -> WordNet:
    """Read what `keep_word_net` wrote."""
    return WordNet(**json.loads(gzip.decompress(file.read_bytes())))
