"""A Word document's body in the plain form that python-docx and `unstructured` read completely.

Both pass over text in content controls, tracked insertions, fields, smart tags, equations and
text boxes. Here wrappers are unwrapped, deletions dropped, equations become their characters, and
the paragraphs of text boxes, footnotes and endnotes are set as ordinary paragraphs.
"""

import copy
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ingestion.parsing.raised import raised
from ingestion.parsing.symbol_font import known_font, shown

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_NOTES = ("footnotes", "endnotes")
_UNWRAPPED = ("sdt", "ins", "smartTag", "fldSimple", "customXml", "moveTo", "dir", "bdo")
_CODE = re.compile(r"[0-9A-Fa-f]{1,4}")
_MARKERS = (
    f"{_M}oMath",
    f"{_W}sym",
    *(f"{_W}{name}" for name in (*_UNWRAPPED, "moveFrom", "txbxContent")),
)
_PROPERTIES = ("sdtPr", "sdtEndPr", "smartTagPr", "customXmlPr")


def settle(root: Any) -> bool:
    """Bring the body, a header or a footer of a document into plain form.

    Returns:
        Whether it changed.
    """
    has_signs = _spell_signs(root)
    if next(root.iter(*_MARKERS), None) is None:
        return has_signs
    for moved in list(root.iter(f"{_W}moveFrom")):
        moved.getparent().remove(moved)
    for fallback in list(root.iter(f"{_MC}Fallback")):
        fallback.getparent().remove(fallback)
    for name in _UNWRAPPED:
        for wrapper in list(root.iter(f"{_W}{name}")):
            _unwrap(wrapper, name)
    for equation in list(root.iter(f"{_M}oMath")):
        _to_run(equation)
    for sign in list(root.iter(f"{_W}sym")):
        _to_text(sign)
    for box in list(root.iter(f"{_W}txbxContent")):
        _free_box(box)
    return True


def add_notes(body: Any, notes: Sequence[Any]) -> None:
    """Set `note_paragraphs` at the end of the body."""
    end = body.find(f"{_W}sectPr")
    for paragraph in notes:
        if end is not None:
            end.addprevious(paragraph)
        else:
            body.append(paragraph)


def _unwrap(wrapper: Any, name: str) -> None:
    parent = wrapper.getparent()
    if parent is None:
        return
    content = wrapper.find(f"{_W}sdtContent") if name == "sdt" else wrapper
    if _is_page_number(wrapper):
        content = None  # what it says is true of one page only
    for child in list(content if content is not None else ()):
        if child.tag not in {f"{_W}{name}" for name in _PROPERTIES}:
            wrapper.addprevious(child)
    parent.remove(wrapper)


def _is_page_number(wrapper: Any) -> bool:
    gallery = wrapper.find(f"{_W}sdtPr/{_W}docPartObj/{_W}docPartGallery")
    return gallery is not None and (gallery.get(f"{_W}val") or "").startswith("Page Numbers")


def _to_run(equation: Any) -> None:
    """Replace an equation by a run with its characters."""
    text = _said(equation)
    holder = equation
    if holder.getparent() is not None and holder.getparent().tag == f"{_M}oMathPara":
        holder = holder.getparent()
    run = equation.makeelement(f"{_W}r", {})
    node = equation.makeelement(f"{_W}t", {})
    node.text = f" {text} "
    node.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    run.append(node)
    holder.addprevious(run)
    equation.getparent().remove(equation)


def _to_text(sign: Any) -> None:
    """Replace a sign, named by its font and code, by what it shows; python-docx passes over it."""
    code = sign.get(f"{_W}char") or ""
    font = known_font(sign.get(f"{_W}font") or "")
    if font is not None and _CODE.fullmatch(code):
        text = sign.makeelement(f"{_W}t", {})
        text.text = shown(chr(int(code, 16)), font)
        sign.addprevious(text)
    sign.getparent().remove(sign)


def _spell_signs(root: Any) -> bool:
    """Set text in fonts such as Symbol as the signs that it shows; tell whether there was any."""
    found = False
    for fonts in root.iter(f"{_W}rFonts"):
        names = {fonts.get(f"{_W}{use}") for use in ("ascii", "hAnsi")} - {None}
        font = known_font(names.pop()) if len(names) == 1 else None
        run = fonts.getparent().getparent()
        if font is None or run is None or run.tag != f"{_W}r":
            continue
        for text in run.iter(f"{_W}t"):
            text.text = shown(text.text or "", font)
            found = True
    return found


def _said(node: Any) -> str:
    """An equation in a line, so that a fraction or a power does not read as one number."""
    name = node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
    if name == "t":
        return node.text or ""
    if name == "f" and node.find(f"{_M}fPr/{_M}type[@{_M}val='noBar']") is None:
        return "/".join(_operand(node.find(f"{_M}{part}")) for part in ("num", "den"))
    said = ""
    for child in node:
        text = _said(child)
        if child.tag == f"{_M}sup" and text:
            lifted = raised(text, said).lstrip()
            text = lifted if lifted != text else f"^{_bracketed(text)}"
        elif child.tag == f"{_M}f" and said[-1:].isdecimal():
            text = f" {text}"  # a mixed number
        said += text
    return said


def _operand(node: Any) -> str:
    return "" if node is None else _bracketed(_said(node))


def _bracketed(text: str) -> str:
    return text if re.fullmatch(r"[\w.,]*", text) else f"({text})"


def _free_box(box: Any) -> None:
    """Set the blocks of a text box after the paragraph it is anchored in."""
    anchor = box.getparent()
    while anchor is not None and anchor.tag != f"{_W}p":
        anchor = anchor.getparent()
    if anchor is None:
        return
    for block in reversed(list(box)):
        if block.tag in (f"{_W}p", f"{_W}tbl"):
            anchor.addnext(block)


def note_paragraphs(document: Any) -> Iterator[Any]:
    """Copies of the paragraphs of its footnotes and endnotes that hold text."""
    from docx.oxml import parse_xml

    for relation in document.part.rels.values():
        kind = relation.reltype.rpartition("/")[2]
        if kind not in _NOTES or relation.is_external:
            continue
        for note in parse_xml(relation.target_part.blob):
            # Separators have a type; only notes without one hold text.
            if isinstance(note.tag, str) and note.get(f"{_W}type") is None:
                for paragraph in note.iter(f"{_W}p"):
                    if any((text.text or "").strip() for text in paragraph.iter(f"{_W}t")):
                        yield copy.deepcopy(paragraph)
