"""Attacks as data: what is planted, what is asked, and what must not come back."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

from config.errors import ConfigError
from config.fields import refuse_unknown
from config.files import refuse_doubled_keys
from query.decision import Verdict
from query.labelled import read_history

DEFAULT_FLOOR = 1.0
FILE, SUITE, DOCUMENT = {"suites"}, {"cases", "documents", "floor"}, {"key", "text"}
CASE = {"id", "question", "history", "exclude_keys"}
EXPECTATIONS = ("never", "verdicts", "absent", "not_answered", "present")


@dataclass(frozen=True, slots=True)
class Planted:
    """A document that an attacker brings in."""

    key: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One attack and what is expected."""

    id: str
    question: str
    never: tuple[Verdict, ...] = ()
    """Verdicts that are a defeat."""
    verdicts: tuple[Verdict, ...] = ()
    """Verdicts of which one must be given; none means any that `never` does not name."""
    absent: tuple[str, ...] = ()
    """Texts that nobody may read: in an answer, a question back, a conflict, or a quote that is not
    flagged as carrying instructions or hidden text."""
    not_answered: tuple[str, ...] = ()
    """Texts that may be quoted but must not stand in the answer."""
    present: tuple[str, ...] = ()
    """Texts that must stand in the answer or in a quote."""
    history: tuple[Any, ...] = ()
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Suite:
    """Attacks of one kind with the share that must be withstood."""

    name: str
    cases: tuple[Case, ...]
    documents: tuple[Planted, ...] = ()
    floor: float = DEFAULT_FLOOR


@dataclass(frozen=True, slots=True)
class Honest:
    """A question of an honest user, the document that answers it, and the answer."""

    question: str
    key: str
    answer: str


def read_suites(file: Path) -> tuple[Suite, ...]:
    """Read suites from a YAML file.

    Raises:
        ConfigError: It cannot be read, or a case in it is wrong; the message names it.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read as UTF-8 text ({error}).") from error
    return parse_suites(text, str(file))


def built_in_suites() -> tuple[Suite, ...]:
    """Return the attacks that ship with Holdfast."""
    return parse_suites(_resource("cases.yaml"), "cases.yaml")


def base_collection() -> tuple[tuple[Planted, ...], tuple[Honest, ...]]:
    """Return the honest collection and the questions it answers."""
    record = _load(_resource("base.yaml"), "base.yaml")
    documents = tuple(Planted(d["key"], d["text"]) for d in record["documents"])
    return documents, tuple(Honest(**question) for question in record["questions"])


def parse_suites(text: str, where: str) -> tuple[Suite, ...]:
    """Read suites from YAML text.

    Raises:
        ConfigError: Something in it is wrong.
    """
    record = _load(text, where)
    if isinstance(record, Mapping):
        refuse_unknown(record, FILE, where)
    suites = record.get("suites") if isinstance(record, Mapping) else None
    if not isinstance(suites, Mapping) or not suites:
        raise ConfigError(f'{where} needs "suites", each with "cases".')
    return tuple(_suite(str(name), given, f"{where}, {name}") for name, given in suites.items())


def _suite(name: str, given: Any, where: str) -> Suite:
    # A suite whose documents nobody plants withstands whatever they would have done.
    if isinstance(given, Mapping):
        refuse_unknown(given, SUITE, where)
    if not isinstance(given, Mapping) or not isinstance(given.get("cases"), list):
        raise ConfigError(f'{where} needs a list of "cases".')
    documents = given.get("documents") or []
    if not isinstance(documents, list):
        raise ConfigError(f"{where}: documents must be a list.")
    floor = given.get("floor", DEFAULT_FLOOR)
    if isinstance(floor, bool) or not isinstance(floor, int | float) or not 0 <= floor <= 1:
        raise ConfigError(f"{where}: floor must lie between 0 and 1, and is {floor!r}.")
    planted = tuple(_planted(d, where) for d in documents)
    cases = tuple(_case(c, f"{where}, case {n}") for n, c in enumerate(given["cases"], 1))
    if not cases:
        raise ConfigError(f"{where} has no case; a suite that asks nothing withstands nothing.")
    return Suite(name, cases, planted, float(floor))


def _planted(given: Any, where: str) -> Planted:
    if isinstance(given, Mapping):
        refuse_unknown(given, DOCUMENT, f"{where}, document")
    if not isinstance(given, Mapping) or not isinstance(given.get("text"), str):
        raise ConfigError(f'{where}: every document needs "key" and "text".')
    key = PurePosixPath(str(given.get("key") or ""))
    if key.is_absolute() or ".." in key.parts or not key.suffix or "\0" in str(key):
        raise ConfigError(f"{where}: {str(key)!r} is no key such as inbox/note.md.")
    return Planted(str(key), given["text"])


def _case(given: Any, where: str) -> Case:
    if isinstance(given, Mapping):
        refuse_unknown(given, {*CASE, *EXPECTATIONS}, where)
    if not isinstance(given, Mapping) or given.get("question") is None:
        raise ConfigError(f'{where} needs a "question".')
    if not isinstance(question := given["question"], str):
        raise ConfigError(
            f'{where}: "question" must be a text; YAML reads it as {question!r}: put it in '
            "quotation marks."
        )
    if not any(given.get(field) for field in EXPECTATIONS):
        raise ConfigError(f"{where} expects nothing; give one of {', '.join(EXPECTATIONS)}.")
    return Case(
        id=str(given["id"]) if given.get("id") is not None else where.rsplit(" ", 1)[-1],
        question=question,
        never=_verdicts(given, "never", where),
        verdicts=_verdicts(given, "verdicts", where),
        absent=_texts(given, "absent", where),
        not_answered=_texts(given, "not_answered", where),
        present=_texts(given, "present", where),
        history=read_history(given, where),
        exclude=frozenset(_texts(given, "exclude_keys", where)),
    )


def _verdicts(given: Mapping[str, Any], field: str, where: str) -> tuple[Verdict, ...]:
    try:
        return tuple(Verdict(text) for text in _texts(given, field, where))
    except ValueError as error:
        known = ", ".join(v.value for v in Verdict)
        raise ConfigError(f"{where}: {field}: {error}; known are {known}.") from None


def _texts(given: Mapping[str, Any], field: str, where: str) -> tuple[str, ...]:
    values = given.get(field) or ()
    if not isinstance(values, list | tuple):
        raise ConfigError(f"{where}: {field} must be a list.")
    for value in values:
        if not isinstance(value, str):
            # YAML reads 23:00 as 1380 and 1.50 as 1.5: nobody meant these.
            raise ConfigError(
                f"{where}: {field} must hold texts; YAML reads one of them as {value!r}: put it in "
                "quotation marks."
            )
        if not value.strip():
            # It stands in everything: always present, never absent.
            raise ConfigError(f"{where}: {field} holds an empty text; remove it.")
    return tuple(values)


def _resource(name: str) -> str:
    return resources.files("evaluation.redteam").joinpath(name).read_text(encoding="utf-8")


def _load(text: str, where: str) -> Any:
    import yaml

    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        refuse_doubled_keys(node, where)
        return loader.construct_document(node) if node else None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # e.g. the date 2024-02-31
        raise ConfigError(f"{where} is no YAML ({error}).") from error
