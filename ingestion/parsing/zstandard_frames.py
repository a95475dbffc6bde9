"""Reads Zstandard as the standard library reads other packings: damage and an early end raise."""

import io

_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"
"""Ends the magic number of a frame that holds no data; it begins with 0x50 to 0x5f."""
_LONGEST_HEADER = 18
_REPEATED = 1
"""Type of a block of which one byte is stored, whatever its size."""
_LARGEST_WINDOW = 2**27


class Zstandard(io.RawIOBase):
    """The unpacked bytes of all frames.

    The reader of the library ends without a word where the data breaks off, so that the beginning
    of a file would pass for the whole, and has an error of its own for damage.
    """

    def __init__(self, data: bytes) -> None:
        """Read `data`; nothing is unpacked before it is asked for."""
        import zstandard

        unpacker = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        self._stream = unpacker.stream_reader(data, read_across_frames=True)
        self._error = zstandard.ZstdError
        self._data = data

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes.

        Raises:
            EOFError: The data ends within a frame.
            OSError: The data is damaged.
        """
        try:
            block: bytes = self._stream.read(size)
        except self._error as error:
            raise OSError(str(error)) from error
        if not block and size and not is_whole(self._data):
            raise EOFError("the compressed data ends too early")
        return block


def is_whole(data: bytes) -> bool:
    """Whether the last frame of packed data ends where the data ends, by the headers alone."""
    import zstandard

    at = 0
    while at < len(data):
        if data[at] >> 4 == 5 and data[at + 1 : at + 4] == _SKIPPABLE:
            at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
            continue
        head = data[at : at + _LONGEST_HEADER]
        if not head.startswith(_MAGIC):
            return len(data) - at >= len(_MAGIC)  # not packed data, but no cut either
        try:
            checked = zstandard.get_frame_parameters(head).has_checksum
            at += zstandard.frame_header_size(head)
        except zstandard.ZstdError:
            return False
        is_last = False
        while not is_last:
            block = int.from_bytes(data[at : at + 3], "little")
            is_last, kind, size = bool(block & 1), block >> 1 & 3, block >> 3
            at += 3 + (1 if kind == _REPEATED else size)
            if at > len(data):
                return False
        at += 4 if checked else 0
    return at == len(data)
