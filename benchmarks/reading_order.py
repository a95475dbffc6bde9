"""How often the right document is first when reading may put a later passage before the first.

    python -m benchmarks.reading_order DATA FOLDER [--kept FOLDER] [--leads 0,0.03,0.05,0.08]

FOLDER is that of `evaluation.training.cross_encoder`: every question is ordered by what a reader
said that never saw its article (ramdocs and mtrag_un: by the one that ships, which never saw them).
The second passage counts as read only where the first does not answer, as the judge reads. Printed
per set: hit@1, questions won and lost against the order without reading.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.gate import chosen
from benchmarks.gate_bench import ENGLISH, open_set, with_vectors
from config.settings import GateSettings, RetrievalSettings
from evaluation.training.cross_encoder import ENOUGH, LEAD, said_file
from evaluation.training.cross_encoder_data import (
    AWSDOCS_OTHERS,
    NEVER_TRAINED_ON,
    PASSAGES,
    TRAINED_ON,
)
from evaluation.training.folds import FOLDS
from evaluation.training.training_runs import Run, read_said
from indexing.points import HybridQuery, PointFilter
from query.asking.question import understand
from query.judging.ordering import in_order
from query.judging.promoting import answering_first, with_first
from query.judging.reader import Reading
from query.judging.trained_judge import until_enough
from query.search.fusion import order
from query.text.passages import Passage, make_passage


def readings_in(folder: Path) -> Mapping[str, Sequence[Reading]]:
    """Return what was read out of fold, by set and question."""
    every = (read_said(said_file(folder, run)) for run in (*map(Run, range(FOLDS)), Run()))
    return {key: found for said in every for key, found in said.readings.items()}


def ordered_of(
    root: Path, kept: Path | None
) -> list[tuple[str, frozenset[str], tuple[Passage, ...]]]:
    """Return key, right documents and first passages of every question with an answer."""
    settings = RetrievalSettings()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        bench = open_set(root, Path(folder), kept, AWSDOCS_OTHERS)
        asked = [q for q in chosen(bench, 0) if q["gold_document_ids"]]
        for question, vector in with_vectors(bench, asked):
            hidden = frozenset(question.get("exclude_document_ids") or ())
            where = PointFilter(visible_at=1, tenant="bench", exclude_keys=hidden)
            sparse = bench.bm25.query(question["question"])
            legs = bench.store.search("bench", HybridQuery(where, vector, sparse, 40, 40))
            understood = understand(question["question"], GateSettings(), ENGLISH)
            candidates = [make_passage(hit) for hit in order(legs, settings)]
            passages = in_order(understood, candidates, settings)[:PASSAGES]
            gold = frozenset(question["gold_document_ids"])
            found.append((f"{root.name}/{question['id']}", gold, passages))
        bench.store.close()
    return found


def main() -> None:
    """Order the questions of every set with each weight."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kept", type=Path, help="keeps vectors here, for the next time")
    parser.add_argument("--leads", default=f"0,0.03,{LEAD},0.08")
    given = parser.parse_args()
    readings = readings_in(given.folder)
    for name in TRAINED_ON + NEVER_TRAINED_ON:
        asked = ordered_of(given.data / name, given.kept)
        for lead in map(float, given.leads.split(",")):
            hits = won = lost = 0
            for key, gold, passages in asked:
                read = until_enough(readings.get(key, ()), ENOUGH)
                led = with_first(passages, answering_first(passages, read, lead))
                before, after = passages[0].key in gold, led[0].key in gold
                hits, won, lost = (
                    hits + after, won + (after and not before), lost + (before and not after)
                )  # fmt: skip
            share = hits / len(asked)
            print(f"{name:10} {lead:4.2f}  hit@1 {share:.3f}  won {won}, lost {lost} of "
                  f"{len(asked)}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
