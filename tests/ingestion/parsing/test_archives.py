"""Archives: every member taken or refused by name, nothing beyond the limits, nothing outside."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.document import ParsedDocument, Reason, Refusal
from ingestion.parsing.partition import partition
from ingestion.parsing.parts import (
    LIMITS,
    ContainerError,
    PartError,
    PartLimits,
    file_name,
    member_name,
)


@pytest.fixture
def limited():
    """Put limits in force for one test."""
    tokens = []
    yield lambda **limits: tokens.append(LIMITS.set(PartLimits(**limits)))
    for token in tokens:
        LIMITS.reset(token)


def tar_of(members, mode="w"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in members.items():
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            data = b"" if isinstance(content, tarfile.TarInfo) else content
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def taken(document):
    return {part.name: part.data for part in document.parts if part.refusal is None}


def refused(document):
    return {part.name: part.refusal.reason for part in document.parts if part.refusal}


def test_a_zip_reads_as_its_names_and_its_members_are_parts(parse, kinds, zipped):
    document = parse(zipped({"a.txt": "one", "sub/b.md": "# two"}), "box/files.zip")
    assert kinds(document) == [("list_item", 0, "a.txt", None), ("list_item", 0, "sub/b.md", None)]
    assert taken(document) == {"a.txt": b"one", "sub/b.md": b"# two"}
    assert document.title == "files.zip"
    assert document.flags == ()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_in_every_packing(parse, mode):
    name = f"files.tar{mode[1:].replace(':', '.')}"
    document = parse(tar_of({"a.txt": b"one", "d/b.txt": b"two"}, mode), name)
    assert taken(document) == {"a.txt": b"one", "d/b.txt": b"two"}


@pytest.mark.parametrize(
    ("pack", "suffix"),
    [(gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz"),
     (zstandard.compress, "zst")],
)  # fmt: skip
def test_a_single_packed_file(parse, pack, suffix):
    assert taken(parse(pack(b"log line"), f"x/app.log.{suffix}")) == {"app.log": b"log line"}


@pytest.mark.parametrize(
    ("pack", "suffix"),
    [(gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz"),
     (zstandard.compress, "zst")],
)  # fmt: skip
@pytest.mark.parametrize("share", [0.5, 0.999])
def test_half_a_packed_file_does_not_pass_for_the_whole(refuse, pack, suffix, share):
    packed = pack(b"".join(b"rule %d of the house\n" % n for n in range(60_000)))
    result = refuse(packed[: int(len(packed) * share)], f"rules.txt.{suffix}")
    assert result.reason is Reason.CORRUPT


def test_frames_of_zstandard_are_read_to_the_last(parse):
    frames = [
        zstandard.compress(b"one "), zstandard.compress(b""), b"\x50\x2a\x4d\x18\x02\0\0\0hi",
        zstandard.ZstdCompressor(write_checksum=True).compress(bytes(300_000)),
    ]  # fmt: skip
    assert taken(parse(b"".join(frames), "a.txt.zst")) == {"a.txt": b"one " + bytes(300_000)}


def test_a_broken_off_tar_in_zstandard_keeps_what_came_before(parse):
    content = b"".join(b"rule %d of the house\n" % n for n in range(60_000))
    packed = zstandard.compress(tar_of({"a.txt": b"whole", "b.txt": content}))
    document = parse(packed[: len(packed) // 2], "a.tar.zst")
    assert taken(document) == {"a.txt": b"whole"}
    assert set(refused(document).values()) == {Reason.CORRUPT}


def test_a_damaged_packed_member_costs_itself(parse, zipped):
    content = b"".join(b"rule %d of the house\n" % n for n in range(20_000))
    packed = bytearray(zstandard.compress(content))
    packed[40:80] = b"\xff" * 40
    document = parse(zipped({"bad.txt.zst": bytes(packed), "ok.txt": "v"}), "a.zip")
    assert taken(document) == {"ok.txt": b"v"}
    assert refused(document) == {"bad.txt.zst": Reason.CORRUPT}


def test_archives_in_archives_are_opened_with_the_whole_path(parse, zipped):
    inner = zipped({"c.txt": "deep"})
    document = parse(tar_of({"b.zip": inner, "a.txt": b"x"}), "a.tar")
    assert taken(document) == {"b.zip!/c.txt": b"deep", "a.txt": b"x"}


def test_office_documents_in_archives_are_documents_not_archives(parse, saved, zipped):
    import docx

    data = saved(docx.Document())
    assert taken(parse(zipped({"a.docx": data}), "a.zip")) == {"a.docx": data}


def test_depth_counts_the_containers_in_the_key(parse, refuse, zipped, limited):
    limited(max_depth=2)
    two = zipped({"b.zip": zipped({"c.txt": "x"}), "a.txt": "y"})
    assert taken(parse(two, "a.zip")) == {"b.zip!/c.txt": b"x", "a.txt": b"y"}
    inside = parse(two, "m.eml!/a.zip")
    assert taken(inside) == {"a.txt": b"y"}
    assert refused(inside) == {"b.zip": Reason.TOO_DEEP}
    assert inside.flags == ("parts_refused",)
    assert refuse(two, "a!/b!/a.zip").reason is Reason.TOO_DEEP


def test_too_many_members_refuse_the_archive(refuse, zipped, limited):
    limited(max_parts=3)
    many = {f"{i}.txt": b"x" for i in range(4)}
    for data, key in ((zipped(many), "a.zip"), (tar_of(many), "a.tar")):
        result = refuse(data, key)
        assert result.reason is Reason.TOO_LARGE
        assert "ingestion.max_parts" in result.detail


def test_members_of_inner_archives_count_together(refuse, zipped, limited):
    limited(max_parts=3)
    inner = zipped({"1.txt": "x", "2.txt": "x"})
    assert refuse(zipped({"a.zip": inner, "b.zip": inner}), "c.zip").reason is Reason.TOO_LARGE


@pytest.mark.parametrize("pack", [lambda d: tar_of({"zeros.txt": d}, "w:gz"), gzip.compress])
def test_a_packed_bomb_stops_by_the_bytes_that_came(refuse, pack):
    result = refuse(pack(bytes(50 * 2**20)), "a.tar.gz")
    assert result.reason is Reason.TOO_LARGE
    assert "bomb" in result.detail


def test_a_bomb_costs_itself_and_not_its_neighbours(parse, zipped):
    document = parse(zipped({"bomb.txt": bytes(50 * 2**20), "ok.txt": "fine"}), "a.zip")
    assert taken(document) == {"ok.txt": b"fine"}
    assert refused(document) == {"bomb.txt": Reason.TOO_LARGE}


def test_total_and_single_sizes(parse, refuse, zipped, limited):
    limited(max_total_bytes=1000, max_part_bytes=600)
    stored = {"a.txt": bytes(400), "b.txt": bytes(590)}
    assert set(taken(parse(zipped(stored, 0), "a.zip"))) == {"a.txt", "b.txt"}
    assert refuse(zipped({**stored, "c.txt": bytes(20)}, 0), "a.zip").reason is Reason.TOO_LARGE
    large = parse(zipped({"a.txt": bytes(601), "b.txt": b"x"}, 0), "a.zip")
    assert refused(large) == {"a.txt": Reason.TOO_LARGE}
    assert refuse(tar_of(stored, "w:gz"), "a.tgz").reason is Reason.TOO_LARGE


@pytest.mark.parametrize("name", ["../x", "a/../../x", "..\\..\\x", "/../x"])
def test_a_name_that_climbs_out_refuses_the_archive(refuse, zipped, tmp_path, name):
    for data, key in (
        (zipped({name: "v", "ok.txt": "v"}), "a.zip"),
        (tar_of({name: b"v"}), "a.tar"),
    ):
        result = refuse(data, key)
        assert result.reason is Reason.UNSAFE
        assert "climbs" in result.detail
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_absolute_and_duplicate_names_and_links_are_refused_alone(parse):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("/etc/x", "C:\\x", "ok.txt", "ok.txt"):
            archive.writestr(name, "v")
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    document = parse(buffer.getvalue(), "a.zip")
    assert taken(document) == {"ok.txt": b"v"}
    assert refused(document) == dict.fromkeys(
        ("etc/x", "C:/x", "ok (2).txt", "link"), Reason.UNSAFE
    )


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(parse, kind):
    odd = tarfile.TarInfo("odd")
    odd.type, odd.linkname = kind, "/etc/passwd"
    document = parse(tar_of({"odd": odd, "ok.txt": b"v"}), "a.tar")
    assert taken(document) == {"ok.txt": b"v"}
    assert refused(document) == {"odd": Reason.UNSAFE}


def test_a_damaged_member_costs_itself(parse, zipped):
    data = bytearray(zipped({"bad.txt": "broken words", "ok.txt": "v"}, 0))
    data[data.index(b"broken")] ^= 1
    document = parse(bytes(data), "a.zip")
    assert taken(document) == {"ok.txt": b"v"}
    assert refused(document) == {"bad.txt": Reason.CORRUPT}


def test_an_encrypted_member_is_refused_alone(parse, refuse, zipped):
    data = bytearray(zipped({"a.txt": "secret", "b.txt": "open"}, 0))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    document = parse(bytes(data), "a.zip")
    assert taken(document) == {"b.txt": b"open"}
    assert refused(document) == {"a.txt": Reason.ENCRYPTED}


def test_a_broken_off_tar_keeps_what_came_before(parse):
    data = tar_of({"a.txt": b"whole", "b.txt": bytes(5000)})
    document = parse(data[:4000], "a.tar")
    assert taken(document) == {"a.txt": b"whole"}
    assert set(refused(document).values()) == {Reason.CORRUPT}


@pytest.mark.parametrize("share", ["damaged", "broken off"])
def test_a_tar_whose_next_header_is_damaged_does_not_pass_for_the_whole(parse, share):
    data = bytearray(tar_of({"a.txt": b"whole", "b.txt": b"lost", "c.txt": b"lost"}))
    data[1024 + 10] ^= 0xFF
    document = parse(bytes(data) if share == "damaged" else bytes(data[: 1024 + 200]), "a.tar")
    assert taken(document) == {"a.txt": b"whole"}
    assert refused(document) == {"(the rest)": Reason.CORRUPT}


def test_names_in_a_tar_are_read_in_the_encoding_of_the_machine_that_packed_it(parse):
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1"
    ) as archive:
        for name in ("Öffnungszeiten für Gäste.txt", "Öffnungszeiten für Gößte.txt"):
            archive.addfile(tarfile.TarInfo(name))
    document = parse(buffer.getvalue(), "a.tar")
    assert list(taken(document)) == ["Öffnungszeiten für Gäste.txt", "Öffnungszeiten für Gößte.txt"]
    assert refused(document) == {}


def test_an_archive_without_files_and_other_packed_types(refuse, zipped):
    assert refuse(zipped({"folder/": ""}), "a.zip").reason is Reason.NO_TEXT
    assert refuse(zipped({"__MACOSX/._a": "x"}), "a.zip").reason is Reason.NO_TEXT
    assert refuse(zipped({"a.class": "x"}), "a.jar").reason is Reason.UNSUPPORTED_TYPE
    assert refuse(b"\x1f\x8b\x08broken", "a.gz").reason is Reason.CORRUPT


@settings(deadline=None)
@given(st.text(max_size=60))
def test_names_never_leave_the_container(raw):
    name = file_name(raw, "attachment")
    assert "/" not in name
    assert name not in ("", ".", "..")
    try:
        member = member_name(raw)
    except (PartError, ContainerError):
        return
    assert not member.startswith("/")
    assert ".." not in member.split("/")
    assert "!/" not in member


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=300), st.sampled_from(["a.zip", "a.tar", "a.gz", "a.tgz", "a.xz"]))
def test_any_bytes_get_an_answer(data, key):
    for start in (b"PK\x03\x04", b"\x1f\x8b\x08", b""):
        assert isinstance(partition(start + data, key), ParsedDocument | Refusal)
