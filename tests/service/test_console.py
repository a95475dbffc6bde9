"""What people see is what is there: names and quotes come out letter by letter."""

from typing import Any

import pytest

from service.console import safe, say, table

LATEX = r"\[E = mc^2\] and \[x\]"
BACKSLASHES = [LATEX, r"a\\[B] c", r"C:\[temp]\x"]
ODD = [*BACKSLASHES, "notes:key:doc.md", "a :100: b", "[red]x[/]", "[/]", "a[1]:smile:"]


@pytest.mark.parametrize("text", ODD)
def test_no_letter_of_data_is_exchanged(capsys: pytest.CaptureFixture[str], text: str) -> None:
    say(f"[bold]{safe(text)}[/]")
    assert capsys.readouterr().out == f"{text}\n"
    table(["key"], [(text,)], whole={"key"})
    assert f" {text} " in capsys.readouterr().out


@pytest.mark.parametrize("text", ["C:\\temp\\", "\\", "a\\[b]\\"])
def test_a_table_keeps_the_backslash_at_the_end(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    table(["key"], [(text,)])
    assert f" {text} " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("title", "shown"), [("gold[red]en", "gold[red]en"), ("gold\u202een", "gold\\x202een")]
)
def test_the_title_of_a_table_is_data(
    capsys: pytest.CaptureFixture[str], title: str, shown: str
) -> None:
    table(["a column as wide as the title"], [("",)], title)
    assert capsys.readouterr().out.splitlines()[0].strip() == shown


def test_a_key_can_be_copied_from_the_list_into_the_next_command(desk: Any) -> None:
    desk.write("notes:key:door.md", "# Doors\n\nDoor nine opens to the yard.\n")
    desk.ingest()
    assert "notes:key:door.md" in "".join(desk.on_home("docs", "show", "notes:key:door.md").out)
    answered = desk.on_home("ask", "Where does door nine open to?").out
    assert "notes:key:door.md" in answered


def test_the_settings_file_is_named_as_it_is(empty_desk: Any) -> None:
    ended = empty_desk.call("init", "--config", "own[bold]/settings.yaml")
    assert ended.code == 0
    assert "own[bold]/settings.yaml" in ended.out
