"""Reads XML without entities, DTDs, includes or the network; what declares entities is refused."""

import re
from collections.abc import Iterator
from typing import Any

from ingestion.document import Reason

_ENTITY = re.compile(rb"<\0?!\0?E\0?N\0?T\0?I\0?T\0?Y")


class UnsafeInputError(Exception):
    """A document built to harm its reader; it is refused with its reason."""

    reason = Reason.UNSAFE


def declares_entities(data: bytes) -> bool:
    """Whether XML declares entities of its own, in any encoding that lets ASCII through."""
    return _ENTITY.search(data) is not None


def read_xml(data: bytes) -> Any:
    """Parse XML to its root element.

    Raises:
        UnsafeInputError: It declares entities, which expand to anything or point elsewhere.
        lxml.etree.XMLSyntaxError: It is not well formed.
    """
    from lxml import etree

    if declares_entities(data):
        raise UnsafeInputError(
            "The XML declares entities, which could expand without end or read other files."
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        remove_comments=True, remove_pis=True, huge_tree=True,
    )  # fmt: skip
    return etree.fromstring(data, parser=parser)


def local(node: Any) -> str:
    """Name of an element without its namespace; empty for what is no element."""
    tag = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(node: Any, name: str) -> str | None:
    """Value of an attribute by its name without namespace."""
    found = node.get(name)
    if found is not None:
        return str(found)
    ending = "}" + name
    return next((str(value) for key, value in node.attrib.items() if key.endswith(ending)), None)


def children(node: Any, *names: str) -> Iterator[Any]:
    """Child elements with one of the names, in order; all elements without names."""
    for child in node:
        name = local(child)
        if name and (not names or name in names):
            yield child
