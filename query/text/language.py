"""Tell what cannot be worked on: empty, over-long or garbled input, a language not served."""

import re
import unicodedata
from typing import Final

from config.settings import GateSettings
from query.decision import Reason, ReasonCode
from query.text.words import ENGLISH_MARKERS, LANGUAGE_MARKERS, OPENERS, STOP_WORDS, WORD, table

_SCRIPTS: Final = {
    "HAN": "zh", "CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CYRILLIC": "ru",
    "ARABIC": "ar", "HEBREW": "he", "GREEK": "el", "DEVANAGARI": "hi",
    "THAI": "th", "BENGALI": "bn",
    "TAMIL": "ta", "ARMENIAN": "hy", "GEORGIAN": "ka",
}  # fmt: skip
_IMPLAUSIBLE: Final = re.compile(r"[bcdfghjklmnpqrstvwxz]{5,}|(.)\1{3,}", re.IGNORECASE)
_ENGLISH: Final = ENGLISH_MARKERS | STOP_WORDS
_ENGLISH_OPENERS: Final = table("who whom whose what which where when why how")
_VOWEL: Final = re.compile(r"[aeiouyàâäáãåæéèêëíìîïóòôöõøœúùûü]", re.IGNORECASE)


def question_problem(text: str, settings: GateSettings, languages: frozenset[str]) -> Reason | None:
    """Return why `text` cannot be worked on, or none.

    Args:
        text: The question as it came.
        settings: Limits on length and on letters.
        languages: ISO codes of the languages that the encoder serves.
    """
    if not text.strip():
        return Reason(ReasonCode.EMPTY_QUESTION, "The question is empty.")
    if len(text) > settings.max_question_chars:
        return Reason(
            ReasonCode.QUESTION_TOO_LONG,
            f"The question has {len(text)} characters; gate.max_question_chars allows "
            f"{settings.max_question_chars}. Nothing of it was checked.",
        )
    if _is_garbled(text, settings.min_question_letters):
        return Reason(ReasonCode.GARBLED_INPUT, "The input holds no readable question.")
    language = detect_language(text)
    if language and language not in languages:
        return Reason(
            ReasonCode.LANGUAGE,
            f"The question seems to be in '{language}'; the encoder serves "
            f"{', '.join(sorted(languages))}.",
        )
    return None


def detect_language(text: str) -> str | None:
    """Return the ISO code of the language of `text`, or none where it is not certain.

    Scripts decide alone; Latin-script languages need two of their frequent words and twice as
    many as English ones, because a question may quote a foreign name. Behind a question word that
    only English has, names are all that is foreign: "Who wrote El amor en los tiempos del cólera?"
    """
    letters = [c for c in text if c.isalpha()]
    foreign = [c for c in letters if ord(c) > 0x36F and _script(c)]
    if letters and len(foreign) > 0.4 * len(letters):
        scripts = [_script(c) for c in foreign]
        kana = {"ja"} & set(scripts)
        return "ja" if kana else max(set(scripts), key=scripts.count)
    words = [m.group().lower() for m in WORD.finditer(text)]
    english = sum(word in _ENGLISH for word in words)
    counts = {
        code: sum(word in markers and word not in _ENGLISH for word in words)
        for code, markers in LANGUAGE_MARKERS.items()
    }
    for code, openers in OPENERS.items():
        counts[code] += 1 if words and words[0] in openers else 0
    best = max(counts, key=lambda code: counts[code])
    marks = bool(re.search(r"[¿¡]", text))
    if words and words[0] in _ENGLISH_OPENERS and not marks:
        return None
    sure = counts[best] >= 2 and counts[best] >= 2 * english and counts[best] >= len(words) / 5
    return best if sure or (marks and counts[best] > english) else None


def _script(char: str) -> str:
    name = unicodedata.name(char, "").split(" ")[0]
    return _SCRIPTS.get(name, "")


def _is_garbled(text: str, min_letters: int) -> bool:
    letters = sum(c.isalpha() for c in text)
    visible = sum(not c.isspace() for c in text)
    code = re.search(r"\b[A-Za-z]+[-_]?\d+\b", text)
    if letters < min_letters and not (code and letters):
        return True
    if "�" in text and text.count("�") > 0.1 * visible:
        return True
    if letters < 0.4 * visible and not code:
        return True
    words = [m.group() for m in WORD.finditer(text) if m.group().isalpha()]
    if all(ord(c) < 0x250 for c in "".join(words)):
        long = [w for w in words if len(w) > 3 and not w.isupper()]
        odd = [w for w in long if _IMPLAUSIBLE.search(w) or not _VOWEL.search(w) or len(w) > 40]
        plain = sum(w.lower() in _ENGLISH for w in words)
        return bool(long) and len(odd) > 0.5 * len(long) and len(odd) > plain
    return False
