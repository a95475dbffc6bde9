"""Which parser, cleaner and splitter this is: the ingestion part of the pipeline fingerprint."""

from ingestion.chunking import SPLITTER_VERSION
from ingestion.cleaning import CLEANER_VERSION
from ingestion.injection import INJECTION_RULES_VERSION
from ingestion.parsing.pool import parser_identity


def ingestion_identity() -> dict[str, str]:
    """Return the versions of everything between the raw bytes and the chunks."""
    return {
        "parser": parser_identity(),
        "cleaner": CLEANER_VERSION,
        "splitter": SPLITTER_VERSION,
        "injection_rules": INJECTION_RULES_VERSION,
    }
