"""The other reader of `benchmarks.pdf`, in a process of its own: it may have other packages.

Reads paths from standard input, one a line; writes one JSON object. Uses nothing of Holdfast.
"""

import importlib.metadata
import json
import sys
import time
from collections.abc import Callable

ROUNDS = 3


class OneSentence(list[object]):
    """What the stand-in makes of a text: one sentence without words."""

    max_length = 1 << 62

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.sents = (self,)


def install_stand_in() -> None:
    """Put a stand-in for the language model `unstructured` would download.

    It only tells titles from prose. Without it nothing is read at all where there is no network;
    with it `unstructured` is faster than it would be with the model.
    """
    from unstructured.nlp import tokenize

    tokenize._load_spacy_model = lambda: OneSentence
    tokenize._get_nlp.cache_clear()


def find_reader() -> tuple[str, Callable[[str], str]]:
    """The first of `unstructured` fast, pdfminer.six and pypdf that can be imported."""
    try:
        from unstructured.partition.pdf import partition_pdf
    except ImportError:
        pass
    else:
        install_stand_in()
        name = f"unstructured {importlib.metadata.version('unstructured')}, strategy fast"
        return name, lambda path: "\n".join(
            element.text for element in partition_pdf(path, strategy="fast")
        )
    try:
        from pdfminer.high_level import extract_text
    except ImportError:
        from pypdf import PdfReader

        name = f"pypdf {importlib.metadata.version('pypdf')}"
        return name, lambda path: "\n".join(p.extract_text() for p in PdfReader(path).pages)
    return f"pdfminer.six {importlib.metadata.version('pdfminer.six')}", extract_text


def main() -> None:
    """Read every file `ROUNDS` times and print texts and best times."""
    name, read = find_reader()
    paths = [line.rstrip("\n") for line in sys.stdin if line.strip()]
    results = {}
    read(paths[0])  # imports and models are loaded by the first call
    for path in paths:
        best, text = float("inf"), ""
        for _ in range(ROUNDS):
            started = time.perf_counter()
            try:
                text = read(path)
            except Exception as error:  # noqa: BLE001 - a failure is a result of the comparison
                text = f"[{type(error).__name__}]"
            best = min(best, time.perf_counter() - started)
        results[path] = {"text": text, "seconds": best}
    json.dump({"name": name, "results": results}, sys.stdout)


if __name__ == "__main__":
    main()
