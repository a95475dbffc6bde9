"""Word tables and the light stemmer that questions, sentences and claims are compared with."""

import functools
import re
import unicodedata
from collections.abc import Callable
from typing import Final


def table(words: str) -> frozenset[str]:
    """Read a table of words written as one string."""
    return frozenset(words.split())


def counterparts(rows: str, form: Callable[[str], str]) -> dict[str, frozenset[str]]:
    """Read rows of words that exclude each other, as `open/close`: each word with the others.

    Args:
        rows: The rows, with spaces between them.
        form: Gives the form in which words are looked up.
    """
    found: dict[str, set[str]] = {}
    for row in rows.split():
        names = {form(word) for word in row.split("/")}
        for one in names:
            found.setdefault(one, set()).update(names - {one})
    return {word: frozenset(others) for word, others in found.items()}


STOP_WORDS: Final = table("""
        a an and any are as at be been being between both but by can could did do does
        doing done for from get gets give given had has have having he her here hers him
        his how i if in into is it its itself just me mine more most my of off on or our
        ours out over own please say says shall she should so some such tell than that
        the their theirs them then there these they this those through to too under up
        upon us very was we were what when where whether which while who whom whose why
        will with would you your yours about also am i'm it's what's who's don't didn't
        doesn't isn't aren't i'd i've i'll we'd we're we've we'll you'd you're you've you'll
        explain describe know need want let one another
    """)

QUESTION_SHAPE: Final = table(
    "many much long often far old kind type name year date number mean called define"
)
"""Words that say what kind of answer is wanted, not what it is about; they weigh less."""

PRONOUNS: Final = table(
    "it its he she they them him her his their theirs this that these those one ones there"
)

LANGUAGE_MARKERS: Final = {
    "de": table("""
        als können konnte er sie es hat hatte haben wurden werden durch dass sein seine ihr ihre man
        aus einem einer eines bis vor wegen nachdem während
        der die das den dem ein eine einen und oder nicht ist sind war wie viele viel
        wann wer wo warum welche welcher welches wurde wird werden mit für von auf bei
        nach kann ich wir habe haben gibt im zum zur über sich auch des was
    """),
    "es": table("""
        el la los las un una unos y o no es son fue cómo como cuántos cuántas cuánto
        cuándo cuando quién quien dónde donde qué que por para con del de en al se su
        sus tengo puedo hay cuál cual está estoy muy
    """),
    "fr": table("""
        le la les un une des et ou pas est sont était comment combien quand qui où
        pourquoi quel quelle quels quelles que pour avec du de en au aux je nous vous il
        elle ai peut dans sur être
    """),
    "pt": table("""
        o os as um uma e ou não é são foi como quantos quantas quanto quando quem onde
        que qual por para com do da dos das de em no na ao se seu sua tenho posso há
        está
    """),
    "it": table("""
        il lo la gli le un una e o non è sono era come quanti quante quanto quando chi
        dove perché quale quali che per con del della dei di in al si suo sua ho posso
        ci sta
    """),
}
"""Frequent words of languages in Latin script; those that English has too do not count."""

OPENERS: Final = {
    "de": table("wann wie welche welcher welches welchem welchen warum wieso weshalb woher wohin"),
    "es": table("cuándo cómo cuál cuáles cuánto cuántos cuánta cuántas quién dónde"),
    "fr": table("quand comment combien pourquoi quel quelle quels quelles"),
    "pt": table("quando quantos quantas quais qual"),
    "it": table("quando quanti quante quale quali perché"),
}
"""Question words that open a question in no other of these languages but, at most, a sister."""

ENGLISH_MARKERS: Final = table("""
        the a an of to in is are was were do does did how what when where who why which
        can could should would for with from on by at my our your we i you it have has
        had and or not be many much if must may per about there this that
    """)

WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.UNICODE)

_COUNTED: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty"
)
TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
ONES: Final = "one|two|three|four|five|six|seven|eight|nine"
"""As a pattern; what follows a ten in one number."""
NUMBER_WORDS: Final = {word: value for value, word in enumerate(_COUNTED.split())} | {
    word: 10 * value for value, word in enumerate(TENS.split(), start=2)
}

_SUFFIXES: Final = (
    ("ational", "ate"), ("ization", "ize"), ("isation", "ize"), ("fulness", "ful"),
    ("iveness", "ive"), ("ements", "e"), ("ement", "e"), ("ments", ""), ("ment", ""),
    ("ingly", ""), ("ations", "ate"), ("ation", "ate"), ("tions", "t"), ("tion", "t"),
    ("sions", "s"), ("sion", "s"), ("ities", ""), ("ity", ""), ("ances", ""), ("ance", ""),
    ("ences", ""), ("ence", ""), ("ings", ""), ("ing", ""), ("ied", "y"), ("ies", "y"),
    ("edly", ""), ("ers", ""), ("ed", ""), ("er", ""), ("ly", ""), ("es", ""), ("al", ""),
    ("s", ""), ("e", ""),
)  # fmt: skip


_FORMS: Final = {
    form: group.split()[0]
    for group in (
        "begin began begun", "bend bent", "bleed bled", "break broke broken", "breed bred",
        "bring brought", "build built", "buy bought", "catch caught", "choose chose chosen",
        "deal dealt", "dig dug", "draw drew drawn", "drink drank drunk", "drive drove driven",
        "eat ate eaten", "fight fought", "flee fled", "fly flew flown", "freeze froze frozen",
        "forget forgot forgotten", "grow grew grown", "hear heard", "hide hid hidden",
        "hold held", "keep kept", "lay laid", "lose lost", "meet met",
        "overtake overtook overtaken", "pay paid", "rebuild rebuilt", "repay repaid",
        "ride rode ridden", "sell sold", "send sent", "shake shook shaken", "show shown",
        "shrink shrank shrunk", "sing sang sung", "sink sank sunk", "sleep slept",
        "speak spoke spoken", "spend spent", "steal stole stolen", "stick stuck",
        "strike struck", "swear swore sworn", "sweep swept", "swim swam swum", "teach taught",
        "think thought", "throw threw thrown", "understand understood",
        "undertake undertook undertaken", "uphold upheld", "wear wore worn", "win won",
        "withdraw withdrew withdrawn", "withhold withheld", "write wrote written",
    )
    for form in group.split()[1:]
}  # fmt: skip
"""Verbs whose past forms no suffix tells. Left out are forms that are words of their own (to found,
a ground, a rose, left, led, lit), and verbs that say little: stitches that are "taken out" after 14
days are not what an operation "takes"."""

_LEAST_LEFT: Final = {"er": 4, "ers": 4}
"""Letters that a suffix must leave where three are too few: a Mayer is no May, an offer not off."""

_LOWER_BY_WORD: Final = frozenset("İΣ")
"""Letters whose lower case is two signs, or depends on what stands around them."""


_UNDIVIDED: Final = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O",
     "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i",
     "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T"}
)  # fmt: skip
"""Letters that Unicode does not take apart, as people write them who do not have them."""
_SPECIAL: Final = frozenset(map(chr, _UNDIVIDED))


def fold(text: str) -> str:
    """Drop accents: Schrödinger and Schrodinger are one name, as are Łódź and Lodz."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text).translate(_UNDIVIDED)
    return "".join(c for c in apart if not unicodedata.combining(c))


def has_special_letters(text: str) -> bool:
    """Tell whether a text has letters that are no others with an accent: ł, ø, ß."""
    return not text.isascii() and not _SPECIAL.isdisjoint(text)


@functools.lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return a crude common form of a lower-case word: `installing`, `installed` → `instal`.

    Irregular past forms have that of their verb: `sent` → `send`. Words with digits and words of
    up to three letters stay as they are.
    """
    word = fold(word.replace("’", "'").removesuffix("'s"))
    word = _FORMS.get(word, word)
    if len(word) <= 3 or not word.isalpha():
        return word
    for suffix, replacement in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _LEAST_LEFT.get(suffix, 3):
            if suffix == "s" and word.endswith(("ss", "us", "is")):
                return word
            word = word[: -len(suffix)] + replacement
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 3 and word.endswith("y") else word.removesuffix("e")


def stems(text: str) -> list[str]:
    """Return the stems of all words of `text` that are no stop words, in order."""
    if text.isascii() or _LOWER_BY_WORD.isdisjoint(text):
        words = WORD.findall(text.lower())
    else:
        words = [word.lower() for word in WORD.findall(text)]
    return [stem(word) for word in words if word not in STOP_WORDS]


_ASKING: Final = table("""
    requirement requirements require requires required prerequisite prerequisites condition
    conditions criteria rule rules process processes procedure procedures step steps way ways
    option options choice choices alternative alternatives reason reasons cause causes problem
    problems issue issues solution solutions difference differences advantage advantages
    disadvantage disadvantages pros cons detail details information info instruction
    instructions example examples thing things stuff something anything everything someone
    anyone somebody anybody status result results outcome effect effects limit limits minimum
    maximum deadline deadlines duration durations length size sizes price prices cost costs fee
    fees charge charges amount amounts total totals rate rates responsible eligible allowed
    permitted possible necessary mandatory optional included available valid important normal
    correct wrong right true safe better best good bad worse worst fast faster cheap cheaper
    cheapest expensive easy easier different same similar apply applies applied qualify work
    works use uses used using start starts begin begins end ends stop stops change changes
    happen happens happened take takes took make makes do allow allows include includes expect
    expects affect affects need needs fix solve choose compare try help find go goes send ask
    contact follow decide mean means next first last new current recommend recommended suggest
    advice question questions answer people person
""")
"""Words that ask for something of a thing, or of anybody; none of them is a thing to tell of."""


def only_asks(word: str) -> bool:
    """Tell whether a word asks for something of a thing, and is none to tell of: "requirements"."""
    return word.lower() in _ASKING


def content_terms(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the stems of the content words, each once, in order, and the words they stand for."""
    found: dict[str, str] = {}
    for match in WORD.finditer(text):
        word = match.group()
        if word.lower().replace("’", "'") not in STOP_WORDS and (len(word) > 1 or word.isdigit()):
            found.setdefault(stem(word.lower()), word)
    return tuple(found), tuple(found.values())
