"""What of a message is only manners: thanks, "okay", "by the way", "that helps".

Such words stand in no document. Left in, they count as words that no passage has, keep a follow-up
from being known as one ("Alright, and on Sundays?") and are read as part of what is asked.
"""

import re
from typing import Final

from query.text.words import PRONOUNS, STOP_WORDS, WORD, table

COURTESY: Final = table(
    "hi hello hey thanks thank ok okay yes no yeah yep nope great good fine sure right well sorry "
    "morning evening afternoon cool nice perfect alright bye pls hm hmm oh ah "
    "danke dank merci gracias grazie obrigado obrigada bedankt dziękuję dzięki kiitos teşekkürler "
    "hallo hola bonjour salut ciao"
)
_END: Final = re.compile(r"[.,:;!…\n]+(?=\s|$)\s*|\s[-–—]\s+|(?:(?<!\s)\s+)?[☺🙂😊👍🙏]\s*")
_PLAIN: Final = COURTESY - table("morning evening afternoon yes no yep nope yeah") | table(
    "hiya cheers thx ty tysm btw lol haha wow ahh ohh uh um umm"
)
"""Words of which a piece must have one."""
_SAID: Final = table("""
    got gotcha understand understood makes make sense helpful useful interesting helps help helped
    clear clearer information info explanation clarification clarifying explaining answer answers
    reply response good know hear awesome excellent wonderful brilliant lovely amazing fantastic
    sounds appreciate appreciated much lot lots bunch again really super quite already now see
    way first all curiosity curious out wondering question questions quick another last next more
    thing also lastly finally additionally furthermore besides in addition morning evening
    afternoon day everyone all there please advance just kind actually anyway then well noted
    exactly what needed wanted looking that's it's you're i'm understood fair enough too pity bad
    shame luck hope moment sec minute bother bothering advance wait
    vielen schön sehr beaucoup muchas mille muito je wel
""")
"""Words that a piece of manners may have besides stop words."""
_MARKED: Final = re.compile(
    r"\bby the way\b|\bout of curiosity\b|\bjust (?:curious|wondering)\b"
    r"|\b(?:i see|got it|gotcha|noted|understood|i understand)\b"
    r"|\b(?:makes|make) (?:perfect |total |a lot of )?sense\b"
    r"|\b(?:helpful|useful|interesting|good to (?:know|hear)|sounds good|fair enough)\b"
    r"|\b(?:helps|helped|appreciated?|awesome|excellent|wonderful|brilliant|fantastic|lovely)\b"
    r"|\b(?:very|so|that's|is) kind\b|\bkind of you\b"
    r"|\b(?:quick|another|one (?:more|last)|last|next) (?:question|thing)\b"
    r"|\b(?:tell|let) (?:me|us)(?: know)?\W*$"
    r"|^\s*(?:also|lastly|finally|additionally|furthermore|besides|in addition|anyway|actually"
    r"|please|first of all|too bad)\W*$",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(r"\?|\b(?:who|whom|whose|what|when|where|which|why|how)\b", re.IGNORECASE)
_LONGEST: Final = 10
"""Words of a piece of manners."""
_BARE: Final = re.compile(
    r"(?:(?:ok|okay|alright|thanks(?: a lot| so much)?|thank you(?: (?:very|so) much)?|thx|ty"
    r"|cheers|cool|great|hi|hello|hey|btw|by the way|hm+|oh|ah|well|right|perfect|sure|lol)\s+)+"
    r"(?=(?:and|so|but|what|how|who|whom|whose|when|where|which|why|is|are|was|were|do|does|did|can"
    r"|could|should|would|will|may|must|has|have|then|now|what's|whats|how's|who's)\b)",
    re.IGNORECASE,
)
"""Manners without a mark behind them, before a word that opens a question."""
_TELL_ME: Final = re.compile(
    r"\s*(?:(?:please|kindly|and|so)\s+)?"
    r"(?:(?:can|could|would|will)\s+(?:you|somebody|someone|anyone|anybody)\s+"
    r"(?:(?:please|kindly|maybe|possibly|perhaps)\s+)?(?:tell|let)\s+(?:me|us)(?:\s+know)?"
    r"|(?:tell|let)\s+(?:me|us)(?:\s+know)?"
    r"|(?:do|would|might)\s+(?:you|anyone|anybody|somebody)\s+(?:happen\s+to\s+)?know"
    r"|(?:i|we)(?:['’]d|\s+would)?\s+(?:just\s+)?(?:like|want|need|wanted|love)\s+to\s+know"
    r"|(?:i|we)(?:['’](?:m|re)|\s+(?:am|was|are|were))?\s+(?:just\s+|also\s+)?wonder(?:ing|ed)?"
    r"|(?:does\s+)?any(?:one|body)\s+knows?|any\s+idea)"
    r"\s*(?:,?\s*please\s*)?[,:–—-]?\s+"
    r"(?=(?:what|how|who|whom|whose|when|where|which|why|what's|whats|how's|who's)\b)",
    re.IGNORECASE,
)
"""Asking to be told, before what is asked: "could you tell me how long it is?"."""
_BEHIND: Final = re.compile(
    # Looked for only where a run of blanks and marks begins: a turn may have thousands of them.
    r"(?:(?<![\s,.;–—-])[\s,.;–—-]+"
    r"(?:(?:many |a lot of )?thanks(?: a lot| so much| again| in advance)*"
    r"|thank you(?: (?:very much|so much|in advance|again))*|thx|ty|cheers|pls|please))+[\s.!]*$",
    re.IGNORECASE,
)


def without_courtesy(message: str) -> str:
    """Return a message without the pieces that are only manners, before and behind what it says.

    Words that point back ("and", "so") stay, and a message that is nothing else is returned as it
    came.

    Args:
        message: One line; white space collapsed.
    """
    while (left := _without_ends(message)) != message:
        message = left
    return message


def is_only_courtesy(message: str) -> bool:
    """Tell whether a message asks nothing and says nothing: "Thanks, that helps!", "ok 👍".

    "Yes", "No" and "Sure" alone may answer what was asked back.

    Args:
        message: One line; white space collapsed.
    """
    pieces = [piece for piece in _END.split(message) if piece and WORD.search(piece)]
    return bool(pieces) and all(_is_manners(piece) and not _ASKS.search(piece) for piece in pieces)


def _without_ends(message: str) -> str:
    at = 0
    while piece := _END.search(message, at):
        rest = message[piece.end() :]
        said = message[at : piece.start()]
        if not _is_manners(said) or _is_name(said, piece.group(), rest):
            break
        at = piece.end()
    for opening in (_BARE, _TELL_ME):
        if bare := opening.match(message, at):
            at = bare.end()
    rest = message[at:]
    ending = _BEHIND.search(rest)
    if ending and _says_something(rest[: ending.start()]):
        mark = "?" if rest[: ending.start()].endswith("?") else ""
        rest = rest[: ending.start()].rstrip(" ,;-–—") if not mark else rest[: ending.start()]
    return rest if _says_something(rest) else message


def _is_manners(said: str) -> bool:
    if "?" in said:
        return False
    words = [m.group().lower().replace("’", "'") for m in WORD.finditer(said)]
    if not 0 < len(words) <= _LONGEST or not all(map(_may_stand, words)):
        return False
    return not _PLAIN.isdisjoint(words) or _MARKED.search(said) is not None


def _may_stand(word: str) -> bool:
    return word in _PLAIN or word in _SAID or word in STOP_WORDS or word in PRONOUNS


def _is_name(said: str, mark: str, rest: str) -> bool:
    """Tell whether a piece may be the beginning of a name or a list: "Nice, France"."""
    one = len(said.split()) == 1 and said[:1].isupper() and said.lower() in {"nice", "reading"}
    return one and mark.startswith(",") and rest[:1].isupper() and not rest.startswith("I ")


def _says_something(text: str) -> bool:
    return any(
        (word := m.group().lower().replace("’", "'")) not in STOP_WORDS and word not in COURTESY
        for m in WORD.finditer(text)
    )
