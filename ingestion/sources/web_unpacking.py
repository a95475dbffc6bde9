"""Unpacks what web servers send packed, in bounded memory, to its last member."""

import zlib
from collections.abc import Iterable

GZIP = b"\x1f\x8b"


def unpacked(blocks: Iterable[bytes], max_bytes: int) -> bytes | None:
    """Unpack gzip or zlib; none if it has more bytes than that.

    A gzip file may consist of several, one behind the other; what else follows one is padding.

    Raises:
        zlib.error: It is damaged or ends too early.
    """
    parts: list[bytes] = []
    size = 0
    member = zlib.decompressobj(wbits=47)
    begun, held = False, b""
    for block in blocks:
        begun, rest = begun or bool(block), held + block
        held = b""
        while rest:
            if member.eof:
                if len(rest) < len(GZIP):
                    held = rest
                    break
                if not rest.startswith(GZIP):
                    return b"".join(parts)
                member = zlib.decompressobj(wbits=47)
            part = member.decompress(rest, max_bytes + 1 - size)
            parts.append(part)
            size += len(part)
            if size > max_bytes:
                return None
            rest = member.unused_data
    if begun and not member.eof:
        raise zlib.error("it ends too early")
    return b"".join(parts)
