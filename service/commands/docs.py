"""`holdfast docs`: every document with its state, its history, and the chunks the store holds."""

from typing import Annotated, Any
from uuid import UUID

from cyclopts import App, Parameter

from config.errors import ConfigError
from indexing.as_of import parse_as_of
from indexing.corpus import Corpus
from indexing.duplicates import exact_copies, near_copies
from indexing.generations.timeline import state_at
from indexing.history import (
    VersionRecord,
    differences,
    find_standing,
    list_versions,
)
from indexing.ledger.documents import (
    DocumentState,
    OpenVersion,
    list_standings,
    open_versions,
    versions_at,
)
from indexing.ledger.generations import Generation
from indexing.points import visible
from indexing.quality import Quality, quality_of
from service.console import print_json, safe, say, table
from service.options import DEFAULTS, Options, looked_at

app = App(name="docs", help="Documents: their state, their history, and their chunks.")


def state_of(corpus: Corpus, as_of: str | None) -> Generation | None:
    """Return the live generation as it is, or as it was.

    Raises:
        ConfigError: `as_of` is no state.
        EpochNotCommittedError: There was no such state.
        EpochNotRetainedError: It is too long ago.
    """
    wanted = parse_as_of(as_of) if as_of is not None else None
    live = corpus.live()
    if live is None:
        return None
    return state_at(corpus.ledger, corpus.settings.store.collection, live, wanted)


@app.command(name="list")
def list_documents(
    *, deleted: bool = False, as_of: str | None = None, options: Options = DEFAULTS
) -> int:
    """List every document with its state, version, chunks and flags.

    Args:
        deleted: Also list documents that are gone from their source.
        as_of: An earlier state: an epoch, a time such as 2026-11-25T10:30+01:00, or an epoch of
            a generation such as holdfast__g1@3. Lists what was served then.
        options: Options of every command.
    """
    if deleted and as_of is not None:
        raise ConfigError(
            "--deleted cannot go with --as-of, which lists what was served then; give one of them."
        )
    with looked_at(options) as corpus:
        state = state_of(corpus, as_of)
        if state is None:
            rows = []
        elif as_of is not None:
            rows = describe_then(corpus, state)
        else:
            rows = describe(corpus, state, deleted=deleted)
    if options.json:
        for row in rows:
            print_json(row)
        return 0
    table(
        ["key", "state", "version", "chunks", "flags", "reason"],
        [
            (
                r["key"],
                r["state"],
                r["version"],
                r["chunks"],
                ", ".join(r["flags"]),
                r["reason"] or "",
            )
            for r in rows
        ],
    )
    say(f"{len(rows)} documents")
    return 0


def describe(corpus: Corpus, live: Generation, *, deleted: bool) -> list[dict[str, Any]]:
    """Build one object per document."""
    versions = open_versions(corpus.ledger, live.name)
    rows = []
    for standing in list_standings(corpus.ledger, live.name):
        if standing.state is DocumentState.DELETED and not deleted:
            continue
        version = versions.get(standing.document_id)
        rows.append(
            {
                "document_id": str(standing.document_id),
                "source": standing.source,
                "key": standing.key,
                "container": shown_id(standing.container),
                "state": standing.state.value,
                "reason": standing.reason,
                "version": standing.version,
                "content_sha256": standing.content_sha256,
                "chunks": version.chunk_count if version else 0,
                "flags": list(version.flags) if version else [],
            }
        )
    return rows


def shown_id(document: UUID | None) -> str | None:
    """Show an id, or none."""
    return str(document) if document else None


def describe_then(corpus: Corpus, state: Generation) -> list[dict[str, Any]]:
    """Build one object per document that was served at an earlier epoch."""
    served: list[tuple[str, OpenVersion]] = versions_at(corpus.ledger, state.name, state.epoch)
    containers = {s.document_id: s.container for s in list_standings(corpus.ledger, state.name)}
    return [
        {
            "document_id": str(version.document_id),
            "source": source,
            "key": version.key,
            "container": shown_id(containers.get(version.document_id)),
            "state": DocumentState.INDEXED.value,
            "reason": None,
            "version": version.number,
            "content_sha256": version.content_sha256,
            "chunks": version.chunk_count,
            "flags": list(version.flags),
        }
        for source, version in served
    ]


@app.command
def show(
    document: str,
    /,
    *,
    source: str | None = None,
    history: Annotated[bool, Parameter(negative="")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Show one document: how it stands, its quality, its versions, and what changed between them.

    Quality is its languages, flags and scores, the chunks that were flagged, and what was cut from
    it and why. Samples of cut text are for people; they are never evidence.

    Args:
        document: Document id, or its key in a source.
        source: Name of the source, where several have that key.
        history: Also show, as a text diff, what changed from version to version.
        options: Options of every command.
    """
    with looked_at(options) as corpus:
        live = corpus.required_live()
        standing = find_standing(corpus, live, document, source)
        versions = list_versions(corpus, live, standing.document_id)
        quality = quality_of(corpus, live, standing.document_id, versions)
        changes = (
            [
                {"from": old.number, "to": new.number, "epoch": new.valid_from, "diff": lines}
                for old, new, lines in differences(corpus, live, standing.document_id, versions)
            ]
            if history
            else None
        )
    shown = {
        "document_id": str(standing.document_id),
        "source": standing.source,
        "key": standing.key,
        "container": shown_id(standing.container),
        "state": standing.state.value,
        "reason": standing.reason,
        "detail": standing.detail,
        "version": standing.version,
        "content_sha256": standing.content_sha256,
        "generation": live.name,
        "quality": quality.to_json() if quality else None,
        "versions": [version.to_json() for version in versions],
    } | ({"changes": changes} if changes is not None else {})
    if options.json:
        print_json(shown)
    else:
        show_document(shown, quality, versions)
    return 0


def show_document(
    shown: dict[str, Any], quality: Quality | None, versions: list[VersionRecord]
) -> None:
    """Print a document for people."""
    say(
        f"[bold]{safe(shown['key'])}[/] in {safe(shown['source'])}: {shown['state']}, version "
        f"{shown['version']} ({shown['document_id']})"
    )
    if shown["reason"]:
        say(f"  [yellow]{shown['reason']}[/]: {safe(shown['detail'] or '')}")
    if quality is not None:
        show_quality(quality)
    table(
        ["version", "epochs", "committed", "key", "chunks", "content"],
        [
            (
                v.number,
                f"{v.valid_from}–{r['valid_to'] or ''}",
                v.committed_at.isoformat(timespec="seconds") if v.committed_at else "",
                v.key,
                v.chunks,
                v.content_sha256[:12],
            )
            for v, r in zip(versions, shown["versions"], strict=True)
        ],
    )
    for change in shown.get("changes", []):
        say(f"[bold]version {change['from']} → {change['to']}[/] at epoch {change['epoch']}")
        for line in change["diff"] or ["(the text is the same)"]:
            colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "default")
            say(f"  [{colour}]{safe(line)}[/]")


def show_quality(quality: Quality) -> None:
    """Print what was found in a document, for people."""
    facts = {
        "language": ", ".join(f"{code} ({n} chunks)" for code, n in quality.languages.items()),
        "flags": ", ".join(quality.flags),
        "scores": ", ".join(f"{name} {score:.2f}" for name, score in quality.scores.items()),
        "injection score": "" if quality.injection_score is None else quality.injection_score,
        "removed": ", ".join(f"{n} {what}" for what, n in quality.removed.items()),
    }
    for name, fact in facts.items():
        if fact != "":
            say(f"  {name}: {safe(fact)}")
    if quality.flagged:
        table(
            ["#", "page", "flags", "score", "text"],
            [
                (one.ordinal, one.page or "", ", ".join(one.flags), one.injection_score, one.sample)
                for one in quality.flagged
            ],
            title="flagged chunks",
        )
    if quality.cuts:
        table(
            ["cut because", "characters", "page", "begins"],
            [
                (cut["reason"], cut["characters"], cut["page"] or "", cut["sample"][:60])
                for cut in quality.cuts
            ],
            title="cut, never served",
        )
    if not quality.kept:
        say("  What was read is no longer among the blobs: cuts and scores are not known.")


@app.command
def duplicates(
    *, near: Annotated[bool, Parameter(negative="")] = False, options: Options = DEFAULTS
) -> int:
    """List documents that say the same, group by group; all of them stay served and citable.

    Args:
        near: Also texts that are nearly equal; this reads every document's text.
        options: Options of every command.
    """
    with looked_at(options) as corpus:
        live = corpus.live()
        groups = [] if live is None else [*exact_copies(corpus, live)]
        if live is not None and near:
            groups += near_copies(corpus, live)
    if options.json:
        for group in groups:
            print_json(group.to_json())
        return 0
    table(
        ["likeness", "resemblance", "documents"],
        [
            (
                group.likeness.value,
                f"{group.resemblance:.2f}",
                ", ".join(f"{copy.source}: {copy.key}" for copy in group.copies),
            )
            for group in groups
        ],
    )
    say(f"{len(groups)} groups of documents that say the same")
    return 0


@app.command
def chunks(*, as_of: str | None = None, options: Options = DEFAULTS) -> int:
    """Print every chunk that readers see, one per line, read from the store itself.

    Args:
        as_of: An earlier state: an epoch, a time such as 2026-11-25T10:30+01:00, or an epoch of
            a generation such as holdfast__g1@3.
        options: Options of every command.
    """
    with looked_at(options) as corpus:
        state = state_of(corpus, as_of)
        if state is None:
            return 0
        where = visible(state.epoch, corpus.settings.tenant, aborted=state.aborted)
        found = [p.payload for p in corpus.store.scroll(state.name, where)]
    found.sort(key=lambda p: (p["source"], p["key"], p["ordinal"]))
    if options.json:
        for payload in found:
            print_json(
                {
                    name: payload.get(name)
                    for name in (
                        "document_id",
                        "key",
                        "ordinal",
                        "start",
                        "end",
                        "page",
                        "text",
                        "flags",
                        "language",
                        "injection_score",
                    )
                }
            )
        return 0
    table(
        ["key", "#", "span", "page", "text"],
        [
            (p["key"], p["ordinal"], f"{p['start']}-{p['end']}", p["page"] or "", p["text"][:60])
            for p in found
        ],
    )
    say(f"{len(found)} chunks at epoch {state.epoch} of {state.name}")
    return 0
