"""What the pages name exists: links, modules, commands with their options, settings, tables."""

import re
import shlex
from pathlib import Path

import pytest
from cyclopts import App, CycloptsError

from config.origins import options
from config.querying import ProviderSettings
from indexing.ledger.tables import metadata
from ingestion.parsing.formats import PICTURES, SUFFIXES, Format
from service.api_models import Ask
from service.cli import COMMANDS, assemble
from service.keys import ApiKey

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "examples/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
SECTIONS = sorted({name.partition(".")[0] for name in options() if "." in name})
SETTING = re.compile(rf"(?<![\w./-])((?:{'|'.join(SECTIONS)})\.[a-z_]+)\b(?![\w./(])")
NO_SETTINGS = {"generation.horizon", "ingestion.document", "ingestion.errors"}
"""A column of the ledger; modules in an example."""


def anchor(heading: str) -> str:
    """The name that a heading can be linked by."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def complaint(app: App, words: list[str]) -> str:
    """What a command says against its arguments; it is not carried out."""
    try:
        app.parse_args(words, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return str(error)
    return ""


@EVERY_PAGE
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)\s]+)\)", TEXTS[page]):
        name, _, place = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), target
        if place:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert place in map(anchor, headings), target


@EVERY_PAGE
def test_every_module_and_option_of_a_measurement_exists(page: Path) -> None:
    pattern = r"python -m ((?:benchmarks|evaluation)[\w.]*)([^`\n|;)]*)"
    for module, rest in re.findall(pattern, TEXTS[page]):
        place = ROOT / module.replace(".", "/")
        file = place / "__main__.py" if place.is_dir() else place.with_suffix(".py")
        source = file.read_text(encoding="utf-8")
        unknown = [o for o in re.findall(r"--[a-z][a-z-]*", rest) if f'"{o}"' not in source]
        assert unknown == [], module


@EVERY_PAGE
def test_every_file_and_test_named_exists(page: Path) -> None:
    folders = "tests|config|ingestion|indexing|query|evaluation|flows|service|benchmarks|docker"
    for name in re.findall(rf"(?<![\w./-])(?:{folders})/[\w./-]*\w", TEXTS[page]):
        assert any((folder / name).exists() for folder in (ROOT, page.parent, page.parent.parent))
    for name in re.findall(r"`(\w+\.py)`", TEXTS[page]):
        assert any(ROOT.glob(f"*/**/{name}")), name


@EVERY_PAGE
def test_every_command_is_one_with_these_options(page: Path) -> None:
    shown = re.findall(r"^(?: {4}|\$ )(?:[A-Z_]+=\S+ )*(holdfast .+)$", TEXTS[page], re.MULTILINE)
    shown += re.findall(r"`(holdfast [^`]+)`", TEXTS[page])
    app = assemble({})
    for line in shown:
        plain = re.sub(r"\s+#.*$|\[--\w+\]", "", line).replace("…", "x")
        words = shlex.split(plain.replace("readmit ID", "readmit " + "0" * 32))[1:]
        words = words[: next((i for i, word in enumerate(words) if word == "|"), len(words))]
        assert words[0] in COMMANDS, line
        said = complaint(app, words)
        # A command may be spoken of without its arguments.
        assert not said or "requires an argument" in said, f"{line}: {said}"


@EVERY_PAGE
def test_every_setting_and_variable_named_is_one(page: Path) -> None:
    named = set(SETTING.findall(TEXTS[page])) - NO_SETTINGS
    variables = re.findall(r"\bHOLDFAST_([A-Z]+(?:_[A-Z]+)*)__([A-Z_]+)\b", TEXTS[page])
    named |= {f"{section}.{key}".lower() for section, key in variables}
    named = {
        name for name in named if not name.endswith((".py", ".md", ".yaml", ".json", ".jsonl"))
    }
    assert named <= set(options())


@EVERY_PAGE
def test_every_table_is_one(page: Path) -> None:
    outside = re.sub(r"^```.*?^```", "", TEXTS[page], flags=re.MULTILINE | re.DOTALL)
    for table in re.findall(r"(?:^\|.*\n)+", outside, re.MULTILINE):
        rows = table.splitlines()
        assert re.fullmatch(r"\|[ :|-]+\|", rows[1]), f"no head: {rows[0]}"
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
        assert len(widths) == 1, rows[0]


def test_the_changelog_says_nothing_twice() -> None:
    entries = re.findall(
        r"^- .*$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [entry for entry in set(entries) if entries.count(entry) > 1] == []


def test_every_extension_that_is_read_is_there() -> None:
    formats, pdf = (TEXTS[ROOT / "docs" / name] for name in ("formats.md", "pdf.md"))
    table = formats[formats.index("| format |") : formats.index("## Encodings")]
    told = {word for row in table.splitlines()[2:] if row.startswith("|")
            for word in re.findall(r"\b[a-z0-9]+\b", row.split("|")[2])}  # fmt: skip
    drawn = {suffix for suffix, kind in SUFFIXES.items() if kind in {*PICTURES, Format.PDF}}
    assert {suffix.lstrip(".") for suffix in SUFFIXES if suffix not in drawn} <= told
    assert all(re.search(rf"\b{suffix[1:]}\b", pdf) for suffix in drawn - {".pdf"})


def first_column(text: str, head: str) -> list[str]:
    """The names in the first column of the table with this head."""
    (table,) = re.findall(rf"^\| {head} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [name for cell in re.findall(r"^\| (.*?) \|", table, re.MULTILINE) for name in
            re.findall(r"`(\w+)`", cell)]  # fmt: skip


def test_every_field_of_a_question_a_key_and_a_provider_is_explained() -> None:
    text = TEXTS[ROOT / "docs" / "agents.md"]
    assert sorted(first_column(text, "field of a question")) == sorted(Ask.model_fields)
    assert sorted(first_column(text, "field of a key")) == sorted(ApiKey.model_fields)
    (provider,) = re.findall(r"^A provider has (.+?)\.$", text, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"`(\w+)`", provider)) == set(ProviderSettings.model_fields)


def test_every_table_of_the_ledger_is_explained() -> None:
    text = TEXTS[ROOT / "docs" / "architecture.md"]
    part = text[text.index("## The ledger") : text.index("## The store")]
    assert sorted(first_column(part, "table")) == sorted(metadata.tables)
