"""Letters that a question leaves out or has too many: "the Lodz office" where pages write Łódź.

Words without such letters count as the same (`words.fold`), but the models read other pieces: for
Lodz the reader took any office. A word is written as the evidence writes it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from query.text.passages import Passage
from query.text.words import WORD, fold, has_special_letters


def written_otherwise(question: str, passages: Sequence[Passage]) -> Mapping[str, str]:
    """Return the words of a question that the evidence has with, or without, special letters.

    Args:
        question: A simple question.
        passages: Its candidates.

    Returns:
        By the word as the question has it; a word that the evidence has as well stays.
    """
    wanted: dict[str, set[str]] = {}
    for match in WORD.finditer(question):
        wanted.setdefault(fold(match.group().lower()), set()).add(match.group())
    everywhere = has_special_letters(question)
    forms: dict[str, Counter[str]] = {}
    for text in (passage.everything for passage in passages):
        if everywhere or has_special_letters(text):
            for match in WORD.finditer(text):
                word = match.group()
                key = fold(word.lower())
                if key in wanted:
                    forms.setdefault(key, Counter())[word] += 1
    changed = {}
    for key, found in forms.items():
        low = {form.lower() for form in found}
        form = max(found, key=lambda one: (found[one], one))
        for word in wanted[key]:
            if word.lower() not in low and has_special_letters(word + form):
                changed[word] = form[0].upper() + form[1:] if word[0].isupper() else form
    return changed
