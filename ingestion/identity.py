"""Which parser, cleaner and splitter this is: the ingestion part of the pipeline fingerprint."""

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from ingestion.chunking import SPLITTER_VERSION
from ingestion.cleaning import CLEANER_VERSION
from ingestion.document import sha256_of
from ingestion.injection import INJECTION_RULES_VERSION
from ingestion.injection_model import weights_identity
from ingestion.language import LANGUAGE_VERSION
from ingestion.parsing.pool import parser_identity
from ingestion.reading import ReadingSpec


def ingestion_identity(reading: ReadingSpec) -> dict[str, str]:
    """Return the versions of everything between the raw bytes and the chunks.

    Args:
        reading: How documents are read, by the settings.
    """
    return {
        "parser": parser_identity(),
        "reading": reading.identity,
        "cleaner": CLEANER_VERSION,
        "splitter": SPLITTER_VERSION,
        "injection_rules": f"{INJECTION_RULES_VERSION}/{weights_identity()}",
        "language": LANGUAGE_VERSION,
    }


def parse_fingerprint(identity: Mapping[str, str]) -> str:
    """Return the 16 hex digits of what decides which text is read from given bytes.

    Args:
        identity: An ingestion identity, of this code or as a generation remembers it.
    """
    reading = {part: identity.get(part, "") for part in ("parser", "reading", "cleaner")}
    return sha256_of(json.dumps(reading, sort_keys=True))[:16]


_PLAIN = re.compile(r"\.[a-z0-9]{1,12}")


def suffix_of(key: str) -> str:
    """Return the suffix of a key as far as it decides the type, in a form fit for a file name."""
    suffix = PurePosixPath(key.rstrip()).suffix.lower()
    if not suffix:
        return "_none"
    return suffix[1:] if _PLAIN.fullmatch(suffix) else f"_{sha256_of(suffix)[:12]}"
