"""Finding the tags of a page that matter to a crawl, in time that grows with the page alone.

Neither the parser of the standard library nor a tree will do here: the first raises on some pages
and takes minutes for others, the second is built by code that has to stay in a child process. A few
tags can be found without understanding the page.
"""

import html
import re
from collections.abc import Iterator

LONGEST_TAG = 8000

_NEXT = re.compile(
    rb"<(?:!--|(?P<raw>script|style|textarea|title|template)(?=[\s/>])"
    rb"|(?P<tag>a|area|base|meta)(?=[\s/]))"
)
# As browsers do: a quote means something only after an equals sign.
_REST = re.compile(rb"""(?:[^>=]|=\s*+(?:"[^"]*+"|'[^']*+'|))*+>""")
_ATTRIBUTE = re.compile(
    rb"""(?<![a-z0-9-])([a-z][a-z0-9-]*+)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>`]++))""", re.I
)


def find_tags(page: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield links, bases and meta tags in order, as name and attributes, both in lower case.

    What stands in comments and scripts is no tag. A tag that is not closed is passed over.
    """
    lowered = page.lower()  # of bytes: changes ASCII alone, and no lengths
    at = 0
    while (found := _NEXT.search(lowered, at)) is not None:
        at = found.end()
        if found["tag"] is not None:
            # A slice, so that what is never closed costs no more than its length.
            rest = page[at : at + LONGEST_TAG]
            inside = _REST.match(rest)
            if inside is None:
                at += len(rest)
                continue
            at += inside.end()
            yield found["tag"].decode("ascii"), _attributes(inside[0])
            continue
        closing = b"-->" if found["raw"] is None else b"</" + found["raw"]
        end = lowered.find(closing, at)
        if end < 0:
            return
        at = end + len(closing)


def _attributes(inside: bytes) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(inside):
        value = (double or single or bare).decode("utf-8", "replace")
        attributes.setdefault(name.decode("ascii").lower(), html.unescape(value))
    return attributes
