"""Notes set apart in Markdown: read by their title and content, without the signs around them.

GitHub writes them `> [!NOTE]`, as Obsidian does with a title; MkDocs `!!! note "Title"` above lines
that are indented, which would else be code, and tabs `=== "Linux"` likewise; Docusaurus, VitePress,
Pandoc and MyST write `:::note` above and `:::` below. What a site shows as their title is a line of
its own here.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.ruler import RuleOptionsType
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

_INDENT = 4
_LONGEST = 300
"""Characters of a line that names a note; longer ones are text."""
_SHOWN = frozenset(
    {
        "abstract", "attention", "bug", "caution", "danger", "error", "example", "failure", "faq",
        "help", "hint", "important", "info", "note", "question", "quote", "seealso", "success",
        "summary", "tip", "todo", "warning",
    }
)  # fmt: skip
"""Kinds that a site shows by their name where they have no title."""
_SILENT = frozenset({"admonition", "details", "dropdown", "card", "tab", "tab-item"})
"""Kinds of which only the title is shown."""
_INDENTED = re.compile(
    r"(?:(?:!!!|\?\?\?\+?)[ \t]+(?P<kind>[\w-]+)(?:[ \t]+[\w-]+)*|===[!+]?)"
    r"(?:[ \t]+\"(?P<title>.*)\")?[ \t]*\Z"
)
_FENCE = re.compile(r":{3,}[ \t]*(?P<said>.*?)[ \t]*\Z")
_CLOSING = re.compile(r"^[ \t>]*:{3,}[ \t]*$", re.M)
_NAMED = re.compile(
    r"(?P<kind>[A-Za-z][\w-]*)(?:\[(?P<title>.*)\]|[ \t]+(?P<words>[^{]*))?(?P<rest>\{.*\})?\Z"
)
_BRACED = re.compile(r"\{(?P<inside>[^{}]*)\}[ \t]*(?P<words>.*)\Z")
_CLASS = re.compile(r"(?:\A|\.)(?:callout-)?([A-Za-z][\w-]*)")
_TITLE = re.compile(r"\btitle=(?:\"([^\"]*)\"|'([^']*)')")
_OPTION = re.compile(r":[\w-]+:(?:[ \t]|\Z)")
_ALERT = re.compile(r"\[!(?P<kind>[A-Za-z][\w-]*)\][+-]?[ \t]*(?P<title>[^\n]*)(?:\n|\Z)")


def add_admonitions(reader: "MarkdownIt") -> None:
    """Let a reader of Markdown know the notes of all these writers."""
    ends: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    reader.block.ruler.before("code", "admonition", _indented, ends)
    reader.block.ruler.before("code", "colon_fence", _fence, ends)
    reader.core.ruler.after("block", "alert", _alerts)


def _indented(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Take `!!! note "Title"` or `=== "Tab"` with the indented lines below it."""
    found = None if state.is_code_block(start) else _INDENTED.match(_line(state, start))
    first = start + 1
    while first < end and state.isEmpty(first):
        first += 1
    indent = state.sCount[start] + _INDENT
    if found is None or first >= end or state.sCount[first] < indent:
        return False
    if found["kind"] is None and found["title"] is None:
        return False
    if silent:
        return True
    last = first
    while last < end and (state.isEmpty(last) or state.sCount[last] >= indent):
        last += 1
    title = found["title"] if found["title"] is not None else _label(found["kind"])
    _say(state, title, start)
    before = state.blkIndent, state.lineMax
    state.blkIndent, state.lineMax = indent, last
    state.level += 1  # so that notes within notes count for how deep a text may go
    state.md.block.tokenize(state, first, last)
    state.level -= 1
    state.blkIndent, state.lineMax = before
    state.line = last
    return True


def _fence(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Take the line that begins a container, or ends one; what stands between is read as ever."""
    found = None if state.is_code_block(start) else _FENCE.match(_line(state, start))
    if found is None:
        return False
    after, title = start + 1, ""
    if found["said"]:
        shown = _title_of(found["said"]) if _is_closed(state, start) else None
        if shown is None:
            return False
        title = shown
        while found["said"].startswith("{") and after < end and _OPTION.match(_line(state, after)):
            after += 1
    if not silent:
        _say(state, title, start)
        state.line = after
    return True


def _is_closed(state: "StateBlock", line: int) -> bool:
    """Whether a line of colons alone follows; looked for once, since any line could ask."""
    if "last_fence" not in state.env:
        ends = [found.start() for found in _CLOSING.finditer(state.src)]
        state.env["last_fence"] = ends[-1] if ends else -1
    return bool(state.env["last_fence"] > state.bMarks[line])


def _title_of(said: str) -> str | None:
    """What a site shows of the words behind the colons; none where they name no container."""
    braced = _BRACED.match(said)
    if braced is not None:
        named = _TITLE.search(braced["inside"])
        title = braced["words"] or (named[1] or named[2] if named else "")
        kinds = _CLASS.findall(_TITLE.sub("", braced["inside"]))
        return title or next(filter(None, map(_label, kinds)), "")
    found = _NAMED.match(said)
    if found is None:
        return None
    named = _TITLE.search(found["rest"] or "")
    title = found["title"] or (named[1] or named[2] if named else "")
    words = (found["words"] or "").strip()
    if words and found["kind"].lower() not in _SHOWN | _SILENT:
        return f"{found['kind']} {words}"  # it may be no kind at all
    return title or words or _label(found["kind"])


def _alerts(state: "StateCore") -> None:
    """Put the title of a quote that begins with `[!NOTE]` in the place of that sign."""
    tokens: list[Token] = []
    for at, token in enumerate(state.tokens):
        in_quote = at > 1 and state.tokens[at - 2].type == "blockquote_open"
        found = _ALERT.match(token.content) if in_quote and token.type == "inline" else None
        if found is not None:
            title = found["title"].strip() or found["kind"].capitalize()
            rest = token.content[found.end() :]
            if rest.strip():
                closing, opening = state.tokens[at + 1], state.tokens[at - 1]
                tokens += [token.copy(content=title, children=[]), closing, opening]
            token.content = rest if rest.strip() else title
        tokens.append(token)
    state.tokens = tokens


def _label(kind: str) -> str:
    return kind.capitalize() if kind.lower() in _SHOWN else ""


def _line(state: "StateBlock", line: int) -> str:
    begin, end = state.bMarks[line] + state.tShift[line], state.eMarks[line]
    return state.src[begin:end] if end - begin <= _LONGEST else ""


def _say(state: "StateBlock", title: str, line: int) -> None:
    """Write a title as a paragraph of its own."""
    if not title.strip():
        return
    state.push("paragraph_open", "p", 1).map = [line, line + 1]
    inline = state.push("inline", "", 0)
    inline.content, inline.map, inline.children = title.strip(), [line, line + 1], []
    state.push("paragraph_close", "p", -1)
