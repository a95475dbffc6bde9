"""Parsing connects to nothing: no telemetry, no model download, no remote reference."""

import os
import subprocess
import sys

CODE = """
import io, sys
attempts = []
def watch(event, args):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request"}:
        attempts.append((event, str(args)))
sys.addaudithook(watch)
import docx
from ingestion.document import ParsedDocument
from ingestion.parsing.partition import partition, preload
preload()
word = io.BytesIO()
document = docx.Document()
document.add_paragraph("This is a short sentence. It has a verb and it runs.")
document.save(word)
documents = {
    "a.md": b"# Title\\n\\nThis is a sentence. It goes on.\\n\\n![x](http://203.0.113.1/x.png)\\n",
    "a.html": b"<img src='http://203.0.113.1/x'><iframe src='http://203.0.113.1'></iframe><p>Words.",
    "a.txt": b"This is a sentence.\\n\\nAnother sentence is here.",
    "a.rst": b"Words.\\n\\n.. image:: http://203.0.113.1/x.png\\n",
    "a.csv": b"a,b\\n1,2\\n",
    "a.eml": b"Subject: x\\n\\nThe body has a sentence.",
    "a.docx": word.getvalue(),
}
for key, data in documents.items():
    assert isinstance(partition(data, key), ParsedDocument), key
print(attempts)
"""


def test_no_connection_is_attempted():
    hidden = ("DO_NOT_TRACK", "SCARF_NO_ANALYTICS")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"
