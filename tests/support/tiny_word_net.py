"""A tiny WordNet, written by hand in the form of the real dictionaries."""

from pathlib import Path

LICENCE = "  1 This software and database is being provided to you\n"
FILES = {
    "data.noun": """\
00000010 03 n 02 dog 0 domestic_dog 0 001 @ 00000020 n 0000 | a pet
00000020 03 n 03 animal 0 Beast 0 creature 0 000 | a living thing
""",
    "index.noun": """\
animal n 1 0 1 1 00000020
creature n 1 0 1 0 00000020
dog n 2 1 @ 2 1 00000010 00000020
domestic_dog n 1 0 1 0 00000010
ox n 1 0 1 0 00000020
""",
    "data.verb": """\
00000010 30 v 02 rise 0 go_up 1 001 ! 00000020 v 0101 01 + 01 00 | move up
00000020 30 v 01 fall 0 001 ! 00000010 v 0101 01 + 01 00 | move down
""",
    "index.verb": """\
fall v 1 1 ! 1 1 00000020
rise v 1 1 ! 1 1 00000010
""",
    "data.adj": """\
00000010 00 a 01 hot(p) 0 001 ! 00000020 a 0101 | of heat
00000020 00 a 01 cold 0 002 ! 00000010 a 0101 & 00000030 a 0000 | of cold
00000030 00 s 01 icy 0 001 & 00000020 a 0000 | very cold
""",
    "index.adj": """\
cold a 1 2 ! & 1 1 00000020
hot a 1 1 ! 1 1 00000010
icy a 1 1 & 1 0 00000030
""",
    "data.adv": "00000010 02 r 01 slowly 0 001 ! 00000020 r 0101 | not fast\n"
    "00000020 02 r 01 quickly 0 001 ! 00000010 r 0101 | fast\n",
}


def write_word_net(folder: Path) -> Path:
    """Write the dictionaries and return their folder."""
    folder.mkdir(exist_ok=True)
    for name, content in FILES.items():
        (folder / name).write_text(LICENCE + content, encoding="utf-8")
    return folder
