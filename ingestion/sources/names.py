"""File names as keys: any bytes become text that can be stored, and back again."""

import re

_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")


def shown_name(name: str) -> str:
    r"""A file name as text that can be stored: bytes that are not UTF-8 become `\xNN`.

    Backslashes that would read like such an escape are escaped themselves, so that different
    names stay different and `real_name` can undo it.
    """
    if name.isascii() and "\\" not in name:
        return name
    escaped = _ESCAPED.sub(r"\\x5cx\1", name)
    return "".join(
        f"\\x{ord(char) - 0xDC00:02x}" if "\udc80" <= char <= "\udcff" else char for char in escaped
    )


def real_name(shown: str) -> str:
    """The file name, as the operating system module takes it, that `shown_name` made a key of."""
    if "\\x" not in shown:
        return shown

    def restore(match: re.Match[str]) -> str:
        value = int(match[1], 16)
        return chr(value) if value < 0x80 else chr(0xDC00 + value)

    return _ESCAPED.sub(restore, shown)
