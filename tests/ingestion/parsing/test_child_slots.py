"""Parser children that end from outside: no document is refused for what it did not do."""

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.settings import IngestionSettings
from ingestion.document import PreparedDocument, Reason, Refusal
from ingestion.errors import ParserPoolError, ParsersLostError
from ingestion.parsing.pool import ParseJob, ParserPool

WORK = """
import os, time
from pathlib import Path
from ingestion.document import Chunk, PreparedDocument, Refusal

def obey(data: bytes, key: str) -> PreparedDocument | Refusal:
    order, _, path = data.decode().partition(" ")
    if order == "wait":
        Path(path, "begun").touch()
        while not Path(path, "go").exists():
            time.sleep(0.01)
    if order in ("leave", "cling"):
        if os.fork() == 0:
            os.setsid()
            Path(path, "pid").write_text(str(os.getpid()))
            time.sleep(60)
            os._exit(0)
        pid = Path(path, "pid")
        while order == "cling" or not pid.exists() or not pid.read_text():
            time.sleep(0.01)
    if order == "hang-up":
        os.closerange(3, 256)
        time.sleep(60)
    return PreparedDocument("text/plain", order, (Chunk(0, 0, len(order), order),))
"""


@pytest.fixture(scope="module", autouse=True)
def _work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("work")
    (folder / "slots_test_work.py").write_text(WORK, encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))


@pytest.fixture
def pool() -> Iterator[ParserPool]:
    settings = IngestionSettings(parser_processes=1, parse_memory_mb=512)
    with ParserPool(settings, "slots_test_work:obey") as made:
        yield made


def run(pool: ParserPool, *orders: str) -> list[PreparedDocument | Refusal]:
    jobs = [ParseJob(order, order.encode) for order in orders]
    return [outcome.result for outcome in pool.process_ahead(jobs, 2)]


def texts(pool: ParserPool, *orders: str) -> list[str]:
    return [getattr(result, "text", str(result)) for result in run(pool, *orders)]


def parsers() -> list[psutil.Process]:
    """The nursery of the pool and its children, in this order; other tests may have left theirs."""
    found = psutil.Process().children()
    nurseries = [one for one in found if "ingestion.parsing.nursery" in one.cmdline()]
    nursery = max(nurseries, key=psutil.Process.create_time)
    return [nursery, *nursery.children()]


def end(child: psutil.Process) -> None:
    """Kill a process that another one reaps."""
    child.kill()
    while child.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)


def once_begun(folder: Path, act: Callable[[], None]) -> threading.Thread:
    """Do something while a child works on `wait FOLDER`."""

    def wait() -> None:
        while not (folder / "begun").exists():
            time.sleep(0.01)
        act()
        (folder / "go").touch()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_the_loss_of_the_nursery_is_no_fault_of_the_document_at_work(
    pool: ParserPool, tmp_path: Path
) -> None:
    def lose() -> None:
        nursery, child = parsers()
        nursery.kill()
        psutil.wait_procs([nursery, child])

    waiting = once_begun(tmp_path, lose)
    with pytest.raises(ParsersLostError, match="Run it again"):
        run(pool, f"wait {tmp_path}", "after")
    waiting.join()
    assert texts(pool, "again") == ["again"]


def test_a_nursery_that_was_killed_between_documents_is_replaced(pool: ParserPool) -> None:
    assert texts(pool, "before") == ["before"]
    nursery = parsers()[0]
    nursery.kill()
    nursery.wait()
    assert texts(pool, "after") == ["after"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_stops_a_whole_service_leaves_the_document_at_work(
    pool: ParserPool, tmp_path: Path, number: signal.Signals
) -> None:
    def stop() -> None:
        for process in parsers():
            process.send_signal(number)

    waiting = once_begun(tmp_path, stop)
    assert texts(pool, f"wait {tmp_path}", "after") == ["wait", "after"]
    waiting.join()


def test_a_child_that_was_killed_between_documents_is_replaced(pool: ParserPool) -> None:
    assert texts(pool, "before") == ["before"]
    end(parsers()[1])
    assert texts(pool, "after") == ["after"]


def test_a_child_that_was_killed_at_work_is_not_said_to_have_passed_its_limit(
    pool: ParserPool, tmp_path: Path
) -> None:
    waiting = once_begun(tmp_path, lambda: os.kill(parsers()[1].pid, signal.SIGKILL))
    killed, after = run(pool, f"wait {tmp_path}", "after")
    waiting.join()
    assert isinstance(killed, Refusal)
    assert killed.reason is Reason.OUT_OF_MEMORY
    assert "killed from outside" in killed.detail
    assert isinstance(after, PreparedDocument)


def test_a_child_that_cannot_be_set_up_is_no_fault_of_the_document(pool: ParserPool) -> None:
    assert texts(pool, "before") == ["before"]
    nursery = pool._children._nursery
    assert nursery is not None
    end(parsers()[1])
    shutil.rmtree(nursery.scratch)
    Path(nursery.scratch).touch()  # where the folder of the next child has to be made
    with pytest.raises(ParserPoolError, match=r"NotADirectoryError.*TMPDIR"):
        run(pool, "after")
    Path(nursery.scratch).unlink()


def test_a_pool_without_a_temporary_folder_says_so(
    pool: ParserPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(ParserPoolError, match=r"cannot be started .*TMPDIR"):
        run(pool, "a")


def test_a_document_that_was_being_read_when_its_consumer_left_is_not_parsed(
    pool: ParserPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, left = threading.Event(), threading.Event()
    interrupt = pool._children.interrupt

    def interrupted(*consumer: object) -> None:
        interrupt(*consumer)  # type: ignore[arg-type]
        left.set()

    def read() -> bytes:
        reading.set()
        left.wait()
        return f"wait {tmp_path}".encode()

    monkeypatch.setattr(pool._children, "interrupt", interrupted)
    outcomes = pool.process_ahead([ParseJob("a", lambda: b"a"), ParseJob("slow", read)], 2)
    next(outcomes)
    reading.wait()
    waiting = once_begun(tmp_path, lambda: None)  # so that it ends where it is parsed
    outcomes.close()  # type: ignore[attr-defined]
    was_parsed = (tmp_path / "begun").exists()
    (tmp_path / "begun").touch()
    waiting.join()
    assert not was_parsed


def test_a_consumer_that_leaves_takes_no_child_from_another(tmp_path: Path) -> None:
    settings = IngestionSettings(parser_processes=2, parse_memory_mb=512)
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    mine.mkdir()
    theirs.mkdir()
    with ParserPool(settings, "slots_test_work:obey") as pool:
        leaver = pool.process_ahead([ParseJob(n, n.encode) for n in ("a", f"wait {mine}")], 2)
        next(leaver)
        waiting = once_begun(theirs, leaver.close)  # type: ignore[attr-defined]
        assert texts(pool, f"wait {theirs}") == ["wait"]
        waiting.join()


def test_what_left_the_group_of_its_child_ends_with_the_child(
    pool: ParserPool, tmp_path: Path
) -> None:
    assert texts(pool, f"leave {tmp_path}", "after") == ["leave", "after"]
    pool.close()
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


def test_what_left_the_group_and_keeps_the_connection_delays_nobody(tmp_path: Path) -> None:
    settings = IngestionSettings(parser_processes=1, parse_timeout_seconds=2, parse_memory_mb=512)
    with ParserPool(settings, "slots_test_work:obey") as pool:
        late, after = run(pool, f"cling {tmp_path}", "after")
        assert isinstance(late, Refusal)
        assert late.reason is Reason.TIMEOUT
        assert isinstance(after, PreparedDocument)
        assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


def test_a_child_that_hangs_up_is_not_said_to_have_needed_memory(pool: ParserPool) -> None:
    (silent,) = run(pool, "hang-up")
    assert isinstance(silent, Refusal)
    assert silent.reason is Reason.PARSER_CRASHED
    assert "hung up" in silent.detail
