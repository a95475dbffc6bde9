"""The example questions as people type them: in small letters, in capitals, politely, with a slip.

    python -m benchmarks.typed

Each question of `examples/questions.jsonl` is asked of the example handbook as it is, and once in
each of these ways. A slip exchanges two letters: of a longer word in small letters, or of the first
small word of the question ("waht", "logn").
"""

import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.questions import Asked, ask_all, figures
from query.text.words import QUESTION_SHAPE, STOP_WORDS

SEED = 4
LONGER = 6
"""Letters of a word in which a slip is made."""


def slipped(question: str, rng: random.Random) -> str:
    """Exchange two letters within a longer word of a question."""
    words = question.split()
    longer = [n for n, w in enumerate(words) if len(w) >= LONGER and w.isalpha() and w.islower()]
    if not longer:
        return question
    place = rng.choice(longer)
    word = words[place]
    at = rng.randrange(1, len(word) - 2)
    words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


def slipped_early(question: str, rng: random.Random) -> str:
    """Exchange two letters of the first small word of a question that has three or more."""
    words = question.split()
    for place, word in enumerate(words):
        small = word.lower() in STOP_WORDS | QUESTION_SHAPE
        at = rng.randrange(1, len(word) - 1) if len(word) > 2 else 0
        if small and word.isalpha() and at and word[at] != word[at + 1]:
            words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
            break
    return " ".join(words)


def manners() -> dict[str, Callable[[str], str]]:
    """Return the ways to type a question, by name."""
    rng = random.Random(SEED)
    return {
        "as it is": lambda text: text,
        "in small letters, without a mark": lambda text: text.lower().rstrip("?"),
        "in capitals": str.upper,
        "politely": lambda text: f"Hi there, could you please tell me: {text} Thanks!",
        "with a slip": lambda text: slipped(text, rng),
        "with a slip in a small word": lambda text: slipped_early(text, rng),
    }


def row(name: str, asked: Sequence[Asked]) -> str:
    """Return one line of the table."""
    found = figures(asked)
    return (
        f"| {name} | {found.right_answers:.3f} | {found.refused_answerable:.3f} "
        f"| {found.answered_near_misses} of {found.near_misses} "
        f"| {found.answered_far} of {found.far} |"
    )


def main() -> None:
    """Ask in every way and print what came out."""
    print("| typed | right answers | answerable refused | near misses answered | far answered |")
    print("|-|-|-|-|-|")
    for name, typed in manners().items():
        work = Path(tempfile.mkdtemp(prefix="holdfast-typed-"))
        try:
            print(row(name, ask_all(work, typed)), flush=True)
        finally:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
