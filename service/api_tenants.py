"""One query engine per tenant on one home, made when a tenant asks for the first time."""

import threading
from dataclasses import dataclass, field

from indexing.corpus import Corpus
from query.engine import QueryEngine
from query.opening import open_engine


@dataclass
class Tenants:
    """Keeps the engines; only tenants of configured keys ever get here."""

    corpus: Corpus
    _engines: dict[str, QueryEngine] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def engine(self, tenant: str) -> QueryEngine:
        """Return the engine of a tenant.

        Raises:
            ConfigError: The policy or the keys of the generators are not what they must be.
        """
        with self._lock:
            if tenant not in self._engines:
                self._engines[tenant] = open_engine(self.corpus, tenant)
            return self._engines[tenant]
