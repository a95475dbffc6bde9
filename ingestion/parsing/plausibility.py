"""How plausible a decoded text is: the logarithm of its likelihood, in nats, under 55 languages.

Two encodings of the same bytes are compared by this measure. Letters count by how a language uses
them after the letters before (the statistics of `langdetect`), symbols and East Asian characters
by how usual they are, and what no text has costs extra: symbols inside words, capitals after small
letters, two scripts in one word, a lone Chinese character amid Latin letters.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ingestion.language import letter_statistics

if TYPE_CHECKING:
    import numpy as np

_ASCII_SIGN, _USUAL_SIGN, _RARE_SIGN, _NO_TEXT = -3.0, -5.5, -10.0, -14.0
_SIGN_IN_WORD, _SIGN_BEFORE_WORD = -8.0, -5.0
_CASE_BROKEN, _SCRIPTS_MIXED = -7.0, -10.0
_OTHER_LANGUAGE = -5.0
"""What it costs a word to be of another language than the text."""
_UNSEEN, _UNSEEN_ASCII = 3e-6, 1e-4
_LONE, _PAIR_IN_WORD, _FEW = -8.0, -5.0, -6.0
_ENOUGH = 3
"""Fewer East Asian characters make no text East Asian and cost extra; up to twice as many, half."""
_USUAL = frozenset("“”„‘’–—…«»€°§©®™·•£\xa0²³½µ×±¿¡ºª№´\xad")
_JOINING = frozenset("’‘–—·\xa0\xadµ™®")
"""Signs that do stand between letters."""
_NOT_BEFORE = frozenset("£€§²³½¼¾±×¢¥¤¦¨¸¹¶·")
"""Signs that no letter follows."""
_NOT_AFTER = frozenset("£§½¼¾±×¢¥¤¦¨¸¹¶°·№\xad¿¡")
"""Signs that stand behind no word."""
_NO_LETTERS = frozenset("ªºµ")
_FREQUENT_HANGUL = frozenset(
    "이다는의에을를가고하은지사기로한도어인나서대자리시아있해수과그정안일제보"
)
_USED_HANGUL = frozenset(
    "그정안일제보전부장상주만원동구성모문공간방여경조선용미소생신오유우물관된들니까면습했입합요무게화교회"
    "세금내연위단발진중적라스계비치개실국마것같때더두말시으와되었었할될않당심차반속식영호김박최강남서울산"
)
_KANA, _KATAKANA, _EAST_SIGN, _WIDE, _NARROW = -4.0, -4.5, -4.0, -7.0, -10.0
_HANGUL = {True: -9.0, False: -13.0}
"""Of other syllables, by whether the usual character set has them."""


class Kind(Enum):
    """What a character is to the measure."""

    LETTER = "letter"
    EAST = "east"
    """Chinese, Japanese and Korean characters and their punctuation."""
    SIGN = "sign"


@cache
def _kind(char: str) -> Kind:
    if "\u3000" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7a3" or "\uff00" <= char <= "\uffef":
        return Kind.EAST
    if (char >= "\uf900" and char <= "\ufaff") or char >= "\U00020000":
        return Kind.EAST
    letter = unicodedata.category(char)[0] in "LM" and char not in _NO_LETTERS
    return Kind.LETTER if letter else Kind.SIGN


def plausibility(text: str, east: Callable[[str], float] | None = None) -> float:
    """The log-likelihood of a text, in nats; comparable between decodings of the same bytes.

    Args:
        text: Some kilobytes at most.
        east: How likely an East Asian character is, for encodings that have them.
    """
    words: Counter[str] = Counter()
    total, many = 0.0, 0
    pieces = [(kind, "".join(run)) for kind, run in groupby(text, _kind)]
    for at, (kind, run) in enumerate(pieces):
        before = pieces[at - 1][1][-1] if at else " "
        after = pieces[at + 1][1][0] if at + 1 < len(pieces) else " "
        if kind is Kind.LETTER:
            words[run] += 1
        elif kind is Kind.EAST:
            many += len(run)
            total += sum(map(east or _without_encoding, run)) + _isolated(run, before, after)
        else:
            total += _signs(run, before, after)
    if 0 < many < 2 * _ENOUGH:
        total += _FEW if many < _ENOUGH else _FEW / 2
    return total + sum(n * _shape(word) for word, n in words.items()) + _letters(words)


def _signs(run: str, before: str, after: str) -> float:
    total = 0.0
    for at, char in enumerate(run):
        if char.isascii():
            total += _ASCII_SIGN
            continue
        category = unicodedata.category(char)
        usual = _USUAL_SIGN if char in _USUAL else _RARE_SIGN
        total += _NO_TEXT if category in ("Cc", "Co", "Cn", "Cs") else usual
        left = at == 0 and _is_letter(before)
        right = at == len(run) - 1 and _is_letter(after)
        if left and right:
            total += 0.0 if char in _JOINING else _SIGN_IN_WORD
        elif (right and char in _NOT_BEFORE) or (left and (char in _NOT_AFTER or category == "Nd")):
            total += _SIGN_BEFORE_WORD
    return total


def _is_letter(char: str) -> bool:
    return _kind(char) is Kind.LETTER


def _isolated(run: str, before: str, after: str) -> float:
    """What so short a run of East Asian characters costs."""
    amid = _is_letter(before) or _is_letter(after)
    if len(run) == 1:
        return _LONE if amid else _LONE / 2
    return _PAIR_IN_WORD if len(run) == 2 and amid else 0.0


def _without_encoding(_: str) -> float:
    return _RARE_SIGN


def _shape(word: str) -> float:
    """What capitals in the wrong place and letters of two scripts cost a word."""
    if word.isascii():
        return 0.0
    total = 0.0
    for at in range(1, len(word)):
        left, right = word[at - 1], word[at]
        if left.isascii() and right.isascii():
            continue
        if left.islower() and right.isupper() and left != "ß":
            total += _CASE_BROKEN
        elif at > 1 and right.islower() and right != "ß" and word[at - 2 : at].isupper():
            total += _CASE_BROKEN / 2
    scripts = {script for char in word if (script := _script(char))}
    return total + _SCRIPTS_MIXED * (len(scripts) - 1 if scripts else 0)


@cache
def _script(char: str) -> str:
    """The first word of the name of a letter: LATIN, CYRILLIC; empty for combining marks."""
    if unicodedata.category(char)[0] == "M":
        return ""
    return unicodedata.name(char, "NONE").split()[0]


def _letters(words: Counter[str]) -> float:
    """The words in the language that fits them best; a word may be of another."""
    import numpy as np

    if not words:
        return 0.0
    steps: dict[str, np.ndarray] = {}
    rows: np.ndarray = np.array([_word(word, steps) for word in words])
    counts: np.ndarray = np.array(list(words.values()), dtype=np.float64)
    best = int(np.argmax(counts @ rows))
    own: np.ndarray = np.maximum(rows[:, best], rows.max(axis=1) + _OTHER_LANGUAGE)
    return float(counts @ own)


def _word(word: str, steps: dict[str, "np.ndarray"]) -> "np.ndarray":
    total: Any = 0.0
    for gram in _grams(word):
        if gram not in steps:
            steps[gram] = _step(gram)
        total = total + steps[gram]
    result: np.ndarray = total
    return result


def _grams(word: str) -> Iterator[str]:
    """Every letter and the end of a word with up to two characters before."""
    padded = f" {word[:60].lower()} "
    for end in range(2, len(padded) + 1):
        yield padded[max(end - 3, 0) : end]


def _step(gram: str) -> "np.ndarray":
    """Log-likelihood of the last character after the others, for every language."""
    import numpy as np

    statistics, normal, languages = letter_statistics()
    gram = "".join(map(normal, gram))
    zero = [0.0] * languages

    def share(part: str) -> np.ndarray:
        return np.array(statistics.get(part, zero))

    last, pair = share(gram[-1]), share(gram[-2:])
    if gram[-2] == " ":
        chance = 0.9 * np.minimum(5 * pair, 1.0) + 0.1 * last
    else:
        single = share(gram[-2])
        chance = 0.3 * np.minimum(_ratio(pair, single), 1.0) + 0.1 * last
        if len(gram) == 3:
            chance += 0.6 * np.minimum(_ratio(share(gram), share(gram[:2])), 1.0)
    result: np.ndarray = np.log(chance + (_UNSEEN_ASCII if gram[-1].isascii() else _UNSEEN))
    return result


def _ratio(part: "np.ndarray", whole: "np.ndarray") -> "np.ndarray":
    import numpy as np

    result: np.ndarray = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return result


def east_asian(
    language: str, standard: str, first_level: tuple[int, int]
) -> Callable[[str], float]:
    """How likely East Asian characters are in one language.

    Args:
        language: Whose statistics count, by `langdetect`'s name.
        standard: The character set that all use; what is beyond it is rare.
        first_level: Lead bytes, first and last, of its frequent characters.
    """

    @cache
    def likelihood(char: str) -> float:
        if "\u3040" <= char <= "\u30ff":
            japanese = _KANA if char <= "\u309f" else _KATAKANA
            return japanese if language == "ja" else 2 * japanese - 2
        if "\uff61" <= char <= "\uffdf":
            return _NARROW
        if char >= "\uff00":
            return _EAST_SIGN if char in "，：；！？（）" else _WIDE
        if char <= "\u303f":
            return _EAST_SIGN if char in "\u3000、。「」『』《》【】〈〉" else _RARE_SIGN
        try:
            lead = char.encode(standard)[0]
        except UnicodeEncodeError:
            lead = 0
        if "\uac00" <= char <= "\ud7a3":
            if char in _FREQUENT_HANGUL:
                return -4.3
            return -5.5 if char in _USED_HANGUL else _HANGUL[lead > 0]
        common = first_level[0] <= lead <= first_level[1]
        floor = math.exp(-9.5 if common else -12.5 if lead else -15.5)
        return math.log(0.9 * _han_share(char, language) + floor)

    return likelihood


def _han_share(char: str, language: str) -> float:
    """How frequent a Chinese character is; the statistics count groups of like ones together."""
    statistics, normal, _ = letter_statistics()
    shares = statistics.get(normal(char))
    if shares is None or language == "ko":
        return 0.0
    return shares[_position(language)] / _group_sizes().get(normal(char), 1)


@cache
def _position(language: str) -> int:
    from ingestion.language import statistics_of

    return statistics_of().index(language)


@cache
def _group_sizes() -> Counter[str]:
    from langdetect.utils.ngram import NGram

    return Counter(NGram.CJK_MAP.values())
