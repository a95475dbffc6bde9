"""A local stand-in for the language model that `unstructured` would otherwise download.

`unstructured` 0.27 fetches a spaCy model from the network on the first text it classifies, and
installs it into the environment. It needs it only to tell "title" from "narrative text" in text
without markup, a guess that Holdfast does not use. So a stand-in that sees one sentence without
words takes its place, always, even where the model is installed: what is parsed must not depend
on the machine, and classification would take half of the time of parsing.
"""

import importlib
import os
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_MODULE = "unstructured.nlp.tokenize"


@dataclass(frozen=True, slots=True)
class Sentence:
    """The whole text as one sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class UnreadText:
    """What the stand-in makes of a text: one sentence, no tokens."""

    sents: tuple[Sentence, ...]

    def __iter__(self) -> Iterator[Sentence]:
        return iter(())


class LocalPipeline:
    """Takes the place of a spaCy language where `unstructured` calls one."""

    max_length = 1 << 62

    def __call__(self, text: str) -> UnreadText:
        """Analyse nothing."""
        return UnreadText((Sentence(text),))


def install_local_sentences() -> None:
    """Keep `unstructured` off the network; call before anything is partitioned."""
    from config.environment import quieten

    quieten()
    os.environ.setdefault("UNSTRUCTURED_DISABLE_NOTICE", "1")
    tokenize = _import_tokenize()
    tokenize._load_spacy_model = LocalPipeline
    tokenize._get_nlp.cache_clear()
    _keep_single_characters()


def _keep_single_characters() -> None:
    """Let paragraphs of one letter or digit pass, which `unstructured` drops: "Weeks", "5"."""
    from unstructured.documents.elements import Text
    from unstructured.partition.html import parser

    derive = parser.derive_element_type_from_text
    if getattr(derive, "keeps_single_characters", False):
        return

    def derive_or_keep(text: str) -> Any:
        return derive(text) or (Text if text.isalnum() else None)

    derive_or_keep.keeps_single_characters = True  # type: ignore[attr-defined]
    parser.derive_element_type_from_text = derive_or_keep


def _import_tokenize() -> Any:
    """Import the module that wants spaCy without spaCy, which would load torch as well.

    The name is used nowhere but in the function that is replaced; an empty module stands for it
    during the import only, so that others can still import the real one.
    """
    if "spacy" in sys.modules:
        return importlib.import_module(_MODULE)
    sys.modules["spacy"] = types.ModuleType("spacy")
    try:
        return importlib.import_module(_MODULE)
    finally:
        del sys.modules["spacy"]
