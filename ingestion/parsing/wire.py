"""What parent and parser child say to each other: msgpack with types, never pickle."""

import struct
from pathlib import Path
from typing import Any

import msgspec

from ingestion.document import PreparedDocument, Refusal
from ingestion.parsing.parts import PartLimits

EXIT_OUT_OF_MEMORY = 77
"""Exit code of a child that ran into its memory limit."""
EXIT_NOT_SET_UP = 78
"""Exit code of a child that could not limit itself; no document of it is to blame."""
NOT_ENDED = 79
"""Instead of an exit code: the child had hung up and went on until it was killed."""
NUMBER = struct.Struct("!q")
"""A number behind a request to the nursery, and its answer."""
FORK = b"F"
"""Request to the nursery: fork a child for the descriptor that comes along.

Answers its process id, or the negative number of the error for which there is none."""
ENDED = b"E"
"""Request: wait a moment for a child that is ending, then kill its group; answers how it ended."""
KILL = b"K"
"""Request: kill a child and its group at once; answers how it ended."""


class NurserySetup(msgspec.Struct, frozen=True):
    """What the nursery and the children it forks need to know, sent once."""

    work: str
    """Dotted name `module:function` of the work function."""
    argument: bytes | None
    """Third argument of the work function as msgpack, decoded by its annotation."""
    scratch: str
    """Folder for temporary files; every child gets a folder in it."""
    memory_mb: int
    timeout_seconds: float
    parts: PartLimits = PartLimits()
    """How much is taken out of archives and mails."""


class Job(msgspec.Struct, frozen=True):
    """Announces one document; its raw bytes follow as the next message."""

    key: str


class Answer(msgspec.Struct, frozen=True):
    """The result for one document: exactly one of `document` and `refusal` is set."""

    peak_mb: float
    document: PreparedDocument | None = None
    refusal: Refusal | None = None


def encode(value: Any) -> bytes:
    """Encode structs, dataclasses and paths as msgpack."""
    return msgspec.msgpack.encode(value, enc_hook=_encode_other)


def decode_argument(data: bytes, type_: Any) -> Any:
    """Decode msgpack as `type_`, checking every field."""
    return msgspec.msgpack.decode(data, type=type_, dec_hook=_decode_other)


def decode_answer(data: bytes) -> Answer:
    """Decode and check the answer of a child.

    Raises:
        msgspec.DecodeError: It is no valid answer.
    """
    return msgspec.msgpack.decode(data, type=Answer)


def _encode_other(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} cannot be sent to a parser child")


def _decode_other(type_: Any, value: Any) -> Any:
    if isinstance(type_, type) and issubclass(type_, Path):
        return type_(value)
    raise NotImplementedError(f"{type_} cannot be received by a parser child")
