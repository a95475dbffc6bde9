"""What the fields of a form show: typed text, the chosen option, the label of a button."""

from typing import Any

_SHOWN_INPUTS = frozenset(
    {
        "text", "search", "tel", "url", "email", "number", "date", "time", "month", "week",
        "datetime-local", "submit", "reset", "button",
    }
)  # fmt: skip
_INPUTS = _SHOWN_INPUTS | {
    "hidden", "password", "checkbox", "radio", "file", "image", "range", "color",
}  # fmt: skip
FIELDS = frozenset({"input", "textarea", "select", "option", "optgroup"})


def fill_in(root: Any) -> None:
    """Give every field the text that it shows, in place.

    They keep their names, by which style sheets hide them. Options that are not chosen are taken
    out of a menu; a list box shows all of its own.
    """
    for menu in list(root.iter("select")):
        _choose(menu)
    for field in list(root.iter("input")):
        field.text = _value(field)
    for field in [*root.iter("input"), *root.iter("textarea"), *root.iter("option")]:
        # A field is a box of its own, which parts the words around it.
        if (field.text or "").strip():
            field.text = f" {field.text} "


def _value(field: Any) -> str:
    kind = (field.get("type") or "").strip().lower()
    if kind == "image":
        return field.get("alt") or ""
    return (field.get("value") or "") if kind in _SHOWN_INPUTS or kind not in _INPUTS else ""


def _choose(menu: Any) -> None:
    size = (menu.get("size") or "").strip()
    options = list(menu.iter("option"))
    for option in options:
        option.text = option.get("label") or " ".join(option.text_content().split())
        for child in list(option):
            option.remove(child)
    if "multiple" in menu.attrib or (size.isdecimal() and int(size) > 1):
        return
    usable = [option for option in options if "disabled" not in option.attrib]
    chosen = [option for option in options if "selected" in option.attrib] or usable[:1]
    for option in options:
        if option not in chosen[-1:]:
            option.drop_tree()
