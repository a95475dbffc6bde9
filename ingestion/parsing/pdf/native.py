"""The functions of pdfium that are called thousands of times per page, bound for speed.

The bindings of `pypdfium2` make an object per returned handle and check every argument; calls
by plain numbers take a third of the time. Handles are integers here.
"""

import ctypes
from functools import cache
from typing import Any

_VOID = ctypes.c_void_p
_INT = ctypes.c_int
_UINT = ctypes.c_uint
_FLOAT = ctypes.c_float


class Box(ctypes.Structure):
    """Memory for a rectangle, in the order of pdfium's `FS_RECTF`."""

    _fields_ = [(name, _FLOAT) for name in ("left", "top", "right", "bottom")]


class Matrix(ctypes.Structure):
    """Memory for a transformation, in the order of pdfium's `FS_MATRIX`."""

    _fields_ = [(name, _FLOAT) for name in "abcdef"]


_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "FPDFText_CountChars": (_INT, _VOID),
    "FPDFText_GetText": (_INT, _VOID, _INT, _INT, _VOID),
    "FPDFText_GetUnicode": (_UINT, _VOID, _INT),
    "FPDFText_GetTextObject": (_VOID, _VOID, _INT),
    "FPDFText_GetLooseCharBox": (_INT, _VOID, _INT, _VOID),
    "FPDFText_HasUnicodeMapError": (_INT, _VOID, _INT),
    "FPDFPage_CountObjects": (_INT, _VOID),
    "FPDFPage_GetObject": (_VOID, _VOID, _INT),
    "FPDFFormObj_CountObjects": (_INT, _VOID),
    "FPDFFormObj_GetObject": (_VOID, _VOID, ctypes.c_ulong),
    "FPDFPageObj_GetType": (_INT, _VOID),
    "FPDFPageObj_GetBounds": (_INT, _VOID, _VOID, _VOID, _VOID, _VOID),
    "FPDFPageObj_GetMatrix": (_INT, _VOID, _VOID),
    "FPDFPageObj_GetFillColor": (_INT, _VOID, _VOID, _VOID, _VOID, _VOID),
    "FPDFTextObj_GetTextRenderMode": (_INT, _VOID),
    "FPDFTextObj_GetFontSize": (_INT, _VOID, _VOID),
    "FPDFTextObj_GetFont": (_VOID, _VOID),
    "FPDFFont_GetBaseFontName": (ctypes.c_size_t, _VOID, _VOID, ctypes.c_size_t),
    "FPDFFont_GetIsEmbedded": (_INT, _VOID),
    "FPDFFont_GetFlags": (_INT, _VOID, _VOID),
    "FPDFFont_GetWeight": (_INT, _VOID),
    "FPDFPath_GetDrawMode": (_INT, _VOID, _VOID, _VOID),
    "FPDFPath_CountSegments": (_INT, _VOID),
    "FPDFPath_GetPathSegment": (_VOID, _VOID, _INT),
    "FPDFPathSegment_GetPoint": (_INT, _VOID, _VOID, _VOID),
    "FPDFPathSegment_GetType": (_INT, _VOID),
    "FPDFPathSegment_GetClose": (_INT, _VOID),
}


class Native:
    """pdfium's functions as attributes, under their own names."""

    def __init__(self) -> None:
        from pypdfium2 import raw

        for name, (result, *arguments) in _SIGNATURES.items():
            address = ctypes.cast(getattr(raw, name), _VOID).value or 0
            setattr(self, name, ctypes.PYFUNCTYPE(result, *arguments)(address))

    def __getattr__(self, name: str) -> Any:
        """Say which function is not bound; those that are need no lookup."""
        raise AttributeError(f"{name} is not among the functions bound for speed")


@cache
def native() -> Native:
    """The bound functions; the library is loaded on first use."""
    return Native()


def address(handle: Any) -> int:
    """The number behind a handle of `pypdfium2`, or behind its page or text page."""
    return ctypes.cast(getattr(handle, "raw", handle), _VOID).value or 0
