"""Which points one request may read; whoever serves the request says so, never the question."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from indexing.points import PointFilter, visible
from query.ports import Pinned

NO_SOURCE: Final = frozenset({"\ufffd"})
"""What no source can be called; none at all would stand for any."""
_HALF: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Scope:
    """What goes into every read of a request besides epoch and tenant.

    The default is a stranger of the tenant: whatever has an ACL is not there.
    """

    exclude_keys: frozenset[str] = frozenset()
    groups: frozenset[str] | None = frozenset()
    """Groups of whoever asks; None is the operator of the home, who sees all of the tenant."""
    sources: frozenset[str] = frozenset()
    """Empty means any."""
    trusts: frozenset[str] = frozenset()
    """Empty means any."""
    asker: str = ""
    """Who asks, for the log; the name of a key, never the key."""

    def narrowed(self, sources: frozenset[str] | None, trusts: frozenset[str]) -> "Scope | None":
        """Return this scope held to what a policy asks for; none where nothing is left.

        Args:
            sources: The sources that count; None means any.
            trusts: The trusts that count; empty means any.
        """
        kept, trusted = self.sources, self.trusts
        if sources is not None:
            kept = self.sources & sources if self.sources else sources
            if not kept:
                return None
        if trusts:
            trusted = self.trusts & trusts if self.trusts else trusts
            if not trusted:
                return None
        return replace(self, sources=kept, trusts=trusted)

    def filter(
        self, pinned: Pinned, tenant: str, documents: frozenset[str] = frozenset()
    ) -> PointFilter:
        """Return the filter of a read: the one place where the query module makes one."""
        return visible(
            pinned.epoch,
            tenant,
            document_ids=documents,
            exclude_keys=_there(self.exclude_keys),
            aborted=pinned.aborted,
            groups=None if self.groups is None else _there(self.groups),
            sources=_there(self.sources) or (NO_SOURCE if self.sources else self.sources),
            trusts=self.trusts,
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values; `groups` is null for the operator."""
        return {
            "exclude_keys": sorted(self.exclude_keys),
            "groups": None if self.groups is None else sorted(self.groups),
            "sources": sorted(self.sources),
            "trusts": sorted(self.trusts),
            "asker": self.asker,
        }


def read_scope(record: Mapping[str, Any] | None, exclude_keys: Iterable[str] = ()) -> Scope:
    """Read a scope from the request log; what was logged before scopes saw everything.

    Args:
        record: As `to_json` wrote it, or none.
        exclude_keys: Keys hidden from a request that was logged without a scope.
    """
    if record is None:
        return Scope(frozenset(exclude_keys), groups=None)
    groups = record["groups"]
    return Scope(
        frozenset(record["exclude_keys"]),
        None if groups is None else frozenset(groups),
        frozenset(record["sources"]),
        frozenset(record["trusts"]),
        str(record["asker"]),
    )


def _there(names: frozenset[str]) -> frozenset[str]:
    """Leave out what no index can hold: a name with half a surrogate pair is the name of nothing.

    Stores fail on such a text, and three failures would keep everybody from being answered.
    """
    return frozenset(name for name in names if not _HALF.search(name))
