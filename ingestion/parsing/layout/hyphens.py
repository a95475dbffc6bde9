"""Lines to running text: words that were broken at a line end are made whole."""

import re
from collections.abc import Collection, Iterable

MARKS = "\x02\xad\ufffe"
"""What pdfium writes for a hyphen at the end of a line, and the soft hyphen."""
_MARK = re.compile(f"[{MARKS}]")
_LAST_PART = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*\Z")
_FIRST_PART = re.compile(r"[^\W\d_]+")
_BROKEN = re.compile(rf"([^\W\d_]*)([{MARKS}])([^\W\d_]*)")


def join_lines(lines: Iterable[str], words: Collection[str] = ()) -> str:
    """Join the lines of a paragraph.

    Args:
        lines: In reading order.
        words: Lower-case words of the whole document: a compound that occurs with its hyphen
            keeps it.
    """
    text = ""
    for line in lines:
        piece = line.strip()
        if not piece:
            continue
        if text and (text[-1] in MARKS or _is_broken(text, piece)):
            text = _made_whole(text, piece, words)
        else:
            text = f"{text} {piece}" if text else piece
    if _MARK.search(text):
        text = _BROKEN.sub(lambda match: _inside(match, words), text)
    return text


def _is_broken(text: str, piece: str) -> bool:
    return text[-1] == "-" and text[-2:-1].isalpha() and piece[0].islower()


def _made_whole(text: str, piece: str, words: Collection[str]) -> str:
    before, after = text[:-1], piece
    if text[-1] == "\xad":
        return before + after
    return before + _hyphen(before, after, words) + after


def _inside(match: re.Match[str], words: Collection[str]) -> str:
    before, mark, after = match.groups()
    hyphen = "" if mark == "\xad" else _hyphen(before, after, words)
    return f"{before}{hyphen}{after}"


def _hyphen(before: str, after: str, words: Collection[str]) -> str:
    """The hyphen, where it belongs to the word and not to the line end."""
    if not after[:1].islower():
        return "-"
    first, second = _LAST_PART.search(before), _FIRST_PART.match(after)
    if first is None or second is None:
        return "-"
    start, end = first.group().lower(), second.group().lower()
    if "-" in start:
        return "-"  # the line ends at one of several hyphens: x-amz-json
    return "-" if f"{start}-{end}" in words and start + end not in words else ""
