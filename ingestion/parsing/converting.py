"""Legacy Word and PowerPoint files, converted by LibreOffice where it is installed.

It runs without macros and without the network of the child, with a profile of its own that is
thrown away, for a bounded time.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ingestion.document import ParsedDocument, Reason, Refusal
from ingestion.parsing.formats import Format

PROGRAMS = ("soffice", "libreoffice")
TIMEOUT_SECONDS = 90.0
CONVERTED = "converted_by_libreoffice"
"""Flag of a document that was not read itself but in converted form."""


def parse_doc(data: bytes, key: str) -> ParsedDocument | Refusal:
    """Read a Word 97 document through its conversion to .docx."""
    from ingestion.parsing.office import parse_docx

    return _parse_converted(data, key, Format.DOC, ("doc", "docx"), parse_docx)


def parse_ppt(data: bytes, key: str) -> ParsedDocument | Refusal:
    """Read a PowerPoint 97 presentation through its conversion to .pptx."""
    from ingestion.parsing.slides import parse_pptx

    return _parse_converted(data, key, Format.PPT, ("ppt", "pptx"), parse_pptx)


def _parse_converted(
    data: bytes,
    key: str,
    format_: Format,
    kinds: tuple[str, str],
    parse: Callable[[bytes], ParsedDocument],
) -> ParsedDocument | Refusal:
    program = find_converter()
    if program is None:
        return Refusal(
            key,
            Reason.NEEDS_CONVERTER,
            f"A legacy .{kinds[0]} file is read through LibreOffice, which is not installed here;"
            f" install it (soffice), or save the file as .{kinds[1]}.",
        )
    converted = _convert(program, data, key, kinds)
    if isinstance(converted, Refusal):
        return converted
    document = parse(converted)
    return replace(document, media_type=format_.value, flags=(*document.flags, CONVERTED))


def find_converter() -> str | None:
    """Path of LibreOffice on this machine."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def _convert(program: str, data: bytes, key: str, kinds: tuple[str, str]) -> bytes | Refusal:
    old, new = kinds
    with tempfile.TemporaryDirectory(prefix="convert-") as folder:
        source, profile, out = (Path(folder, name) for name in (f"in.{old}", "profile", "out"))
        source.write_bytes(data)
        command = [
            program, "--headless", "--invisible", "--norestore", "--nolockcheck", "--nodefault",
            f"-env:UserInstallation={profile.as_uri()}",
            "--convert-to", new, "--outdir", str(out), str(source),
        ]  # fmt: skip
        environment = {**os.environ, "HOME": folder, "SAL_USE_VCLPLUGIN": "svp"}
        try:
            _run(command, environment)
        except subprocess.TimeoutExpired:
            detail = f"LibreOffice took longer than {TIMEOUT_SECONDS:g} s to convert it."
            return Refusal(key, Reason.TIMEOUT, detail)
        except OSError as error:
            detail = f"LibreOffice could not be started: {error.strerror or 'unknown error'}."
            return Refusal(key, Reason.NEEDS_CONVERTER, detail)
        result = out / f"in.{new}"
        if not result.is_file() or not result.stat().st_size:
            return Refusal(key, Reason.CORRUPT, "LibreOffice cannot read it; it is damaged.")
        return result.read_bytes()


def _run(command: list[str], environment: dict[str, str]) -> None:
    """Run the converter and kill it with all it started when its time is up.

    It stays in the process group of the parser child, so that it ends with the child as well.
    """
    import psutil

    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
            raise
