"""Figures of retrieval and of the grounding gate on labelled questions, and the fit of its weights.

    python -m benchmarks.gate figures DATA [--sets squad,clapnq] [--limit N]
    python -m benchmarks.gate fit DATA --write query/gate_weights.json
    python -m benchmarks.gate handbook examples/handbook examples/questions.jsonl

DATA is a folder of question sets (documents.jsonl, questions.jsonl). Everything runs through the
real chunker, encoders, embedded store and engine. Only `fit` needs scikit-learn. It trains on
squad, nq_oracle, clapnq and awsdocs, without the 30 % of their articles that `figures` marks as
held out; mtrag_un and ramdocs are never trained on.
"""

import argparse
import gzip
import hashlib
import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid5

import numpy as np

from config.settings import (
    ChunkingSettings,
    EmbeddingSettings,
    GateSettings,
    RetrievalSettings,
    SparseSettings,
)
from indexing.encoder import SentenceEncoder
from indexing.model_files import find_model
from indexing.points import OPEN_END, CollectionSpec, HybridQuery, Point, PointFilter
from indexing.sparse import Bm25Encoder
from indexing.stores.edge import EdgeStore
from ingestion.chunking import ChunkSpec
from ingestion.document import (
    Element,
    ElementKind,
    ParsedDocument,
    PreparedDocument,
    Refusal,
    document_id,
)
from ingestion.prepare import prepare, prepare_parsed
from query.engine import QueryEngine
from query.features import FEATURE_NAMES, compute
from query.fusion import order
from query.gate import rule
from query.judge import FeatureJudge, LogisticModel, read_weights
from query.passages import make_passage
from query.ports import Pinned
from query.question import understand

TRAINED_ON = ("squad", "nq_oracle", "clapnq", "awsdocs")
NEVER_TRAINED_ON = ("ramdocs", "mtrag_un")
HELD_OUT_TENTHS = 3
PRIOR_ODDS = 7.0
"""Answerable against unanswerable questions; moves where p crosses the thresholds, not the order.

People ask a handbook mostly what it holds, and in words it does not use: without this, half of
the answerable example questions would be refused."""
AWSDOCS_SAMPLE = 250
ENGLISH = frozenset({"en"})


@dataclass(frozen=True)
class View:
    """A committed state that never changes."""

    def pin(self) -> Pinned:
        return Pinned("bench", "bench", 1, datetime.now(UTC))


@dataclass
class Bench:
    """One set, indexed."""

    name: str
    store: EdgeStore
    encoder: SentenceEncoder
    bm25: Bm25Encoder
    questions: list[dict]
    titles: dict[str, str]
    documents: list[str]

    def engine(self) -> QueryEngine:
        return QueryEngine(
            View(), self.store, self.encoder, self.bm25,
            RetrievalSettings(), GateSettings(), None, "bench",
        )  # fmt: skip


def read_lines(path: Path) -> list[dict]:
    for place in (path, path.with_name(path.name + ".gz")):
        if place.exists():
            opened = gzip.open(place, "rt") if place.suffix == ".gz" else place.open()
            with opened as lines:
                return [json.loads(line) for line in lines]
    return []


def models() -> tuple[SentenceEncoder, Bm25Encoder, ChunkSpec]:
    settings, chunking = EmbeddingSettings(), ChunkingSettings()
    files = find_model(settings)
    spec = ChunkSpec(
        tokenizer_file=str(files.tokenizer_file), window=files.window, max_tokens=chunking.max_tokens,
        min_tokens=chunking.min_tokens, heading_tokens=chunking.heading_tokens,
    )  # fmt: skip
    return SentenceEncoder(files, settings), Bm25Encoder(SparseSettings()), spec


def index(store: EdgeStore, prepared: dict[str, PreparedDocument], encoder, bm25) -> None:
    """Write the chunks of all documents at epoch 1."""
    store.create("bench", CollectionSpec(dimension=encoder.dimension, fingerprint="bench"))
    rows = [(key, doc, chunk) for key, doc in prepared.items() for chunk in doc.chunks]
    for begin in range(0, len(rows), 512):
        batch = rows[begin : begin + 512]
        vectors = encoder.encode_documents([chunk.embedding_text for _, _, chunk in batch])
        points = []
        for (key, doc, chunk), vector in zip(batch, vectors, strict=True):
            identity = document_id("bench", "bench", key)
            payload = {
                "tenant": "bench", "source": "bench", "document_id": str(identity), "key": key,
                "version": 1, "ordinal": chunk.ordinal, "start": chunk.start, "end": chunk.end,
                "page": chunk.page, "text": chunk.text, "title": doc.title,
                "headings": list(chunk.headings), "flags": [*doc.flags, *chunk.flags],
                "content_sha256": "", "modified": None, "valid_from": 1, "valid_to": OPEN_END,
            }  # fmt: skip
            sparse = bm25.document(chunk.embedding_text)
            points.append(Point(uuid5(identity, str(chunk.ordinal)), vector, sparse, payload))
        store.upsert("bench", points)


def open_set(root: Path, folder: Path) -> Bench:
    """Chunk, embed and index one question set."""
    encoder, bm25, spec = models()
    documents = read_lines(root / "documents.jsonl")
    questions = read_lines(root / "questions.jsonl")
    if root.name == "awsdocs":
        documents = _sample(documents, questions)
    prepared = {}
    for document in documents:
        elements = [Element(ElementKind.HEADING, document["title"], 1)] if document["title"] else []
        paragraphs = [p for p in document["text"].split("\n\n") if p.strip()]
        elements += [Element(ElementKind.TEXT, p) for p in paragraphs]
        parsed = ParsedDocument("text/plain", tuple(elements), document["title"] or None)
        made = prepare_parsed(parsed, document["id"], spec)
        if not isinstance(made, Refusal):
            prepared[document["id"]] = made
    removed = read_lines(root / "removed_documents.jsonl")
    titles = {d["id"]: d["title"] or d["id"] for d in [*documents, *removed]}
    store = EdgeStore(folder / root.name, 30.0)
    index(store, prepared, encoder, bm25)
    return Bench(root.name, store, encoder, bm25, questions, titles, sorted(prepared))


def _sample(documents: list[dict], questions: list[dict]) -> list[dict]:
    needed = {
        i for q in questions for i in q["gold_document_ids"] + q.get("exclude_document_ids", [])
    }
    rest = [d for d in documents if d["id"] not in needed]
    random.Random(1).shuffle(rest)
    return [d for d in documents if d["id"] in needed] + rest[:AWSDOCS_SAMPLE]


def is_held_out(bench: Bench, question: dict) -> bool:
    """Split by article, the same way for every set."""
    ids = (
        question["gold_document_ids"]
        or question.get("removed_document_ids")
        or question.get("exclude_document_ids")
        or [question["id"]]
    )
    article = bench.titles.get(ids[0], ids[0])
    return int(hashlib.md5(article.encode()).hexdigest(), 16) % 10 < HELD_OUT_TENTHS


@dataclass
class Row:
    """One question as the gate sees it."""

    question: dict
    features: dict[str, float]
    p: float
    verdict: str
    fused: list[str]
    dense: list[str]
    sparse: list[str]


def look(
    bench: Bench, question: dict, judge, vector, keep: frozenset[str] = frozenset()
) -> Row | None:
    """Retrieve and judge one question; `vector` none means sparse only."""
    hidden = frozenset(question.get("exclude_document_ids") or ())
    settings = RetrievalSettings()
    where = PointFilter(
        visible_at=1, tenant="bench", exclude_keys=hidden,
        document_ids=frozenset(str(document_id("bench", "bench", k)) for k in keep),
    )  # fmt: skip
    query = HybridQuery(where, vector, bm25 := bench.bm25.query(question["question"]), 40, 40)
    if vector is None and not bm25.indices:
        return None
    legs = bench.store.search("bench", query)
    passages = [make_passage(hit) for hit in order(legs, settings)]
    asked = understand(question["question"], GateSettings(), ENGLISH)
    if not passages:
        return None
    features = dict(compute(asked, passages, legs).values)
    ruling = rule(asked, passages, legs, judge, GateSettings()) if judge else None
    names = [[h.payload["key"] for h in leg] for leg in (legs.dense, legs.sparse)]
    return Row(
        question, features, ruling.p_answerable if ruling else 0.0,
        ruling.verdict.value if ruling else "", [p.key for p in passages], *names,
    )  # fmt: skip


def small_base(bench: Bench, question: dict, near: Sequence[str], rng: random.Random) -> frozenset:
    """Pick a small knowledge base: probabilities must hold for ten documents as for thousands."""
    size = rng.choice([8, 20, 60, 200])
    kept = set(rng.sample(bench.documents, min(size, len(bench.documents))))
    kept |= set(question["gold_document_ids"])
    if question.get("tier") != "far" and (question["label"] != "answerable" or rng.random() < 0.6):
        kept |= set(list(dict.fromkeys(near))[: rng.choice([1, 2, 4])])
    return frozenset(kept)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Probability that a positive scores above a negative; ties count half."""
    a, b = np.asarray(positive)[:, None], np.asarray(negative)[None, :]
    return float(((a > b) + 0.5 * (a == b)).mean())


def figures(args: argparse.Namespace) -> None:
    """Print retrieval and gate figures of every set."""
    judge = FeatureJudge()
    print(f"calibration {judge.calibration_id}")
    for name in args.sets.split(","):
        with tempfile.TemporaryDirectory() as folder:
            bench = open_set(args.data / name, Path(folder))
            rows: list[Row | None] = []
            for question in chosen(bench, args.limit):
                if name not in TRAINED_ON or is_held_out(bench, question):
                    vector = bench.encoder.encode_query(question["question"])
                    rows.append(look(bench, question, judge, vector))
            bench.store.close()
        report(name, [row for row in rows if row])


def chosen(bench: Bench, limit: int) -> list[dict]:
    """Take a fixed random sample where a set is large."""
    questions = list(bench.questions)
    random.Random(7).shuffle(questions)
    return questions[:limit] if limit else questions


def report(name: str, rows: Sequence[Row]) -> None:
    found = [r for r in rows if r.question["gold_document_ids"]]
    for leg in ("dense", "sparse", "fused"):
        ranked = [
            (set(r.question["gold_document_ids"]), list(dict.fromkeys(getattr(r, leg))))
            for r in found
        ]
        at = [np.mean([bool(gold & set(keys[:k])) for gold, keys in ranked]) for k in (1, 5)]
        print(f"{name:10} {leg:6} hit@1 {at[0]:.3f} hit@5 {at[1]:.3f} (n={len(found)})")
    positive = [
        r for r in rows
        if r.question["label"] == "answerable" or (name == "ramdocs" and r.question["gold_document_ids"])
    ]  # fmt: skip
    by_tier = defaultdict(list)
    for row in rows:
        if row.question["label"] == "unanswerable":
            by_tier[row.question.get("tier", "-")].append(row)
    for tier, negative in sorted(by_tier.items()):
        score = auroc([r.p for r in positive], [r.p for r in negative])
        let = np.mean([r.verdict == "answerable" for r in negative])
        print(
            f"{name:10} gate {tier:12} AUROC {score:.3f} let through {let:.3f} (n={len(negative)})"
        )
    verdicts = {
        label: {
            v: sum(r.verdict == v for r in rows if r.question["label"] == label)
            for v in sorted({r.verdict for r in rows})
        }
        for label in sorted({r.question["label"] for r in rows})
    }
    print(f"{name:10} verdicts by label {verdicts}", flush=True)


def training_rows(args: argparse.Namespace) -> Iterator[tuple[list[Row], list[Row]]]:
    """Yield the rows of every training set, with both lists and with the sparse one alone."""
    for name in TRAINED_ON:
        rng = random.Random(3)
        with tempfile.TemporaryDirectory() as folder:
            bench = open_set(args.data / name, Path(folder))
            hybrid: list[Row | None] = []
            sparse: list[Row | None] = []
            for question in chosen(bench, 2500):
                if is_held_out(bench, question):
                    continue
                vector = bench.encoder.encode_query(question["question"])
                hybrid.append(look(bench, question, None, vector))
                sparse.append(look(bench, question, None, None))
                if rng.random() < 0.6:
                    near = hybrid[-1].fused if hybrid[-1] else []
                    kept = small_base(bench, question, near, rng)
                    hybrid.append(look(bench, question, None, vector, kept))
                    sparse.append(look(bench, question, None, None, kept))
            bench.store.close()
        print(f"{name}: {len(hybrid)} rows", flush=True)
        yield [row for row in hybrid if row], [row for row in sparse if row]


def tier_weight(question: dict) -> float:
    """Weigh kinds of questions nearer to how often they are asked than to how many there are."""
    if question["label"] == "answerable":
        return 1.0
    # The 3,000 adversarial questions of SQuAD look like answerable ones to every feature; at full
    # weight they would only teach the model to doubt everything.
    adversarial = 0.2 if "core" in question else 1.0
    return {"far": 3.0, "adversarial": adversarial}.get(question.get("tier", ""), 1.0)


def fit_model(sets: Sequence[list[Row]], unused: frozenset[str]) -> LogisticModel:
    """Fit with equal weight for every set and for both labels."""
    from sklearn.linear_model import LogisticRegression

    rows = [row for part in sets for row in part]
    weight = np.concatenate([np.full(len(part), 1.0 / len(part)) for part in sets])
    x = np.array([[row.features[f] for f in FEATURE_NAMES] for row in rows])
    y = np.array([row.question["label"] == "answerable" for row in rows])
    weight *= [tier_weight(row.question) for row in rows]
    weight[y] /= weight[y].sum() / PRIOR_ODDS
    weight[~y] /= weight[~y].sum()
    mean, scale = x.mean(0), x.std(0) + 1e-6
    used = np.array([f not in unused for f in FEATURE_NAMES])
    z = np.clip((x - mean) / scale, -3, 3) * used
    model = LogisticRegression(C=0.05, max_iter=5000).fit(z, y, sample_weight=weight * len(y) / 2)
    return LogisticModel(
        tuple(mean.round(6)), tuple(scale.round(6)), tuple((model.coef_[0] * used).round(6)),
        float(model.intercept_[0].round(6)),
    )  # fmt: skip


def fit(args: argparse.Namespace) -> None:
    """Fit both models on the training articles and write the weights."""
    dense = frozenset(f for f in FEATURE_NAMES if f.startswith("dense"))
    both = dense | {"same_top1", "overlap_5"}
    hybrid, sparse = zip(*training_rows(args), strict=True)
    fitted = {"hybrid": fit_model(hybrid, frozenset()), "sparse_only": fit_model(sparse, both)}
    record = {
        "calibration_id": args.calibration_id,
        "trained_on": list(TRAINED_ON),
        "held_out": f"{HELD_OUT_TENTHS * 10} % of articles, by md5 of the title",
        "features": list(FEATURE_NAMES),
        "models": {
            name: {
                "means": [float(v) for v in m.means], "scales": [float(v) for v in m.scales],
                "coefficients": [float(v) for v in m.coefficients],
                "intercept": m.intercept + args.shift,
            }
            for name, m in fitted.items()
        },
    }  # fmt: skip
    read_weights(record)
    args.write.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {args.write}")


def handbook(args: argparse.Namespace) -> None:
    """Ask the example questions through the whole engine and print every miss."""
    encoder, bm25, spec = models()
    prepared = {}
    for path in sorted(p for p in args.folder.rglob("*") if p.is_file()):
        key = path.relative_to(args.folder).as_posix()
        made = prepare(path.read_bytes(), key, spec)
        if isinstance(made, Refusal):
            print(f"refused {key}: {made.reason}")
        else:
            prepared[key] = made
    tally: dict[tuple[str, str], int] = defaultdict(int)
    first = []
    with tempfile.TemporaryDirectory() as folder:
        store = EdgeStore(Path(folder), 30.0)
        index(store, prepared, encoder, bm25)
        bench = Bench("handbook", store, encoder, bm25, [], {}, [])
        engine = bench.engine()
        for line in read_lines(args.questions):
            if line["state"] != args.state:
                continue
            decision = engine.answer(line["question"])
            verdict = decision.verdict.value if decision.verdict else "unavailable"
            group = line["kind"] if line["expected"] == "unanswerable" else line["expected"]
            tally[(group, verdict)] += 1
            if line["gold_keys"]:
                first.append(
                    decision.retrieved_keys[:1] and decision.retrieved_keys[0] in line["gold_keys"]
                )
            if args.verbose or verdict != line["expected"]:
                codes = ",".join(r.code for r in decision.reasons)
                print(f"{line['id']} {group} -> {verdict} p={decision.p_answerable:.2f} {codes} "
                      f"{list(decision.missing)} {decision.answer!r:.160} | {line['question']} | {line['answer']}")  # fmt: skip
        store.close()
    for (group, verdict), count in sorted(tally.items()):
        print(f"{group:20} {verdict:20} {count}")
    print(f"gold document first: {sum(map(bool, first))} of {len(first)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(required=True)
    show = commands.add_parser("figures")
    show.add_argument("data", type=Path)
    show.add_argument("--sets", default=",".join(TRAINED_ON + NEVER_TRAINED_ON))
    show.add_argument("--limit", type=int, default=0)
    show.set_defaults(run=figures)
    make = commands.add_parser("fit")
    make.add_argument("data", type=Path)
    make.add_argument("--write", type=Path, required=True)
    make.add_argument("--calibration-id", default="default-2026-11-a")
    make.add_argument("--shift", type=float, default=0.0, help="added to the intercepts")
    make.set_defaults(run=fit)
    book = commands.add_parser("handbook")
    book.add_argument("folder", type=Path)
    book.add_argument("questions", type=Path)
    book.add_argument("--state", type=int, default=1)
    book.add_argument("--verbose", action="store_true")
    book.set_defaults(run=handbook)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
