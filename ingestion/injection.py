"""Finds text that speaks to a model instead of a reader, by rules that prefer silence."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ingestion.disguise import RESPELT, undisguise
from ingestion.injection_model import FLAGGED_FROM, HINTED_FROM, Suspicion, suspicions

INJECTION_RULES_VERSION = "6"
"""Part of the pipeline fingerprint: raised whenever a flag may change."""


class Instruction(NamedTuple):
    """One place where a text instructs a model."""

    code: str
    """What it attempts: `override`, `role_tag`, `persona`, `task`, `leak`, `concealment`,
    `exfiltration`, or `encoded` when the instruction has to be decoded first."""
    start: int
    end: int


class _Rule(NamedTuple):
    code: str
    cues: tuple[str, ...]
    """Lower-case strings of which a text must hold one before the pattern is tried at all."""
    pattern: re.Pattern[str]
    least: float = 0.0
    """Score that the model must give to a sentence of a finding; 0 where the words say enough."""


Scored = Callable[[str], Sequence[Suspicion]]
"""Scores the sentences of a text, as `suspicions` does."""


def _rule(code: str, cues: str, *pattern: str) -> _Rule:
    flags = re.IGNORECASE | re.MULTILINE
    return _Rule(code, tuple(cues.split("/")), re.compile("".join(pattern), flags))


def _hint(code: str, cues: str, *pattern: str) -> _Rule:
    """Make a rule whose words people say to people as well: "write your answer in the box"."""
    return _rule(code, cues, *pattern)._replace(least=HINTED_FROM)


# "previous" alone is ordinary prose: an override needs the verb, the pointer and the orders.
_PRIOR = r"(?:previous|prior|above|earlier|preceding|foregoing|existing|initial|original)"
_ORDERS = r"(?:instructions?|prompts?|directions?|directives?|commands?|rules|guidelines|context)"
_AI = r"(?:a\.?i\.?|llm|(?:large )?language model|chat ?bot|chat ?gpt|gpt(?:-?\d\w*)?|assistant)"
_DROP = r"(?:ignore|disregard|forget|override|bypass|neglect|overlook|do not (?:follow|obey))"
_DROPS = "ignore/disregard/forget/override/bypass/neglect/overlook/do not "
_SECRET = (
    r"(?:passwords?|credentials?|api[ -]?keys?|secrets?|conversation|chat history|system prompt|"
    r"user(?:'s)? (?:data|information)(?! requests?\b)|(?:un)?read e-?mails|"
    r"(?:all|my|our|these|those|private|chat|user(?:['’]s)?) messages)"
)
_UNTOLD = (
    r"\b(?:do\s+not|don['’]t|never|without)\s+(?:ever\s+)?"
    r"(?:tell|inform|alert|notify|warn)(?:ing)?\s+the\s+(?:user|human|reader)s?"
)
_REPLY = r"(?:answers?|repl(?:y|ies)|responses?|outputs?|solution|summar(?:y|ies))"
_START = r"(?:^|[.!?:>)]\s+|>|please\s+|(?:<!--|--)\s*|don['’]t\s+forget\s+to\s+)"
"""Where an imperative may begin: a sentence, a line, or the inside of a hidden element."""
_BEFORE = " \t\n.!?:>)<-"
"""What of that may stand before its first word."""
_NO_ORDER = (
    r"(?!(?:if|once|when|you|your|to|this|that|these|we|the|it|in|for|an?|and|but|under|by|as|"
    r"after|before|because|\w+ing|there|they|he|she|i|our|my|not|where|while|with|what)\b)"
)
_MIX = (
    r"(?:integrat|embed|incorporat|fus|weav|blend|merg|infus|mix|introduc|inject|interweav|"
    r"assimilat|intertwin|meld|consolidat|insert|implant|includ|append|add|combin|entwin|"
    r"amalgamat|unit|join|implement)(?:e|es|ing|ding|ting)?"
)

_RULES = (
    _rule("override", _DROPS, rf"\b{_DROP}\s+(?:(?:all|any|every|the|your|my|these|those|of|and|",
          rf"following|everything|other|{_PRIOR})\s+){{0,5}}(?:all|your|my|{_PRIOR})\s+",
          rf"(?:(?:and\s+following|system|safety)\s+)?{_ORDERS}\b"),
    _rule("override", _DROPS, rf"\b{_DROP}\s+(?:all|everything)\s+(?:(?:that\s+)?(?:i|you)\s+",
          r"(?:said|told|were)\b|(?:said|written|stated)?\s*(?:above|before)\b(?!\s+(?:\d|an?\b|the\b)))"),
    _hint("override", _DROPS, rf"\b{_DROP}\s+(?:all|everything)\s+(?:that\s+)?(?:i|you)\s+",
          r"(?:have|know|learned)\b"),
    _hint("override", "instruction/prompt", r"\b(?:new|updated|real|actual)\s+(?:system\s+)?",
          r"(?:instructions?|prompt)\s*:\s*\S"),
    _hint("override", "task/instruction/goal", r"\byour\s+(?:new|real|actual|only)\s+",
          r"(?:task|instructions?|goal)\s+(?:is|are)\b"),
    _rule("override", "for you/to you", r"\b(?:message|instructions?)\b[^.\n]{0,60},?\s+(?:to|for)",
          rf"\s+you,?\s+(?:the\s+|an\s+)?{_AI}\b"),
    _rule("override", " task/ question",
          r"\bbefore\s+(?:you\s+(?:can\s+)?)?(?:solv|answer|complet|",
          r"do)(?:e|ing)?\s+the\s+(?:task|question)s?\s+(?:that\s+)?(?:i\s+gave|you\s+were)\b"),
    _rule("override", "override",
          r"\b(?:administrator|admin|system|developer|root)\s+override\s*:\s*(?:please\s+|you\s+must\s+)?",
          r"(?:ignore|disregard|display|print|show|reveal|repeat|output|list|dump|tell|give|send)\s"),
    _hint("override", "override",
          r"\b(?:administrator|admin|system|developer|root)\s+override\s*:"),
    _hint("override", "stop everything",
          r"\bstop\s+everything\b\W{1,5}(?:now\b\W{1,5})?(?:and\s+)?(?:just\s+)?\w"),
    _rule("leak", "prompt/instruction",
          r"\b(?:reveal|repeat|print|show|output|display|leak|recite|",
          r"reproduce|translate|share|tell\s+me|what(?:'s|\s+is|\s+are|\s+were))\b[^.\n]{0,40}\b",
          r"your\s+(?:\w+\s+)?(?:system\s+prompt|(?:\w+\s+){0,2}(?:system|initial|hidden|",
          r"original|secret)\s+(?:\w+\s+)?(?:prompt|instructions?|message))\b"),
    _hint("leak", "system prompt/initial prompt",
          r"\b(?:reveal|repeat|print|show|output|display|leak|recite|reproduce|translate|share|tell\s+me|what(?:'s|\s+is|\s+are|\s+were))\b[^.\n]{0,40}",
          r"\b(?:the\s+(?:\w+\s+)?system|initial)\s+prompt\b"),
    _rule("leak", "my instructions are", r"\bmy\s+instructions\s+are\s*:"),
    _rule("persona", "anything now", r"\b(?-i:D(?:o\s+Anything\s+N|O\s+ANYTHING\s+N)(?:ow|OW))\b"),
    _hint("persona", "unrestrict/uncensor/unfilter/jailbroken/anything now", r"\b(?:you\s+are|act|",
          r"behave|respond)\s+(?:now\s+)?(?:as\s+)?(?:an?\s+|the\s+)?(?:unrestricted|uncensored|",
          r"unfiltered|jailbroken|do\s+anything\s+now)|\bdo\s+anything\s+now\b"),
    _rule("persona", "you are", r"\byou\s+are\s+(?:now|about\s+to)\s+(?:\w+\s+){0,6}?(?:(?-i:DAN)|",
          r"role\s+of\s+(?:an?\s+|another\s+)?(?:a\.?i\.?|llm|language\s+model|chat ?bot))\b"),
    _hint("persona", "you are", r"\byou\s+are\s+(?:now|no\s+longer|about\s+to)\s+(?:\w+\s+){0,6}",
          rf"(?:bound|{_AI}|persona|character|role\s+of|dan|(?:maintenance|debug|developer|god)",
          r"\s+mode)\b"),
    _hint("persona", "from now on/henceforth/from here on", r"\b(?:from\s+now\s+on|henceforth|from",
          r"\s+here\s+on),?\s+you\s+(?:\w+\s+){0,2}(?:are|must|will|shall|always|only|respond|",
          r"answer|act)\b"),
    _hint("persona", "character", r"\b(?:stay\s+in|(?:not|never)\s+break|if\s+you\s+break)\s+",
          r"character\b"),
    _rule("persona", "as a", r"\bas\s+an?\s+(?:a\.?i\.?|llm|(?:large\s+)?language\s+model),?",
          r"\s+you\s+(?:must|should|shall|have\s+to)\b"),
    _hint("persona", "as a", rf"\bas\s+an?\s+{_AI},?\s+you\s+(?:must|should|shall|have\s+to)\b"),
    _rule("persona", " mode", r"\b(?:dan|jailbreak|god)\s+mode\s+(?:is\s+)?(?:now\s+)?",
          r"(?:enabled|activated)\b"),
    _rule("role_tag", "<|", r"<\|\s*(?:im_start|im_end|system|user|assistant|endoftext|eot_id|",
          r"start_header_id|end_header_id|begin_of_text)\s*\|>"),
    _rule("role_tag", "inst]/sys>>/_of_turn>", r"\[INST\]\s[^\[]{1,4000}\[/INST\]|<</?SYS>>|",
          r"^\s*\[INST\]\s|<(?:start|end)_of_turn>"),
    _rule("role_tag", "#", r"^[ \t]*#{2,}[ \t]*(?:system(?:[ \t]+(?:prompt|message))?[ \t]*:|",
          # Recipes and manuals have such a heading, too, but no heading for what a model replies.
          r"instruction[ \t]*:(?=[^#]{1,4000}^[ \t]*#{2,}[ \t]*(?:input|response)[ \t]*:))"),
    _hint("role_tag", "system", r"^[ \t]*\[?system\]?[ \t]*(?:prompt|message|override)?[ \t]*:",
          r"[ \t]*(?:you\s+are|you\s+must|ignore)\b"),
    _rule("role_tag", "<i/<s/<admin", r"<(?:information|important|system|instructions?|admin)>\s*",
          rf"(?:\S{{1,100}}\s+){{0,25}}?(?:{_AI}|previous\s+instructions|you\s+must)\b"),
    _rule("concealment", " user/ human/ reader", _UNTOLD,
          r"(?=\s*(?:$|[.;!]|about\s+(?:this|these|it)\b|that\s+(?:you|this|these)\b))"),
    _hint("concealment", " user/ human/ reader", _UNTOLD,
          r"(?=\s*(?:[,\"]|about|of|anything|why|what))"),
    _hint("concealment", "from the user", r"\b(?:keep|hide)\s+(?:this|these)(?:\s+\w+){0,3}\s+",
          r"from\s+the\s+user\b"),
    _rule("concealment", "instruction/prompt",
          r"\b(?:do\s+not|don['’]t|never)\s+(?:reveal|disclose|",
          r"mention|repeat)\s+(?:\w+\s+){0,2}(?:these|this|your|the\s+system)\s+",
          r"(?:instructions?|prompt)\b"),
    _hint("exfiltration", "http/@", r"(?<!never\s)(?<!\bnot\s)(?<!n['’]t\s)\b(?:send|forward|post|",
          r"transmit|upload|exfiltrate|e-?mail|submit|leak)\s+(?:\S+\s+){0,8}?",
          rf"{_SECRET}\s+(?:\S+\s+){{0,8}}?(?:to|at|via)\s+",
          r"(?:\S+\s+){0,3}?(?:https?://|[^\s@]+@\S+\.\w)"),
    _hint("exfiltration", "@", r"\b(?:send|forward)\s+(?:it|them|everything|all)\s+to\s+my\s+",
          r"(?:\S+\s+){0,3}?[^\s@]+@\S+\.\w"),
    _rule("exfiltration", "![", r"!\[[^\]\n]{0,80}\]\(https?://[^)\s]{1,300}[?&/=](?:\{\{?|<|\[|%7b|",
          r"\$\{?)\s*[\w \-]{0,60}(?:data|secret|conversation|history|prompt|password|answer)"),
    _rule("task", "without asking me/ in my inbox/ my cloud",
          r"(?:^|[.,:;!]\s+)(?:please\s+)?(?:do|fill|send|act|choose|decide|go|proceed)\b[^.?\n]{0,40}",
          r"\bwithout\s+asking\s+me\b(?!\s*\?)|\b(?:forward|send|e-?mail)\b[^.\n]{0,80}",
          r"\bin\s+my\s+(?:inbox|cloud)\s+to\s+[^\s@]+@"),
    _hint("task", "without asking me/ in my inbox/ my cloud",
          r"\bwithout\s+asking\s+me\b|\b(?:delete|",
          r"forward|send|e-?mail)\b[^.\n]{0,80}\bin\s+my\s+(?:inbox|cloud)\b"),
    _hint("task", "your ", rf"{_START}{_NO_ORDER}(?-i:[A-Z])\w+\s[^.?\n]{{0,160}}?",
          rf"\byour\s+(?:(?!aws)\w+\s+)?{_REPLY}\b(?!\s+(?:data|manifest|file|var|bucket|fold|time|rate|prompts))"),
    _hint("task", " code", rf"\b{_MIX}\s+(?:\w+\s+){{0,6}}?(?:following|subsequent|below|ensuing|",
          r"provided|given|next|succeeding|upcoming|subsequently|forthcoming)\s+(?:\w+\s+){0,2}?code",
          r"(?:\s+(?:snippet|excerpt|block|segment|fragment|piece|section|chunk)s?)\b"),
    _rule("task", "if you are a", r"\bif\s+you\s+are\s+(?:an?\s+|any\s+)?(?:a\.?i\.?|llm|",
          r"(?:large\s+)?language\s+model)(?:\s+(?:assistant|agent|model))?\s*,\s*(?:please|you\s+must|ignore|",
          r"output|print|say|write|reply|respond|include|recommend|praise|mention|tell)\b"),
    _hint("task", "a.i./ai/llm/language model/gpt", r"\b(?:if\s+you\s+are|attention|note\s+to|hey|",
          r"hello|dear|calling\s+all)\s*,?:?\s+(?:an?\s+|all\s+|the\s+|any\s+)?",
          r"(?:a\.?i\.?(?:\s+(?:assistant|agent|model|language\s+model)s?)?|llms?|(?:large\s+)?",
          r"language\s+models?|chat\s?gpt)\b[^\n.]{0,60}\b(?:please|must|ignore|output|print|say|",
          r"write|reply|respond|include|recommend|praise|rate|rank|prefer|mention|tell)\b"),
    _rule("task", "the user",
          r"\bdo\s+not\s+(?:answer|respond\s+to)\s+the\s+(?:user|question)\b",
          r"[^\n]{0,40}\b(?:instead|but|and)\b"),
    _hint("task", "the user",
          r"\b(?:when|if)\s+the\s+user\s+asks\b[^\n]{0,80}\byou\s+must\b"),
)  # fmt: skip
_HIDDEN_SHARE = 5
"""Where at least one of so many characters was changed, somebody took care to hide the words."""
# Quoted examples in a text about the subject are mentions, not uses.
_SUBJECT = re.compile(
    r"prompt[ -]injection|jailbreak(?:s|ing)?\b|red[ -]team|adversarial\s+prompt", re.IGNORECASE
)
_QUOTES = frozenset("\"'“”‘’«»`")


def find_instructions(text: str, scored: Scored = suspicions) -> tuple[str, ...]:
    """Find what a text attempts against a model that reads it.

    Rules in English, meant for at most one false alarm in a hundred chunks: a plain task
    without any marker ("write a poem about …") is not found.

    Args:
        text: Of a chunk or a document.
        scored: Replaces the model that is asked about what people also say to people.

    Returns:
        The codes found (see `Instruction.code`), sorted, each once; empty for ordinary text.
    """
    return tuple(sorted({found.code for found in locate_instructions(text, scored)}))


def locate_instructions(text: str, scored: Scored = suspicions) -> tuple[Instruction, ...]:
    """Like `find_instructions`, with the place of every finding, in order."""
    found = [*_agreed(text, scored), *_disguised(text)]
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.code)))


def hints(text: str) -> Iterator[Instruction]:
    """Yield what is an instruction only if the model agrees, without asking it."""
    return (found for rule, found in _by_rules(text) if rule.least)


def _agreed(text: str, scored: Scored) -> Iterator[Instruction]:
    """Yield the findings of all rules, of those that need it only where the model agrees."""
    scores: Sequence[Suspicion] | None = None
    starts: list[int] = []
    ends: list[int] = []
    for rule, found in _by_rules(text):
        if not rule.least:
            yield found
            continue
        if scores is None:  # once a text, and most texts never
            scores = scored(text)
            starts, ends = [one.start for one in scores], [one.end for one in scores]
        first = bisect_right(ends, found.start)
        last = bisect_left(starts, found.end)
        if any(one.score >= rule.least for one in scores[first:last]):
            yield found


def _by_rules(text: str) -> Iterator[tuple[_Rule, Instruction]]:
    lower = text.lower()
    for rule in _RULES:
        if not any(cue in lower for cue in rule.cues):
            continue
        for match in rule.pattern.finditer(text):
            start, end = match.span()
            if not _is_mention(text, start, end):
                if rule.least:  # the end of the sentence before is not to be judged
                    start += len(match.group()) - len(match.group().lstrip(_BEFORE))
                yield rule, Instruction(rule.code, start, end)


def _is_mention(text: str, start: int, end: int) -> bool:
    """Whether a finding is quoted in a passage that is about such attacks."""
    if not _SUBJECT.search(text, max(0, start - 600), end + 600):
        return False
    before, after = text[max(0, start - 40) : start], text[end : end + 120]
    return bool(_QUOTES.intersection(before)) and bool(_QUOTES.intersection(after))


def instructs(plain: str) -> bool:
    """Whether a text that somebody took care to hide is an instruction, by rules or words."""
    return any(True for _ in _by_rules(plain)) or any(
        sentence.score >= FLAGGED_FROM for sentence in suspicions(plain)
    )


def _disguised(text: str) -> Iterator[Instruction]:
    """Instructions that a model reads as easily as plain text, and a reader does not."""
    for found in undisguise(text):
        shown = text[found.start : found.end]
        behind = _respelt(shown, found.plain) if found.way in RESPELT else instructs(found.plain)
        if behind:
            yield Instruction("encoded", found.start, found.end)


def _respelt(shown: str, plain: str) -> bool:
    """Whether an instruction stands where letters were put back, not merely in the same line.

    Part numbers and symbols ("cm²", "Win10") stand beside what people say to people as well; that
    was hidden only where many of its own letters were changed.
    """
    changed = [at for at, (one, other) in enumerate(zip(shown, plain, strict=True)) if one != other]

    def put_back(start: int, end: int) -> int:
        return bisect_left(changed, end) - bisect_left(changed, start)

    said = [(one.start, one.end) for one in _agreed(plain, suspicions)]
    said += [(one.start, one.end) for one in suspicions(plain) if one.score >= FLAGGED_FROM]
    return any(put_back(*span) for span in said) or any(
        _HIDDEN_SHARE * put_back(one.start, one.end) >= one.end - one.start for one in hints(plain)
    )
