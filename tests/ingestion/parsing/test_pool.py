"""The parser pool: order, limits, and that a bad document never harms the next one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from config.settings import IngestionSettings
from ingestion.document import PreparedDocument, Reason, Refusal
from ingestion.errors import ParserPoolError, SourceUnavailableError
from ingestion.parsing.pool import ParseJob, ParserPool, parser_identity

WORK = """
import ctypes, os, signal, socket, subprocess, sys, tempfile, time
from dataclasses import dataclass
from pathlib import Path
from ingestion.document import Chunk, PreparedDocument, Reason, Refusal

warmed = []

@dataclass(frozen=True, slots=True)
class Spec:
    size: int
    folder: Path

def preload(spec):
    warmed.append(spec)

def misbehave(data: bytes, key: str, spec: Spec) -> PreparedDocument | Refusal:
    order = data.decode("utf-8", "replace")
    if order == "hang":
        subprocess.Popen(["sleep", "300"])
        time.sleep(300)
    if order == "exit":
        os._exit(3)
    if order == "segfault":
        ctypes.string_at(0)
    if order == "abort":
        os.kill(os.getpid(), signal.SIGABRT)
    if order == "allocate":
        bytearray(4 << 30)
    if order == "answer":
        return PreparedDocument("text/plain", "y" * 100_000_000, ())
    if order == "print":
        for _ in range(100):
            sys.stdout.write("x" * 1_000_000)
    if order == "connect":
        socket.create_connection(("127.0.0.1", 9))
    if order == "raise":
        raise ValueError("broken at /home/me/file")
    if order == "wrong type":
        return {"text": "no document"}
    if order == "refuse":
        return Refusal(key, Reason.NO_TEXT, "nothing")
    if order == "litter":
        tempfile.mkstemp()
        os._exit(0)
    if order.startswith("sleep"):
        time.sleep(float(order.split()[1]))
    assert warmed == [spec] and isinstance(spec.folder, Path)
    return PreparedDocument("text/plain", order, (Chunk(0, 0, len(order), order),), str(spec.size))
"""


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    (folder / "pool_test_work.py").write_text(WORK, encoding="utf-8")
    sys.path.insert(0, str(folder))
    import pool_test_work

    yield pool_test_work.Spec(size=7, folder=folder)
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def pool(spec):
    settings = IngestionSettings(
        parser_processes=2, parse_timeout_seconds=120, parse_memory_mb=512,
        recycle_after_documents=5,
    )  # fmt: skip
    with ParserPool(settings, "pool_test_work:misbehave", spec) as made:
        yield made
    assert descendants() == []


@pytest.fixture
def hasty(spec):
    """A pool that waits two seconds only, which a busy machine may take for anything."""
    settings = IngestionSettings(parser_processes=1, parse_timeout_seconds=2, parse_memory_mb=512)
    with ParserPool(settings, "pool_test_work:misbehave", spec) as made:
        yield made


foreign: set[int] = set()
"""Processes that other tests left running, such as the tracker of `multiprocessing`."""


@pytest.fixture(autouse=True, scope="module")
def _know_the_others():
    foreign.clear()
    foreign.update(child.pid for child in psutil.Process().children(recursive=True))


def descendants():
    children = psutil.Process().children(recursive=True)
    return [child for child in children if child.is_running() and child.pid not in foreign]


def run(pool, *orders, lookahead=4):
    jobs = (ParseJob(f"{i}-{order}", order.encode) for i, order in enumerate(orders))
    return list(pool.process_ahead(jobs, lookahead))


def test_outcomes_come_in_order_with_their_bytes(pool):
    orders = ["sleep 0.3", "a", "b", "sleep 0.1", *map(str, range(30))]
    outcomes = run(pool, *orders)
    assert [outcome.raw for outcome in outcomes] == [order.encode() for order in orders]
    assert [outcome.result.text for outcome in outcomes] == orders
    assert all(isinstance(outcome.result, PreparedDocument) for outcome in outcomes)
    assert {outcome.result.title for outcome in outcomes} == {"7"}
    assert outcomes[1].result.chunks[0].text == "a"
    assert outcomes[1].peak_mb > 1


@pytest.mark.parametrize(
    ("order", "reason", "words"),
    [
        ("exit", Reason.PARSER_CRASHED, "exit code 3"),
        ("segfault", Reason.PARSER_CRASHED, "SIGSEGV"),
        ("abort", Reason.PARSER_CRASHED, "SIGABRT"),
        ("allocate", Reason.OUT_OF_MEMORY, "parse_memory_mb = 512"),
        ("answer", Reason.TOO_LARGE, "out of proportion"),
        ("connect", Reason.PARSER_ERROR, "not allowed"),
        ("raise", Reason.PARSER_ERROR, "broken at <path>"),
        ("wrong type", Reason.PARSER_CRASHED, "no answer"),
        ("refuse", Reason.NO_TEXT, "nothing"),
    ],
)
def test_a_bad_document_is_refused_and_the_next_one_works(pool, order, reason, words):
    bad, good = run(pool, order, "good", lookahead=1)
    assert isinstance(bad.result, Refusal)
    assert bad.result.key == bad.key
    assert bad.result.reason is reason
    assert words in bad.result.detail
    assert good.result.text == "good"


def test_what_hangs_is_ended_and_the_next_one_works(hasty):
    bad, good = run(hasty, "hang", "good", lookahead=1)
    assert bad.result.reason is Reason.TIMEOUT
    assert "parse_timeout_seconds = 2" in bad.result.detail
    assert good.result.text == "good"


def test_nothing_a_child_started_or_wrote_survives(hasty):
    run(hasty, "hang", "litter")
    assert not [child for child in descendants() if "sleep" in child.name()]
    nursery = hasty._children._nursery
    left = [path for path in Path(nursery.scratch).rglob("*") if path.is_file()]
    assert left == []


def test_printing_reaches_nobody(pool, capfd):
    (outcome,) = run(pool, "print")
    assert outcome.result.text == "print"
    assert capfd.readouterr() == ("", "")


def test_a_job_that_cannot_be_read_is_refused(pool):
    def fail():
        raise SourceUnavailableError("the share is offline")

    refusal = Refusal("gone", Reason.UNREADABLE, "vanished")
    jobs = [ParseJob("bad", fail), ParseJob("gone", lambda: refusal), ParseJob("ok", lambda: b"x")]
    bad, gone, good = pool.process_ahead(jobs, 2)
    assert bad.result == Refusal(
        "bad", Reason.UNREADABLE, "The document cannot be read: the share is offline"
    )
    assert bad.raw is None
    assert gone.result is refusal
    assert good.result.text == "x"


def test_other_errors_of_reading_reach_the_consumer(pool):
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(pool.process_ahead([ParseJob("bad", fail)], 1))
    assert run(pool, "after")[0].result.text == "after"


def test_never_more_than_lookahead_is_taken_ahead(pool):
    taken = []

    def jobs():
        for i in range(50):
            taken.append(i)
            yield ParseJob(str(i), b"x".__class__)

    for consumed, _ in enumerate(pool.process_ahead(jobs(), 3), start=1):
        assert len(taken) <= consumed + 3


def test_an_abandoned_iteration_stops_at_once(pool):
    begun = []

    def slow():
        begun.append(1)
        return b"sleep 1.9"

    outcomes = pool.process_ahead([ParseJob("a", lambda: b"a"), *[ParseJob("b", slow)] * 20], 10)
    assert next(outcomes).key == "a"
    outcomes.close()
    assert run(pool, "after")[0].result.text == "after"
    assert len(begun) < 10  # only those that a child had already, of ten that were taken


def test_children_are_replaced_after_some_documents(pool):
    def children():
        return {child.pid for child in descendants()}

    run(pool, "a", "b")
    before = children()
    run(pool, *["c"] * 20)
    after = children()
    assert len(after) <= 3
    assert len(before & after) <= 1  # the nursery stays


def test_keys_that_are_not_unicode_are_allowed(pool):
    (outcome,) = pool.process_ahead([ParseJob("bad\udcff.txt", lambda: b"refuse")], 1)
    assert outcome.result.key == "bad\udcff.txt"


def test_a_work_function_that_does_not_exist_is_an_error_that_says_so():
    with (
        ParserPool(IngestionSettings(), "ingestion.no_such_module:prepare") as pool,
        pytest.raises(ParserPoolError, match="no_such_module"),
    ):
        run(pool, "a")


def test_a_closed_pool_refuses_work(spec):
    pool = ParserPool(IngestionSettings(), "pool_test_work:misbehave", spec)
    pool.close()
    pool.close()
    with pytest.raises(RuntimeError, match="closed"):
        run(pool, "a")


PARENT = """
import sys, time
sys.path[:0] = {path!r}
from config.settings import IngestionSettings
from ingestion.parsing.pool import ParseJob, ParserPool
from pool_test_work import Spec
from pathlib import Path
pool = ParserPool(IngestionSettings(), "pool_test_work:misbehave", Spec(1, Path(".")))
orders = [b"a", b"hang", b"hang"]
jobs = [ParseJob(str(i), lambda o=o: o) for i, o in enumerate(orders)]
for outcome in pool.process_ahead(jobs, 3):
    heavy = {{"unstructured", "spacy", "pypdfium2", "docx"}} & set(sys.modules)
    print("ready", pool._children._nursery.scratch, *heavy, flush=True)
"""


def test_no_orphans_when_the_parent_is_killed(spec):
    code = PARENT.format(path=[str(spec.folder), *sys.path])
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    line = parent.stdout.readline().split()
    assert line[0] == "ready"
    assert len(line) == 2  # the parent loads no parser
    children = psutil.Process(parent.pid).children(recursive=True)
    assert len(children) >= 3
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(timeout=30)
    parent.stdout.close()
    _, alive = psutil.wait_procs(children, timeout=60)
    assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []
    deadline = time.monotonic() + 60
    while Path(line[1]).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(line[1]).exists()


def test_parser_identity_names_versions_without_loading_parsers():
    code = (
        "import sys; from ingestion.parsing.pool import parser_identity; print(parser_identity());"
        "print([n for n in ('unstructured', 'spacy', 'torch') if n in sys.modules])"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
    ).stdout.splitlines()
    assert printed == [parser_identity(), "[]"]
    assert "unstructured=" in printed[0]
