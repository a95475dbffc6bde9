"""Notice a question of which nobody knows a word: pressed keys, random letters.

By their letters "frobulate snark mibbing trellow" and Polish or Swahili cannot be told apart, so
words are looked up: in the collection, by BM25; among the function words of 25 languages, of which
hardly a sentence has none; and in the vocabulary of the encoder, which holds frequent words whole
and cuts others to pieces. Keys pressed at random ("asdf jkl qwer") have no letters of any language.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from indexing.errors import ModelError
from ingestion.quality import familiar_share
from query.decision import Reason, ReasonCode
from query.resilience import CircuitOpenError, OverdueError
from query.search.retrieval import Retrieval
from query.text.words import ENGLISH_MARKERS, LANGUAGE_MARKERS, OPENERS, STOP_WORDS, WORD, table

LEAST_WORDS: Final = 2
"""A single unknown word may be anything."""
LEAST_UNKNOWN: Final = 4
"""Three unknown words may be what somebody looks for ("kubernetes etcd quorum"), more hardly."""
UNFAMILIAR: Final = 0.4
"""Share of familiar letter triples below which even two words are those of no language."""
LEAST_LETTERS: Final = 4
"""Short words are in every vocabulary, whatever they mean."""
_DOWN: Final = frozenset({ReasonCode.SPARSE_ENCODER_DOWN, ReasonCode.DENSE_ENCODER_DOWN})
_PLAIN: Final = re.compile(r"[A-Za-z]?[a-z]*")
"""A name has a capital, a code digits, and accents belong to a language."""
_NEIGHBOURS: Final = table("""
    aan bij daar dit een hebben heeft het hij hoe hoeveel ik jullie kan mag met niet waar waarom
    wanneer wat welke wie wij wordt zijn zich voor van uit naar
    att av den det eller en er ett finns fra han hon hur hva hvad hvem hvor hvordan hvornar ikke
    ikkje inte jeg kan med mig min mitt noget och og om som skal till vad var varfor vem vi vilken
    ei en joka kuinka kuka kun miksi milloin minne mika mita monta on ovat paljonko se voi
    ani co czy dla do ile jak jest kiedy kogo kto ktora ktory nad nie oraz pod przez sie tak
    co dlaczego gdzie jaka jakie jaki ze
    bez jak jaky je jsou kde kdo kdy kolik nebo neni pro proc se ktery ako ktora kto kolko preco
    a az egy ez hany hogy hogyan hol ki meddig mennyi mennyibe mi mikor milyen miert nem vagy van
    ai ale care cat ce cine cu cum de din este este la nu pentru sau si sunt unde
    bir bu hangi icin ile kac kadar kim mi mu nasil ne neden nerede var ve veya
    gdje i ili je kada kako kamo koji koja koliko li na od po sa sto su tko zasto za ga se kaj kdaj
    kdo kje
    ar arba bet del ir is kada kaip kas kiek koks kur nuo per su ka kad kads kapec kur no par un vai
    ei ja kas kes kuhu kui kus mida miks millal mis mitu ning on voi
    adalah apa atau bagaimana berapa dan dari dengan di dimana ini kapan ke mana mengapa saya siapa
    untuk yang
    ang ano ba bakit gaano ilan kailan mga ng paano saan sino
    gani je kwa na ni nini wa wapi ya za
    dhe eshte ka ku kush me nga per qe sa si
""")
"""Words of this kind in languages that are not told apart otherwise, without their accents."""
FUNCTION_WORDS: Final = (
    STOP_WORDS
    | ENGLISH_MARKERS
    | frozenset().union(*LANGUAGE_MARKERS.values(), *OPENERS.values())
    | _NEIGHBOURS
)


def gibberish(question: str, found: Retrieval, encoder: Any) -> Reason | None:
    """Return the reason if nobody knows a word of the question, or none.

    Args:
        question: A simple question, normalised.
        found: What was found for it; where an encoder is down, nothing can be told.
        encoder: Cuts words to `pieces`; one that does not is taken to know all.
    """
    down = {reason.code for reason in found.reasons} & _DOWN
    words = strange_words(question)
    if found.legs.sparse or down or not words or not hasattr(encoder, "pieces"):
        return None
    try:
        pieces = encoder.pieces(words)
    except (ModelError, OverdueError, CircuitOpenError):  # its vector may have been remembered
        return None
    few = len(WORD.findall(question)) < LEAST_UNKNOWN
    if min(pieces) < 2 or (few and familiar_share(words) >= UNFAMILIAR):
        return None
    detail = (
        "No word of the question is in the collection, in the vocabulary of the encoder, or a "
        "function word of a language."
    )
    return Reason(ReasonCode.GARBLED_INPUT, detail)


def strange_words(question: str) -> Sequence[str]:
    """Return the longer words of a question without names, codes, accents and function words.

    Returns:
        Empty where the question has one of these, or too few words.
    """
    words = [match.group() for match in WORD.finditer(question)]
    plain = all(_PLAIN.fullmatch(word) for word in words) and question.isascii()
    capitals = any(word[0].isupper() for word in words[1:])
    if len(words) < LEAST_WORDS or not plain or capitals:
        return ()
    small = [word.lower() for word in words]
    if any(word in FUNCTION_WORDS for word in small):
        return ()
    longer = [word for word in small if len(word) >= LEAST_LETTERS]
    return longer if len(longer) * 2 >= len(words) else ()
