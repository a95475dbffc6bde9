"""The words that introduce a person, before a name and behind it, in four languages.

English, German, French and Spanish, as patterns; `introductions.py` says which of them ask for a
title, for more than one word of a name, or for certain words behind it.
"""

import re
from typing import Final

from query.text.words import ENGLISH_MARKERS, LANGUAGE_MARKERS, STOP_WORDS, table

BEGIN: Final = (
    r"(?:^|[.!?;:,\n–—][^\S\n]*|\b(?:and|und|et|y)\s+)"
    r"(?:(?:hi|hello|hey|hallo|hola|bonjour|bonsoir|good (?:morning|afternoon|evening|day)|there"
    r"|guten (?:tag|morgen|abend)|buen[oa]s (?:días|tardes|noches)|well|ok|so)[,.!]?\s+){0,3}"
)
"""Where a clause begins: behind "who sings" stands a song, whatever it says of itself."""
DEARLY: Final = r"(?:Lieber?|Chère?|Querid[oa])"
"""So nobody addresses a firm or a program, as is done with Dear and Hello."""
GREETED: Final = (
    rf"(?:{DEARLY}|Dear|Hello|Hi|Hey|Good (?:morning|afternoon|evening|day)|Sehr geehrter?"
    r"|Geschätzter?|Hallo|Guten (?:Tag|Morgen|Abend)|Grüß Gott|Cher|Bonjour|Bonsoir|Estimad[oa]"
    r"|Apreciad[oa]|Hola|Buen[oa]s (?:días|tardes|noches))"
)
SIGNED: Final = (
    r"(?:(?:kind(?:est)?|best|warm(?:est)?|many|with (?:kind|best|warm)) )?regards|(?:yours )?"
    r"(?:sincerely|faithfully|truly)(?: yours)?|best wishes|mit (?:freundlichen|besten|herzlichen)"
    r" gr(?:ü(?:ß|ss)en|u(?:ß|ss))|mfg|(?:viele|beste|liebe|herzliche|freundliche|schöne) "
    r"grü(?:ß|ss)e|hochachtungsvoll|(?:bien )?cordialement|bien à vous|(?:mes |nos )?"
    r"(?:meilleures |sincères )?salutations(?: distinguées)?|(?:un |muchos )?(?:cordial )?"
    r"saludos?(?: cordial(?:es)?)?|atentamente|cordialmente"
)
SIGNED_HINTS: Final = (
    "regards,sincerely,faithfully,truly,wishes,grüße,grüsse,grüßen,grüssen,grußen,grussen,mfg,"
    "hochachtungsvoll,cordialement,bien à vous,salutations,saludo,atentamente,cordialmente"
)
THANKED: Final = (
    r"(?:many |all the )?(?:thanks|best|cheers)|thank you(?: (?:very much|in advance|so much))?"
    r"|thanks in advance|(?:vielen |besten )?dank(?: im voraus)?|merci(?: d['’]avance)?|gracias"
)
CLOSE: Final = (
    r"wife|husband|son|daughter|father|mother|dad|mum|mom|brother|sister|uncle|aunt|cousin|nephew"
    r"|niece|grand(?:father|mother|son|daughter)|fianc[ée]e?|girlfriend|boyfriend|friend"
    r"|neighbou?r|colleague|co-?worker|boss|line manager|manager|supervisor|employee|team ?mate"
    r"|flatmate|room ?mate|landlord|landlady|patient|lawyer|doctor|dentist|therapist|nanny|intern"
)
CLOSE_DE: Final = (
    r"(?:Ehe)?(?:mann|Mann|frau|Frau)|Sohn|Tochter|Vater|Mutter|Bruder|Schwester|Onkel|Tante|"
    r"(?:Kollege|Nachbar|Patient)n?|(?:Kolleg|Chef|Nachbar|Freund|Vermieter|Patient|Mitarbeiter)in"
    r"|Chef|Freund|Vermieter|Mitarbeiter"
)
CLOSE_ROMANCE: Final = (
    r"mari|femme|fils|fille|frère|sœur|père|mère|collègue|voisine?|patronne?|amie?|marido|espos[oa]"
    r"|mujer|hij[oa]|herman[oa]|padre|madre|colega|vecin[oa]|jef[ea]|amig[oa]"
)
DEALT: Final = (
    r"customer|client|supplier|tenant|guest|applicant|buyer|seller|visitor|subscriber|Kunden?"
    r"|Kundin|Mandant(?:en|in)?|Mieter(?:in)?|Bewerber(?:in)?|Gast|cliente?|locataire|inquilin[oa]"
)
"""People whom a firm deals with; firms are such, too, so a title is asked for."""
_DEALS_EN: Final = (
    r"(?:(?:ordered|bought|purchased|returned|paid|complained|cancell?ed|phoned|rang|e-?mailed)\b"
    r"|called (?:us|me|in|about|today|yesterday|again)\b|asks (?:for|if|whether|about)\b"
    r"|asked (?:for a|us|me|if|whether)\b|(?:is|was|were) asking (?:for|if|whether|about)\b"
    r"|(?:is|was|been) waiting for (?:an?|the|her|his|our)\b|would like\b"
    r"|wants (?:to (?:return|cancel|buy|order|know|exchange|change|book|speak|pay|have)|her|his"
    r"|a refund|an? invoice)\b|needs (?:a (?:refund|copy|replacement|new|receipt)"
    r"|an (?:invoice|appointment|answer)|her|his)\b)"
)
_DEALS_DE: Final = (
    r"(?:möchte|bittet|beschwert sich|fragt (?:nach|ob|an)|hat (?:bestellt|angerufen"
    r"|sich beschwert)|wartet auf)\b"
)
_DEALS_ROMANCE: Final = (
    r"(?:souhait(?:e|erait)|voudrait|demande (?:si|un|une|le|la)|a (?:commandé|appelé)|desea"
    r"|solicita|quisiera|ha (?:pedido|comprado|llamado))\b"
)
DEALS: Final = (
    r"[^\S\n]+(?:(?:has|have|had|still|just|also|already|never|not|now) ){0,3}"
    rf"(?:{_DEALS_EN}|{_DEALS_DE}|{_DEALS_ROMANCE})"
)
"""What people do who deal with a firm, behind a name with a title."""
ASKED: Final = re.compile(
    r"\s*(?:who|whom|whose|what|when|where|why|which|how|did|does|is|was|has|wer|was|wann|wo|wie"
    r"|warum|qui|que|quand|où|comment|pourquoi|quién|qué|cuándo|dónde|cómo)\b",
    re.IGNORECASE,
)
NOT_STAGED: Final = (
    r"(?!['\"’”]?\s*(?:\([^)]*\)\s*)?(?:was|is|were|has|had|song|movie|film|series|show|episode"
    r"|season|cast|book|novel|album|lyrics|soundtrack)\b)"
)
"""Behind the title of a work, which is spoken of, stand such words; nobody speaks so of himself."""
END: Final = r"[^\S\n]*(?:[.!]?\s*$|[,\n]|[.!]\s)"
OWN: Final = (
    r"(?:[Mm]y (?:(?:full|first|last|real|legal|maiden|family) )?name(?:['’]s| is)|MY NAME IS"
    r"|I(?: am|['’]m) (?:called|named)|[Mm]ein (?:(?:voller|vollständiger) )?Name (?:ist|lautet)"
    r"|[Ii]ch hei(?:ß|ss)e|[Jj]e m['’]appelle|[Mm]on (?:pré)?nom (?:(?:complet|de famille) )?est"
    r"|[Mm]e llamo|[Mm]i nombre (?:completo )?es)"
)
OWN_HINTS: Final = (
    "name is,name's,name’s,called,named,heiße,heisse,name ist,name lautet,appelle,nom,llamo,nombre"
)
AM_HINTS: Final = "i am ,i'm ,i’m "
NO_SMALL_NAME: Final = (
    STOP_WORDS
    | ENGLISH_MARKERS
    | frozenset().union(*LANGUAGE_MARKERS.values())
    | table("""
        wrong right incorrect correct missing different unusual common long short private secret
        confidential hard easy foreign changed gone taken known unknown spelt misspelt still already
        always never yet only also very really falsch richtig anders geheim lang kurz mal eben
        faux correct long court mal équivocado incorrecto correcto largo corto
        german french english spanish irish american
    """)
)
"""Words in small letters behind "my name is" that say something of the name."""
NO_SMALL_ENDING: Final = ("ed", "ly", "ing", "ten", "ado", "ada", "ido", "iert", "lich")
