"""Unpacks the compressed RTF in which Outlook keeps a body (MS-OXRTFCP)."""

_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
_HEADER = 16
_PACKED, _PLAIN = b"LZFu", b"MELA"
MAX_BYTES = 64 * 1024 * 1024


def unpack_rtf(packed: bytes) -> bytes:
    """Unpack a body.

    Raises:
        ValueError: It is not packed in a known way, or larger than is read.
    """
    kind = packed[8:12]
    size = int.from_bytes(packed[4:8], "little")
    if size > MAX_BYTES:
        raise ValueError("the body is larger than is read")
    if kind == _PLAIN:
        return packed[_HEADER : _HEADER + size]
    if kind != _PACKED:
        raise ValueError("the body is packed in an unknown way")
    window = bytearray(_DICTIONARY.ljust(_WINDOW, b"\0"))
    write = len(_DICTIONARY)
    out = bytearray()
    at = _HEADER
    while at < len(packed) and len(out) < size:
        control = packed[at]
        at += 1
        for bit in range(8):
            if at >= len(packed) or len(out) >= size:
                break
            if not control >> bit & 1:
                out.append(packed[at])
                window[write] = packed[at]
                write, at = (write + 1) % _WINDOW, at + 1
            else:
                token = int.from_bytes(packed[at : at + 2], "big")
                offset, length, at = token >> 4, (token & 0xF) + 2, at + 2
                if offset == write:  # the end mark
                    return bytes(out)
                for step in range(length):
                    byte = window[(offset + step) % _WINDOW]
                    out.append(byte)
                    window[write] = byte
                    write = (write + 1) % _WINDOW
    return bytes(out)
