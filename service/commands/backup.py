"""`holdfast backup` and `holdfast restore`: all of a home into a folder, and back."""

from types import TracebackType
from typing import Annotated, Any

from cyclopts import Parameter
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from indexing.upkeep.backup import BackupResult, BackupState
from indexing.upkeep.backup import backup as write_backup
from indexing.upkeep.manifest import Lacking
from indexing.upkeep.restore import Existing, RestoreResult, RestoreState
from indexing.upkeep.restore import restore as restore_backup
from service.console import err, print_json, safe, say
from service.exits import Exit
from service.options import DEFAULTS, Options, load, opened

MEGABYTE = 1_000_000


def backup(target: str, /, *, options: Options = DEFAULTS) -> int:
    """Write ledger, points and blobs of one moment to a new folder, while everything goes on.

    Exits with 3 if the home turned out to lack points or blobs that its ledger names; what is
    there is in the backup all the same. Secrets and settings are not part of it.

    Args:
        target: A folder that does not exist or is empty, or an fsspec URL such as s3://bucket/day.
        options: Options of every command.
    """
    with opened(options) as corpus, CopyBars() as bars:
        done = write_backup(corpus, target, on_progress=bars)
    if options.json:
        print_json(done.to_json())
    else:
        show_backup(done)
    return Exit.DONE if done.state is BackupState.BACKED_UP else Exit.WITH_ERRORS


def restore(
    source: str,
    /,
    *,
    replace: Annotated[bool, Parameter(negative="")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Make an empty home what a backup says, in whichever ledger and store the settings name.

    Every checksum is checked before anything is touched, and the index appears in the last step.
    Documents that were purged in this home since do not come back. Exits with 3 if the backup
    itself was made of a home that lacked something.

    Args:
        source: The folder or URL of a backup.
        replace: Move the ledger and the index that are there aside first; nothing is deleted.
        options: Options of every command.
    """
    settings = load(options).settings
    existing = Existing.MOVE_ASIDE if replace else Existing.REFUSE
    with CopyBars() as bars:
        done = restore_backup(settings, source, existing=existing, on_progress=bars)
    if options.json:
        print_json(done.to_json())
    else:
        show_restore(done)
    return Exit.DONE if done.state is RestoreState.RESTORED else Exit.WITH_ERRORS


def show_backup(done: BackupResult) -> None:
    """Print a backup for people."""
    facts = done.to_json()
    say(
        f"[bold]{facts['state']}[/] in {done.seconds:.1f} s: {safe(facts['target'])}, "
        f"{facts['bytes'] / MEGABYTE:.1f} MB"
    )
    say(f"{state_of(facts)}; {facts['points']} points, {facts['blobs']} blobs")
    show_lacking(done.manifest.lacking, "Run `holdfast verify --repair`, then back up again.")


def show_restore(done: RestoreResult) -> None:
    """Print a restore for people."""
    facts = done.to_json()
    say(f"[bold]{facts['state']}[/] in {done.seconds:.1f} s from {safe(facts['source'])}")
    say(f"{state_of(facts)}; {facts['points']} points, {facts['blobs']} blobs")
    purged = done.left_out
    if purged.documents or purged.blobs:
        say(
            f"Not brought back, because they were purged: {purged.documents} documents, "
            f"{purged.points} points, {purged.blobs} blobs"
        )
    for path in done.moved_aside:
        say(f"What was there is kept as {safe(path)}")
    show_lacking(done.manifest.lacking, "Run `holdfast verify --repair`.")


def state_of(facts: dict[str, Any]) -> str:
    """Say which state of the index it is."""
    if facts["generation"] is None:
        return f"Nothing was indexed at {facts['created_at']}"
    return f"{facts['generation']} at epoch {facts['epoch']}, as of {facts['created_at']}"


def show_lacking(lacking: Lacking, advice: str) -> None:
    """Say what the home turned out to lack when it was backed up."""
    if not lacking:
        return
    say(f"[yellow]The home lacked {lacking.points} points and {lacking.blobs} blobs.[/] {advice}")
    for example in lacking.examples:
        say(f"  {safe(example)}")


class CopyBars:
    """Shows on standard error how far a copy is: bars on a terminal, a line per part elsewhere."""

    def __init__(self) -> None:
        """Prepare; nothing is shown before the first step."""
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err,
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> "CopyBars":
        if err.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if err.is_terminal:
            self._bars.stop()

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Show a step."""
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(safe(what))
            if not err.is_terminal:
                err.print(safe(what) + (f": {total}" if total is not None else ""))
        if err.is_terminal:
            self._bars.update(self._tasks[what], completed=done, total=total)
