"""Names the language of a document and of its chunks, as an ISO 639-1 code.

`langdetect` decides from the letter statistics of an excerpt; its seed is fixed, so equal text has
equal languages. A chunk differs from its document only where that is certain: tables and code
look like any language.
"""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

LANGUAGE_VERSION = "3"
"""Part of the pipeline fingerprint: raised whenever a language may change."""
UNKNOWN = "und"
"""ISO 639-2 code of a language that cannot be told."""

_LETTERS = re.compile(r"[^\W\d_]+")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_KANA = re.compile("[\u3040-\u30ff]")
_HANGUL = re.compile("[\u1100-\u11ff\uac00-\ud7af]")
_OWN = {"ka": re.compile("[\u10a0-\u10ff\u1c90-\u1cbf]"), "hy": re.compile("[\u0530-\u058f]")}
"""Scripts of one language each that the statistics do not know and take for Estonian."""
_SHARED = re.compile(
    "[A-Za-z\u00aa-\u024f\u0400-\u052f\u0600-\u077f\u0900-\u097f\u1e00-\u1eff"
    "\u3400-\u9fff\uf900-\ufaff]"
)
"""Letters that several languages are written in: a few of them do not tell which."""
_EXCERPT = 300
"""Letters looked at; more cost time and change next to nothing."""
_EXCERPTS = 3
"""Places of a document that are looked at: beginning, middle and end."""
_FEWEST_LETTERS = 40
_CERTAIN = 0.9
_PLAUSIBLE = 0.6
_TRIALS = 2
# What English cannot do without. A text with this share of it needs no statistics.
_ENGLISH = frozenset(
    {"the", "of", "and", "to", "in", "is", "that", "for", "it", "with", "as", "was", "on", "are",
     "be", "this", "by", "or", "from", "you", "not", "an", "at", "have", "which", "we", "your",
     "can", "will", "has", "if"}
)  # fmt: skip
_ENGLISH_ALONE = frozenset(
    {"the", "and", "to", "that", "with", "are", "this", "from", "you", "which", "your", "not", "it",
     "if", "can", "be"}
)  # fmt: skip
"""Those of them that no other language is full of; `was`, `in`, `of` and `is` are Dutch as well."""
_ENGLISH_SHARE = 0.22
_FEWEST_WORDS = 12


def document_language(text: str) -> str:
    """Return the language most of a document is in, or `und`."""
    longest = _EXCERPT * 8
    if len(text) <= longest:
        places = [text]
    else:
        step = (len(text) - longest) // (_EXCERPTS - 1)
        places = [text[at * step : at * step + longest] for at in range(_EXCERPTS)]
    votes: dict[str, float] = {}
    for place in places:
        language, certainty = _detect(place)
        votes[language] = votes.get(language, 0.0) + certainty
    votes.pop(UNKNOWN, None)
    best = max(sorted(votes), key=lambda code: votes[code], default=UNKNOWN)
    return best if votes.get(best, 0.0) >= _PLAUSIBLE else UNKNOWN


def chunk_language(text: str, document: str) -> str:
    """Return the language of a chunk: its own where it is certain, else that of its document."""
    language, certainty = _detect(text)
    return language if certainty >= _CERTAIN else document


def preload() -> None:
    """Read the statistics of all languages, once, before parser children are forked."""
    _detectors()


def letter_statistics() -> tuple[Mapping[str, Sequence[float]], Callable[[str], str], int]:
    """Shares of one to three letters by language, the form they are counted in, and how many.

    A share is that among all runs of as many letters; the languages are those of `statistics_of`.
    """
    from langdetect.utils.ngram import NGram

    factory = _detectors()
    return factory.word_lang_prob_map, NGram.normalize, len(factory.langlist)


def statistics_of() -> Sequence[str]:
    """Languages of the statistics, in their order, by `langdetect`'s names."""
    return list(_detectors().langlist)


def _detect(text: str) -> tuple[str, float]:
    words = _LETTERS.findall(text)
    excerpt = " ".join(_first(words))
    if 2 * sum(map(str.isupper, excerpt)) > len(excerpt):
        excerpt = excerpt.lower()  # the statistics are of texts in small letters
    if (script := _by_script(excerpt)) is not None:
        return script, 1.0
    if len(excerpt) < _FEWEST_LETTERS and 2 * len(_SHARED.findall(excerpt)) >= len(excerpt):
        return UNKNOWN, 0.0
    if len(words) >= _FEWEST_WORDS and _is_english(words):
        return "en", 1.0
    from langdetect.lang_detect_exception import LangDetectException

    detector = _detectors().create()
    detector.n_trial = _TRIALS
    detector.append(excerpt)
    try:
        found = detector.get_probabilities()
    except LangDetectException:  # no letter in it that any language is known by
        return UNKNOWN, 0.0
    if not found:
        return UNKNOWN, 0.0
    return str(found[0].lang).split("-", maxsplit=1)[0], float(found[0].prob)


def _is_english(words: Sequence[str]) -> bool:
    found = [word for word in map(str.lower, words) if word in _ENGLISH]
    alone = sum(word in _ENGLISH_ALONE for word in found)
    return len(found) >= _ENGLISH_SHARE * len(words) and 2 * alone >= len(found)


def _by_script(excerpt: str) -> str | None:
    """Tell what statistics of single letters confuse: Chinese, Japanese, Korean, unknown ones."""
    if excerpt.isascii():
        return None
    for language, letters in _OWN.items():
        if 3 * len(letters.findall(excerpt)) >= max(len(excerpt), _FEWEST_WORDS):
            return language
    kana, hangul = len(_KANA.findall(excerpt)), len(_HANGUL.findall(excerpt))
    own = kana + hangul + len(_HAN.findall(excerpt))
    if own < _FEWEST_WORDS or 3 * own < len(excerpt):
        return None
    if 5 * max(kana, hangul) < own:
        return "zh"
    return "ja" if kana >= hangul else "ko"


def _first(words: list[str]) -> list[str]:
    """Take words until there are enough letters, so that markup and numbers do not count."""
    taken, letters = [], 0
    for word in words:
        taken.append(word[:_EXCERPT])
        letters += len(word)
        if letters >= _EXCERPT:
            break
    return taken


@functools.cache
def _detectors() -> Any:
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    factory.set_seed(0)
    return factory
