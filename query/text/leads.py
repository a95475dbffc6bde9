"""What a sentence leans on: the line above its table, or the question that it answers.

"Tern 4 | 4.2.x | 2.5" is about the lowest firmware of a gateway because a line above the table says
so, and "On 4 July, in the garden." about the summer party because somebody asked for it.
"""

from typing import Final

from query.text.passages import Passage, Sentence, table_heads

WIDEST_GAP: Final = 3
"""Characters between two sentences of which one leans on the other."""
ANSWERING: Final = 2
"""Sentences behind a question that are taken for its answer."""
_ENDS: Final = (".", "!", "?", ";")


def find_leads(passage: Passage) -> dict[int, Sentence]:
    """Return the sentence that another one leans on, by the position of the other."""
    found: dict[int, Sentence] = {}
    sentences = passage.sentences
    heads = table_heads(passage)
    starts = {sentence.start: index for index, sentence in enumerate(sentences)}
    for index, head in heads.items():
        above = starts.get(head.start, 0) - 1
        if above >= 0 and _introduces(sentences[above], head):
            found[index] = sentences[above]
    for index, sentence in enumerate(sentences):
        if not sentence.text.endswith("?"):
            continue
        for place in range(index + 1, min(index + 1 + ANSWERING, len(sentences))):
            if sentences[place].text.endswith("?") or not adjoin(*sentences[place - 1 : place + 1]):
                break
            found[place] = sentence
    return found


def adjoin(first: Sentence, last: Sentence) -> bool:
    """Tell whether nothing stands between two; sentences may have been blanked there."""
    return last.start - first.end <= WIDEST_GAP


def _introduces(line: Sentence, head: Sentence) -> bool:
    """A caption or a lead-in; a whole sentence above a table may be about something else."""
    return adjoin(line, head) and not line.text.endswith(_ENDS)
