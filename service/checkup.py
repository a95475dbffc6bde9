"""The checks of `holdfast doctor`: each part in force, where it is, and whether it works."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from config.errors import HoldfastError
from config.overrides import with_overrides
from config.policy import load_policy
from config.querying import ClaimsBy
from config.recognition import OcrMode
from config.settings import JudgeKind, Settings
from config.sources import LocalSource, TableSource
from flows.calling import reach_api
from indexing.encoding.model_files import find_model
from indexing.generations.probes import served
from indexing.ledger.database import Ledger, open_ledger
from indexing.ledger.documents import open_versions
from indexing.ledger.generations import Generation, find_generation
from indexing.ledger.schema import HEAD
from indexing.live import find_live
from indexing.spec import differences, in_short, make_spec, way_back
from indexing.stores.base import VectorStore
from indexing.stores.opening import open_store
from ingestion.identity import ingestion_identity, parse_fingerprint
from ingestion.reading import reading_spec
from ingestion.sources.configured import make_source
from query.calibrating.calibration import percent
from query.calibrating.calibrations import FOLDER, CalibrationShelf
from query.claims import claim_reader
from query.generation.chain import open_chain
from query.golden import read_golden
from query.judging import reader
from query.judging.trained_judge import open_judge
from query.networks.trained_file import SHIPPED, TrainedFile
from service.console import without_secrets
from service.options import lacks_home, read_only

LOW_DISK_BYTES = 1_000_000_000
NOTHING_INDEXED = "nothing is indexed yet"
SAMPLE = 20
"""Versions whose blobs are looked for: a folder that is gone or another one lacks them all."""
MOST_LOOKS = 20
"""An ingest commits batch by batch; the count has to be of one state."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    part: str
    sound: bool
    detail: str


def check_all(settings: Settings) -> list[Finding]:
    """Run every check; one that fails does not stop the others."""
    checks: list[tuple[str, Callable[[Settings], str]]] = [
        ("home", check_home),
        ("model", check_model),
        ("ledger", check_ledger),
        ("store", check_store),
        ("generation", check_generation),
        ("blobs", check_blobs),
        ("sources", check_sources),
        ("programs", check_programs),
        ("policy", check_policy),
        ("readers", check_readers),
        ("golden", check_golden),
        ("calibration", check_calibration),
        ("prefect", check_prefect),
    ]
    return [run_check(part, check, settings) for part, check in checks]


def run_check(part: str, check: Callable[[Settings], str], settings: Settings) -> Finding:
    """Turn the outcome of one check into a finding."""
    try:
        return Finding(part, True, without_secrets(check(settings)))
    except (HoldfastError, OSError) as error:
        return Finding(part, False, without_secrets(str(error)))
    except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, too
        return Finding(part, False, without_secrets(f"{type(error).__name__}: {error}"))


def check_home(settings: Settings) -> str:
    """The home folder is writable, or could be made, and the disk is not nearly full."""
    home = settings.home
    there = next(path for path in (home, *home.absolute().parents) if os.path.lexists(path))
    if not there.is_dir():
        what = "is no folder" if there == home else f"cannot be made: {there} is no folder"
        raise HoldfastError(f"{home} {what}; choose another HOLDFAST_HOME.")
    if not os.access(there, os.W_OK):
        what = "is not writable" if there == home else f"cannot be made: {there} is not writable"
        raise HoldfastError(f"{home} {what}; choose another HOLDFAST_HOME.")
    free = shutil.disk_usage(there).free
    if free < LOW_DISK_BYTES:
        raise HoldfastError(f"Only {free / 1e6:.0f} MB are free on the disk of {home}.")
    begun = "" if there == home else " is not there yet; the first ingest begins it"
    return f"{home}{begun}, {free / 1e9:.0f} GB free"


def check_model(settings: Settings) -> str:
    """The encoder's files are there."""
    files = find_model(settings.embedding, cache_of(settings))
    return (
        f"{files.name} from {files.found_in} ({files.path}), dimension {files.dimension}, "
        f"window {files.window} tokens, revision {files.revision[:12]}"
    )


def cache_of(settings: Settings) -> Path | None:
    """Return where the digests of models are remembered; nowhere while there is no home."""
    return None if lacks_home(settings) else settings.home / "cache"


def check_ledger(settings: Settings) -> str:
    """The ledger opens, has this version's schema and is not damaged."""
    if lacks_home(settings):
        return "none yet; the first ingest makes it"
    url = settings.ledger.url.get_secret_value() if settings.ledger.url else None
    ledger = open_ledger(url, settings.home, settings.ledger.busy_timeout_seconds)
    try:
        ledger.check()
        return f"{ledger.location}, schema {HEAD}, sound"
    finally:
        ledger.close()


def check_store(settings: Settings) -> str:
    """The store answers, and is of a version that will do."""
    store = open_store(settings.store, settings.home)
    try:
        named = ", ".join(store.collections()) or "no collection yet"
        return f"{store.describe()}: {named}"
    finally:
        store.close()


def check_generation(settings: Settings) -> str:
    """The live generation exists and the settings still stand for its pipeline."""
    with read_only(settings) as corpus:
        store, ledger = corpus.store, corpus.ledger
        generation = find_live(ledger, store, settings.store.collection)
        if generation is None:
            return NOTHING_INDEXED
        name = generation.name
        if store.spec(name) is None:
            raise HoldfastError(
                f"The alias names {name}, but the store does not have it. Index and ledger belong "
                "together: run `holdfast verify --repair`, or restore both from one backup."
            )
        settings = with_overrides(settings, generation.overrides)
        model = find_model(settings.embedding, cache_of(settings))
        identity = ingestion_identity(
            reading_spec(settings.ingestion, settings.ocr, settings.quality)
        )
        spec = make_spec(identity, settings.chunking, settings.embedding, settings.sparse, model)
        if spec.fingerprint != generation.fingerprint:
            changes = differences(generation.spec, asdict(spec))
            raise HoldfastError(
                f"{name} was built with another pipeline ({in_short(changes)}). Run `holdfast "
                f"reindex`, or {way_back(changes)}."
            )
        generation, chunks = count_chunks(store, ledger, generation)
        return (
            f"{name} at epoch {generation.epoch}, {chunks} chunks, "
            f"fingerprint {generation.fingerprint}"
        )


def count_chunks(
    store: VectorStore, ledger: Ledger, generation: Generation
) -> tuple[Generation, int]:
    """Count what readers of all tenants see, and hold it against what was committed.

    Returns:
        The generation at the epoch that was counted, and its chunks.

    Raises:
        HoldfastError: The store has lost points, or has points of somebody else.
    """
    for _ in range(MOST_LOOKS):
        seen = store.count(generation.name, served(generation))
        versions = open_versions(ledger, generation.name)
        now = find_generation(ledger, generation.name)
        if now is None or now.epoch == generation.epoch:
            break
        generation = now  # an ingest committed in between: the two counts are of different states
    else:
        raise HoldfastError(
            f"{generation.name} could not be counted: every time something was committed meanwhile."
            " Run `holdfast doctor` again when the ingest is over."
        )
    committed = sum(version.chunk_count for version in versions.values())
    if seen != committed:
        raise HoldfastError(
            f"{generation.name} holds {seen} visible chunks at epoch {generation.epoch}, but the "
            f"ledger has {committed}. Restore both from one backup, or run `holdfast reindex`."
        )
    return generation, seen


def check_blobs(settings: Settings) -> str:
    """What a reindex, a repair and a backup need is where the settings say, as far as a sample."""
    with read_only(settings) as corpus:
        blobs, generation = corpus.blobs, corpus.live()
        if generation is None:
            return f"{blobs.location}, nothing is kept yet"
        parser = parse_fingerprint(generation.spec.get("ingestion", {}))
        versions = list(open_versions(corpus.ledger, generation.name).values())
        sample = versions[:: max(1, len(versions) // SAMPLE)][:SAMPLE]
        keeps_raw = settings.blobs.keep_raw
        lacking = [
            one.key
            for one in sample
            if not blobs.texts(one.content_sha256, parser)
            or (keeps_raw and not blobs.has_raw(one.content_sha256))
        ]
    if lacking:
        raise HoldfastError(
            f"{blobs.location} lacks the blobs of {len(lacking)} of {len(sample)} documents that "
            f"were looked for, such as {lacking[0]}: no reindex, repair or whole backup is "
            "possible. Correct `blobs.url`, or run `holdfast verify --repair --source`."
        )
    return f"{blobs.location}, with those of {len(sample)} of {len(versions)} documents"


def check_sources(settings: Settings) -> str:
    """Every configured source on this machine is there; others are named, not asked."""
    paths = {s.name: s.path for s in settings.sources if isinstance(s, LocalSource | TableSource)}
    missing = [f"{name} ({path})" for name, path in paths.items() if not path.exists()]
    if missing:
        raise HoldfastError(f"These sources do not exist: {', '.join(missing)}.")
    located = (f"{s.name} at {make_source(settings, s).location}" for s in settings.sources)
    return ", ".join(located) or "none configured"


def check_programs(settings: Settings) -> str:
    """Which programs of others are there; without them some documents are refused."""
    from ingestion.parsing.converting import find_converter
    from ingestion.parsing.ocr.tesseract import Tesseract, find_tesseract

    recognition = "recognition of scans is off"
    if settings.ocr.mode is not OcrMode.OFF:
        found = find_tesseract(settings.ocr.languages)
        recognition = (
            f"scans by Tesseract ({', '.join(found.languages)})"
            if isinstance(found, Tesseract)
            else f"no scans: {found}"
        )
    converter = find_converter()
    legacy = ".doc and .ppt by LibreOffice" if converter else "no .doc and .ppt: no LibreOffice"
    return f"{recognition}; {legacy}"


def check_policy(settings: Settings) -> str:
    """The policy can be read, and the keys fit the generators; no generator is asked."""
    policy = load_policy(settings.policy.file)
    chain = open_chain(settings.generation, settings.deadlines)
    names = ", ".join(link.provider.name for link in chain.links) if chain else "none"
    return f"{policy.version}, {len(policy.topics)} topics; generators: {names}"


def check_readers(settings: Settings) -> str:
    """The readers of the gate and of claims are whole; none of them is loaded."""
    judge = open_judge(settings.gate, settings.deadlines, settings.embedding.offline)
    for option, file in reader_files(settings):
        try:
            file.check()
        except HoldfastError as error:
            raise HoldfastError(
                f"{error} Answers and checks go on without it, and are degraded. Copy the folder "
                f"that {option} names anew; where it names none, install Holdfast again."
            ) from error
    by = settings.claims.checked_by
    return f"gate by {judge.calibration_id}; claims by {by.value}"


def reader_files(settings: Settings) -> Iterator[tuple[str, TrainedFile]]:
    """Yield the trained readers in force, each with the option that names its folder.

    Raises:
        ConfigError: There is no such reader, or what it is cannot be read.
    """
    if settings.gate.judge is JudgeKind.TRAINED:
        folder = settings.gate.reader or SHIPPED
        one = reader.read_record(folder)
        yield (
            "gate.reader",
            TrainedFile(
                folder / reader.WEIGHTS, one.weights_sha256, one.backbone, one.length, reader.RECORD
            ),
        )
    if settings.claims.checked_by is ClaimsBy.READER:
        folder = settings.claims.reader or SHIPPED
        other = claim_reader.read_claim_record(folder)
        yield (
            "claims.reader",
            TrainedFile(
                folder / claim_reader.WEIGHTS, other.weights_sha256, other.backbone, other.length,
                claim_reader.RECORD,
            ),
        )  # fmt: skip


def check_golden(settings: Settings) -> str:
    """The golden questions of promotions and nightly evaluations can be read."""
    path = settings.promotion.golden
    if path is None:
        return "promotion.golden names no questions"
    return f"{len(read_golden(path).questions)} questions in {path}"


def check_calibration(settings: Settings) -> str:
    """The calibrations can be read; says which one holds, or why none does any more."""
    known = CalibrationShelf(settings.home / FOLDER).all()
    if not known:
        return "none; p_answerable is that of the built-in model, and nothing is promised"
    # Here, because they bring what a home without calibrations need not load.
    from evaluation.calibrating.calibrating import present_binding
    from query.opening import shelf_of

    with read_only(settings) as corpus:
        found = shelf_of(corpus).find(present_binding(corpus))
    if found.reason is not None:
        return f"{found.reason.code.value}: {found.reason.detail}"
    promised = found.calibration
    if promised is None:
        return "none holds"
    risk, confidence = percent(promised.max_risk), percent(promised.confidence)
    return f"{promised.calibration_id} is in force: at most {risk} wrong with {confidence}"


def check_prefect(settings: Settings) -> str:
    """The Prefect API answers, if one is configured."""
    url = settings.orchestration.api_url
    if url is None:
        return "no API configured; ingests run in process (use --flow for a private server)"
    reach_api(url)
    return f"{url} answers"


def as_rows(findings: list[Finding]) -> Iterator[dict[str, object]]:
    """Turn findings into plain objects."""
    return (asdict(finding) for finding in findings)
