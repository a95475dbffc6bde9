"""Legacy .doc and .ppt: converted where LibreOffice is, otherwise a clear refusal."""

import stat
import sys

import pytest

from ingestion.document import Reason
from ingestion.parsing import converting
from ingestion.parsing.sentences import install_local_sentences

SCRIPT = """#!{python}
import pathlib, sys
arguments = sys.argv[1:]
out = pathlib.Path(arguments[arguments.index("--outdir") + 1])
assert any(one.startswith("-env:UserInstallation=file://") for one in arguments)
{body}
"""


@pytest.fixture
def soffice(tmp_path, monkeypatch):
    """Install a stand-in for LibreOffice that does what it is told."""
    install_local_sentences()

    def install(body):
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "soffice"
        program.write_text(SCRIPT.format(python=sys.executable, body=body), encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(folder))

    return install


def test_without_libreoffice_the_refusal_names_the_way_out(monkeypatch):
    monkeypatch.setenv("PATH", "")
    for parse, word in ((converting.parse_doc, ".docx"), (converting.parse_ppt, ".pptx")):
        refusal = parse(b"x", "a")
        assert refusal.reason is Reason.NEEDS_CONVERTER
        assert word in refusal.detail


def test_a_converted_document_is_read_and_says_so(soffice, saved, tmp_path):
    import docx

    source = docx.Document()
    source.add_paragraph("Old words.")
    (tmp_path / "ready.docx").write_bytes(saved(source))
    ready = str(tmp_path / "ready.docx")
    soffice(
        "out.mkdir(); assert pathlib.Path(arguments[-1]).read_bytes() == b'legacy'\n"
        f"(out / 'in.docx').write_bytes(pathlib.Path({ready!r}).read_bytes())"
    )
    document = converting.parse_doc(b"legacy", "a.doc")
    assert [element.text for element in document.elements] == ["Old words."]
    assert document.media_type == "application/msword"
    assert document.flags == ("converted_by_libreoffice",)


def test_what_it_cannot_convert_is_corrupt(soffice):
    soffice("sys.exit(1)")
    assert converting.parse_ppt(b"x", "a.ppt").reason is Reason.CORRUPT


def test_a_conversion_that_hangs_is_ended(soffice, monkeypatch):
    soffice("import time; time.sleep(600)")
    monkeypatch.setattr(converting, "TIMEOUT_SECONDS", 0.3)
    assert converting.parse_doc(b"x", "a.doc").reason is Reason.TIMEOUT
