"""How often invented words are seen as garbled, and how often real questions are by mistake.

    python -m benchmarks.garbled ../shared/data/grounding

The collection is taken to know no word, which is the worst case for real questions: with one that
knows a word of theirs they are never garbled. `readable.txt` holds 52 questions in 22 languages
that are not told apart otherwise, for which the function words were written, and behind them 20
more in those languages and 15 requests of three or four rare words, written afterwards.
"""

import argparse
import random
from collections.abc import Callable
from pathlib import Path

from benchmarks.personal_data import texts
from config.settings import EmbeddingSettings, GateSettings
from indexing.encoding.encoder import SentenceEncoder
from indexing.encoding.model_files import find_model
from query.decision import Status
from query.search.retrieval import NO_HITS, Retrieval
from query.text.gibberish import gibberish
from query.text.language import question_problem

ONSETS = (*"bcdfghjklmnprstvwz", "br", "cl", "dr", "gr", "pl", "sh", "sk", "sn", "st", "str", "th")
VOWELS = ["a", "e", "i", "o", "u", "ea", "oo", "ai"]
CODAS = ["", "n", "r", "s", "t", "ll", "rk", "nd", "ng", "mp", "st"]
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
COUNT = 1000
SEED = 5


def invented(chance: random.Random) -> str:
    """Return three to seven words that can be pronounced and mean nothing."""

    def word() -> str:
        syllables = range(chance.randint(1, 3))
        body = "".join(chance.choice(ONSETS) + chance.choice(VOWELS) for _ in syllables)
        return body + chance.choice(CODAS)

    return " ".join(word() for _ in range(chance.randint(3, 7))) + chance.choice(["", "?"])


def pressed(chance: random.Random) -> str:
    """Return two to six runs of keys that lie together."""
    words = []
    for _ in range(chance.randint(2, 6)):
        row, length = chance.choice(ROWS), chance.randint(3, 6)
        start = chance.randint(0, len(row) - length)
        run = row[start : start + length]
        if chance.random() < 0.4:
            run = "".join(chance.choice("asdfjkl" + row) for _ in range(length))
        words.append(run)
    return " ".join(words)


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    settings = EmbeddingSettings()
    encoder = SentenceEncoder(find_model(settings), settings)
    nothing = Retrieval(Status.OK, (), NO_HITS, None, (), {})

    def by_letters(text: str) -> bool:
        problem = question_problem(text, GateSettings(), frozenset({"en", "de", "es", "zh"}))
        return problem is not None and problem.code.value == "garbled_input"

    def by_words(text: str) -> bool:
        return gibberish(text, nothing, encoder) is not None

    def show(name: str, found: list[str], seen: Callable[[str], bool]) -> list[str]:
        before = sum(map(by_letters, found))
        garbled = [text for text in found if seen(text)]
        print(f"{name}: {len(found)}, by letters alone {before}, with words {len(garbled)}")
        return garbled

    def either(text: str) -> bool:
        return by_letters(text) or by_words(text)

    chance = random.Random(SEED)
    made = [invented(chance) for _ in range(COUNT)]
    show("invented words", made, either)
    show("  of four words or more", [text for text in made if len(text.split()) > 3], either)
    show("pressed keys", [pressed(chance) for _ in range(COUNT)], either)
    asked = list(texts(folder, "questions", "question", 0))
    readable = Path(__file__).with_name("readable.txt").read_text(encoding="utf-8").splitlines()
    for text in show("questions of the sets", asked, either):
        print(f"    {text}")
    for text in show("languages not told apart, rare words", readable, either):
        print(f"    {text}")


if __name__ == "__main__":
    main()
