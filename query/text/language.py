"""Tell what cannot be worked on: empty, over-long or garbled input, a language not served."""

import re
import unicodedata
from collections.abc import Sequence, Set
from typing import Final

from config.settings import GateSettings
from ingestion.quality import familiar_share
from query.decision import Reason, ReasonCode
from query.text.legible import legible
from query.text.tongues import ARTICLES, ASKING, ELISIONS, MARKERS, OWN_LETTERS, PARTICLES
from query.text.words import ENGLISH_MARKERS, STOP_WORDS, WORD, fold, table

_SCRIPTS: Final = {
    "HAN": "zh", "CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HALFWIDTH": "ja", "HANGUL": "ko",
    "CYRILLIC": "ru", "ARABIC": "ar", "HEBREW": "he", "GREEK": "el", "DEVANAGARI": "hi",
    "THAI": "th", "LAO": "lo", "KHMER": "km", "MYANMAR": "my", "TIBETAN": "bo", "BENGALI": "bn",
    "TAMIL": "ta", "TELUGU": "te", "KANNADA": "kn", "MALAYALAM": "ml", "GUJARATI": "gu",
    "GURMUKHI": "pa", "ORIYA": "or", "SINHALA": "si", "ARMENIAN": "hy", "GEORGIAN": "ka",
    "ETHIOPIC": "am", "MONGOLIAN": "mn",
}  # fmt: skip
_SHARING: Final = {
    "ru": {
        "uk": re.compile("[іїєґ]"),
        "sr": re.compile(r"[јљњћђџ]|\b(?:колико|када|шта|зашто)\b"),
        "bg": re.compile(r"\b(?:колко|кога|къде|какво|каква|какъв|защо|имам|ли)\b"),
    },
    "ar": {"ur": re.compile("[ٹڈڑںے]"), "fa": re.compile("[پچژگ]|\\b(?:چند|است|دارم)\\b")},
    "hi": {"mr": re.compile("[ळ]|किती|आहे|मला")},
}  # fmt: skip
"""Languages that share the script of a larger one, by what only they write."""
_CLUSTER: Final = re.compile(r"[bcdfghjklmnpqrstvwxz]{5,}", re.IGNORECASE)
_FAMILIAR: Final = 0.5
"""Share of familiar letter triples from which on a cluster is that of a word: Knightsbridge,
Deutschland. Of 1,165 pressed runs of keys with one, hardly any has it."""
_REPEATED: Final = re.compile(r"(.)\1{3,}", re.IGNORECASE)
_ENGLISH: Final = ENGLISH_MARKERS | STOP_WORDS
_ENGLISH_OPENERS: Final = table("who whom whose what which where when why how")
_POLITE: Final = table("Sie Ihr Ihre Ihren Ihnen Ihrem Ihrer")
_VOWEL: Final = re.compile(r"[aeiouy]", re.IGNORECASE)


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
    plain = legible(text)
    letters = [c for c in plain if c.isalpha()]
    foreign = [c for c in letters if ord(c) > 0x36F and _script(c)]
    if letters and len(foreign) > 0.4 * len(letters):
        return _by_script(plain.lower(), [_script(c) for c in foreign])
    words = _words(plain)
    small = [word.lower() for word in words]
    marks = bool(re.search(r"[¿¡]", plain))
    if small and small[0] in _ENGLISH_OPENERS and not marks:
        return None
    # Each once: a word that comes twice tells no more ("die casting die").
    told = set(small) if plain.isupper() else _told(words)
    counts, against = {}, {}
    for code, markers in MARKERS.items():
        counts[code] = _telling(code, told, words)
        against[code] = sum(word in _ENGLISH and word not in markers for word in small)
    best = max(counts, key=lambda code: (counts[code], -against[code]))
    sure = counts[best] >= max(2, 2 * against[best], len(words) / 5)
    return best if sure or (marks and counts[best] >= max(1, against[best])) else None


def _telling(code: str, told: Set[str], words: Sequence[str]) -> int:
    """Count what tells for a language; a question word of it tells more than others."""
    letters = OWN_LETTERS.get(code, frozenset())
    written = {words[0].lower(), *words[1:]} & told if words else set[str]()
    own = {word for word in told if word in MARKERS[code] and word not in _ENGLISH}
    own |= {word for word in written if not letters.isdisjoint(word)}
    asking = not written.isdisjoint(ASKING.get(code, ()))
    return min(len(own), 1) if own <= ARTICLES else len(own) + asking


def _script(char: str) -> str:
    name = unicodedata.name(char, "").split(" ")[0]
    return _SCRIPTS.get(name, "")


def _words(text: str) -> list[str]:
    """Return the words of a text; what stands before an apostrophe for a vowel is one: `l'`."""
    words = []
    for match in WORD.finditer(text):
        before, mark, behind = match.group().replace("’", "'").partition("'")
        apart = mark and before.lower() in ELISIONS
        words += [f"{before}'", behind] if apart else [match.group()]
    return words


def _told(words: Sequence[str]) -> set[str]:
    """Return the words that names do not consist of, in small letters: no `El` of "El Paso"."""
    told, at = set[str](), 0
    while at < len(words):
        end = at
        while end < len(words) and words[end].lower() in PARTICLES:
            end += 1
        run, following = words[at:end], words[end : end + 1]
        before = words[at - 1] if at else ""
        joins = before[:1].isupper() or bool(run and run[0][0].isupper())
        if not (joins and following and following[0][0].isupper()) or _is_german(run):
            told.update(word for word in run if word.islower() or not at)
        # Behind the first a capital makes a name ("Dan Yang"), or an acronym ("MIT"), of a word.
        told.update(word for word in following if word.islower() or word in _POLITE or not end)
        at = end + 1
    return {word.lower() for word in told if len(word) < 2 or not word.isupper()}


def _is_german(run: Sequence[str]) -> bool:
    """Tell whether small words stand between German nouns, which have capitals, too."""
    return bool(run) and run[0] in {"der", "den", "des"}


def _by_script(text: str, scripts: Sequence[str]) -> str:
    """Return the language of a text in small letters of other scripts than the Latin one."""
    most = "ja" if "ja" in scripts else max(sorted(set(scripts)), key=scripts.count)
    sharing = _SHARING.get(most, {})
    return next((code for code, own in sharing.items() if own.search(text)), most)


def _is_garbled(text: str, min_letters: int) -> bool:
    text = legible(text)
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
        odd = [w for w in long if len(w) > 40 or not _VOWEL.search(fold(w)) or _is_pressed(w)]
        plain = sum(w.lower() in _ENGLISH for w in words)
        return bool(long) and len(odd) > 0.5 * len(long) and len(odd) > plain
    return False


def _is_pressed(word: str) -> bool:
    """Tell whether a word has letters in a row that no word has."""
    if _REPEATED.search(word):
        return True
    return bool(_CLUSTER.search(word)) and familiar_share([word.lower()]) < _FAMILIAR
