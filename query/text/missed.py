"""Which words of a question say so much of what is asked that they are missed in an answer."""

from typing import Final

from query.text.passages import SHAPE_STEMS
from query.text.words import ENGLISH_MARKERS, PRONOUNS, STOP_WORDS, stem, table

SHORTEST: Final = 3
_LITTLE: Final = frozenset(
    stem(word)
    for word in table("""
        able actual actually age agree alright also always amount answer answers approximate area
        average be become begin believe belief best biggest call called capital case cause causes
        certain city come comes common compare contain contains context correct country current
        currently date day days definition describe determine did difference different done each
        effect effects end ever example examples exact exactly exist fact factor factors famous find
        first form function general get give given go goal goals going group happen happened happens
        hello help important include included includes involved issue keep kind known last latest
        least level like likely list live located location main make makes mean meaning means method
        most much name named names need needed needs new next notable number occur often okay one
        only order origin original other others outcome part particular parts people percentage
        person place plan play please played point points population position possible primary
        problem process produce purpose purposes put reason reasons refer referred refers related
        result results right role run said say see sell show side since situation size something
        sort specific stand start state states status stay still subject take taken takes tell term
        terms thank thanks thing things think time times title topic topics total true try turn type
        types use used uses value values view views want way ways well word words work worked works
        world wrong year years
    """)
)


def is_missed(word: str) -> bool:
    """Tell whether a word says something that an answer has to speak of, too."""
    known = stem(word.lower())
    plain = len(word) >= SHORTEST and not any(letter.isdigit() for letter in word)
    if not plain or word.lower() in PRONOUNS or word in STOP_WORDS | ENGLISH_MARKERS:
        return False  # of "may" and "per" nothing speaks; a month has a capital
    return known not in _LITTLE and known not in SHAPE_STEMS
