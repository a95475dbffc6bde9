"""The bookmarks of a PDF as levels of headings."""

from typing import Any

from ingestion.parsing.layout.headings import normalised

MAX_BOOKMARKS = 5000
MAX_DEPTH = 6


def read_outline(document: Any) -> dict[str, int]:
    """Level of each bookmarked title, normalised for comparison; the topmost is 1."""
    levels: dict[str, int] = {}
    for count, bookmark in enumerate(document.get_toc(max_depth=MAX_DEPTH)):
        if count >= MAX_BOOKMARKS:
            break
        title = normalised(_title(bookmark))
        if title:
            levels.setdefault(title, bookmark.level + 1)
    return levels


def _title(bookmark: Any) -> str:
    try:
        return bookmark.get_title() or ""
    except UnicodeDecodeError:  # half a character, say; it costs this bookmark, not the document
        return ""
