"""A reader takes back what it does not find said, and vouches for what is said in other words."""

import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from config.errors import ConfigError
from config.querying import ClaimsBy, ClaimSettings, DeadlineSettings
from indexing.errors import ModelError
from query.claims.claim import ClaimVerdict
from query.claims.claims import check
from query.claims.second_reading import HARDLY_FOUND, MOST_CLAIMS, SecondReading, open_checks
from query.decision import ReasonCode
from query.resilience import Circuit

PAGE = "Dogs are welcome in the Calder Lodge. A night costs €40. Breakfast is served from 7 to 10."
SAID = "Dogs are welcome in the Calder Lodge."


@dataclass
class Reader:
    """Says of every pair what a function says, and notes what it was asked."""

    says: Callable[[str, str], float]
    doubts_below: float = 0.2
    sure_from: float = 0.8
    certain_from: float = 0.95
    name: str = "claims-0"
    asked: list[tuple[str, str]] = field(default_factory=list)

    def support(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        self.asked += pairs
        return [self.says(*pair) for pair in pairs]


def checks(says: Callable[[str, str], float] | float, seconds: float = 20.0) -> SecondReading:
    always = says if callable(says) else lambda *_: says
    return SecondReading(Reader(always), Circuit(3, 60.0), seconds)


def test_what_the_reader_does_not_find_said_is_supported_in_part_at_most() -> None:
    turned = "In the Calder Lodge, breakfast costs €40 a night."
    given = "In the Calder Lodge, breakfast is served. €40 a night is what it costs."
    (rules,) = check(turned, [given]).claims
    (read,) = checks(0.1)(turned, [given]).claims
    assert rules.verdict is ClaimVerdict.SUPPORTED
    assert read.verdict is ClaimVerdict.PARTIAL
    assert read.score < rules.score
    assert read.citations == rules.citations
    (left,) = checks(0.3)(turned, [given]).claims
    assert left == rules, "only what it doubts is taken back"


def test_what_stands_word_for_word_needs_no_reader() -> None:
    (read,) = checks(0.0)(SAID, ["Prices.", PAGE]).claims
    assert read.verdict is ClaimVerdict.SUPPORTED
    assert read.citations == (1,)


def test_what_is_said_in_other_words_is_supported_by_where_it_is_said() -> None:
    claim = "You may bring your dogs along to the Calder Lodge."
    (rules,) = check(claim, ["Prices.", PAGE]).claims
    assert rules.verdict is ClaimVerdict.PARTIAL
    found = checks(lambda _, text: 0.95 if text.startswith("Dogs") else 0.1)(
        claim, ["Prices.", PAGE]
    )
    (read,) = found.claims
    assert read.verdict is ClaimVerdict.SUPPORTED
    assert read.score == found.support_score == 0.95
    assert read.citations == (1,)


@pytest.mark.parametrize(
    "claim",
    [
        "Dogs are welcome in the Calder Lodge for 45 euros.",
        "Dogs are welcome in the Calder Lodge and in Robinson.",
        "Dogs are welcome in the Calder Lodge at -40 °C.",
        "Dogs are never welcome for breakfast in the Calder Lodge.",
        "Dogs are welcome in the Calder Lodge and pay nothing.",
        "Breakfast is not included when a night costs €40.",
    ],
)
def test_a_reader_vouches_for_no_value_no_name_and_no_denial_that_stands_nowhere(
    claim: str,
) -> None:
    (read,) = checks(1.0)(claim, [PAGE]).claims
    assert read.verdict is not ClaimVerdict.SUPPORTED


def test_what_the_rules_hardly_find_takes_a_reader_that_is_certain() -> None:
    claim = "Anyone who brings along a dog is happily received by the Calder Lodge."
    (rules,) = check(claim, [PAGE]).claims
    assert rules.verdict is ClaimVerdict.UNSUPPORTED
    assert rules.score >= HARDLY_FOUND
    assert checks(0.94)(claim, [PAGE]).claims == (rules,)
    (read,) = checks(0.95)(claim, [PAGE]).claims
    assert (read.verdict, read.score, read.citations) == (ClaimVerdict.SUPPORTED, 0.95, (0,))


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("Dogs are not welcome in the Calder Lodge.", ClaimVerdict.CONTRADICTED),
        ("Trains leave every hour.", ClaimVerdict.UNSUPPORTED),
    ],
)
def test_what_the_rules_deny_or_do_not_find_at_all_stays_so(
    claim: str, verdict: ClaimVerdict
) -> None:
    reading = checks(1.0)
    assert reading(claim, [PAGE]).claims[0].verdict is verdict
    assert reading.reader.asked == []


def test_a_claim_of_two_places_is_read_with_both() -> None:
    one, other = "The Calder Lodge has 22 rooms.", "All rooms of our lodges have a balcony."
    claim = "There are 22 rooms with a balcony at the Calder Lodge."
    found = checks(lambda _, text: 0.9 if one in text and other in text else 0.1)(
        claim, [one, "Cars are parked behind the house.", other]
    )
    assert found.claims[0].verdict is ClaimVerdict.SUPPORTED
    assert found.claims[0].citations == (0, 2)


def test_a_reader_that_is_less_sure_than_the_rules_lowers_no_score() -> None:
    there = ["The Calder Lodge has 22 rooms.", "All rooms of our lodges have a balcony."]
    claim = "There are 22 rooms with a balcony at the Calder Lodge."
    (rules,) = check(claim, there).claims
    reader = Reader(lambda *_: rules.score - 0.01, sure_from=rules.score - 0.1)
    (read,) = SecondReading(reader, Circuit(3, 60.0), 20.0)(claim, there).claims
    assert (rules.verdict, read.verdict) == (ClaimVerdict.PARTIAL, ClaimVerdict.SUPPORTED)
    assert read.score == rules.score


def test_what_the_rules_find_in_part_in_another_language_is_not_read() -> None:
    reading = checks(1.0)
    there = ["Hunde sind im Haus sehr gern gesehen, sagt die Wirtin."]
    found = reading("Hunde sind im Haus gern gesehen.", there)
    assert [claim.verdict for claim in found.claims] == [ClaimVerdict.PARTIAL]
    assert reading.reader.asked == []


@pytest.mark.parametrize(
    "claim", ["Hunde sind in der Calder Lodge nicht gern gesehen, sagt das Haus.", "Thank you!"]
)
def test_another_language_and_courtesies_are_not_read(claim: str) -> None:
    reading = checks(1.0)
    assert reading(claim, [PAGE]).claims == check(claim, [PAGE]).claims
    assert reading.reader.asked == []


def test_nothing_is_read_where_there_is_no_evidence() -> None:
    reading = checks(1.0)
    for evidence in ([], [" "]):
        assert reading(SAID, evidence).claims[0].verdict is ClaimVerdict.UNSUPPORTED
    assert reading.reader.asked == []


def test_without_its_reader_a_check_is_by_the_rules_and_says_so() -> None:
    def fails(*_: str) -> float:
        raise RuntimeError("/secret/place")

    reading = checks(fails)
    for _ in range(4):  # the last time it is not tried any more
        found = reading(SAID, [PAGE])
        assert found.claims == check(SAID, [PAGE]).claims
        (reason,) = found.reasons
        assert reason.code is ReasonCode.CHECKED_BY_RULES
        assert "secret" not in reason.detail
    assert len(reading.reader.asked) == 3
    assert "3 times in a row" in reason.detail


def test_a_reader_that_says_what_it_lacks_is_quoted() -> None:
    def fails(*_: str) -> float:
        raise ConfigError("claims.safetensors is damaged.")

    (reason,) = checks(fails)(SAID, [PAGE]).reasons
    assert reason.code is ReasonCode.CHECKED_BY_RULES
    assert reason.detail.endswith("claims.safetensors is damaged.")


def test_no_place_on_the_disk_is_told_to_callers() -> None:
    def fails(*_: str) -> float:
        raise ModelError("There is no model in /secret/place.")

    (reason,) = checks(fails)(SAID, [PAGE]).reasons
    assert reason.detail.endswith("ModelError")


def test_a_reader_is_not_waited_for_any_longer_than_it_may_take() -> None:
    over = threading.Event()

    def waits(*_: str) -> float:
        over.wait(60)
        return 1.0

    try:
        found = checks(waits, seconds=0.05)(SAID, [PAGE])
    finally:
        over.set()
    assert found.claims == check(SAID, [PAGE]).claims
    (reason,) = found.reasons
    assert reason.code is ReasonCode.CHECKED_BY_RULES
    assert "0.05 s" in reason.detail


def test_both_bounds_of_a_reader_belong_to_what_is_above_them() -> None:
    turned = "In the Calder Lodge, breakfast costs €40 a night."
    given = "In the Calder Lodge, breakfast is served. €40 a night is what it costs."
    assert checks(0.2)(turned, [given]).claims == check(turned, [given]).claims
    other = "You may bring your dogs along to the Calder Lodge."
    there = ["Prices.", PAGE]
    assert checks(0.8)(other, there).claims[0].verdict is ClaimVerdict.SUPPORTED
    assert checks(0.79)(other, there).claims == check(other, there).claims


def test_the_support_of_a_text_is_the_mean_of_what_it_claims_after_both() -> None:
    text = "Thank you! You may bring your dogs along to the Calder Lodge. Trains leave every hour."
    there = ["Prices.", PAGE]
    found = checks(0.9)(text, there)
    thanks, dogs, trains = found.claims
    assert (thanks, trains) == tuple(check(text, there).claims[at] for at in (0, 2))
    assert dogs.score == 0.9
    assert found.support_score == pytest.approx((0.9 + trains.score) / 2)


def test_a_long_text_is_read_in_part_and_says_so() -> None:
    letters = itertools.product("abcdefgh", repeat=2)
    names = ["".join(pair) for pair in itertools.islice(letters, MOST_CLAIMS + 3)]
    sentences = [f"The room called {name} is open to dogs." for name in names]
    reading = checks(0.5)
    found = reading(" ".join(sentences), [" ".join(sentences)])
    assert len(found.claims) == MOST_CLAIMS + 3
    assert {claim for claim, _ in reading.reader.asked} == set(sentences[:MOST_CLAIMS])
    assert [reason.code for reason in found.reasons] == [ReasonCode.CHECKED_BY_RULES]
    assert str(MOST_CLAIMS) in found.reasons[0].detail
    whole = " ".join(sentences[:MOST_CLAIMS])
    assert checks(0.5)(whole, [whole]).reasons == (), "all of it is read"


def test_markers_and_courtesies_are_no_part_of_what_is_read() -> None:
    reading = checks(0.5)
    reading("Sure, dogs cost €40 a night there [1].", [PAGE])
    assert {claim for claim, _ in reading.reader.asked} == {", dogs cost €40 a night there ."}


def test_the_settings_say_who_checks(tmp_path) -> None:
    deadlines = DeadlineSettings(judge_seconds=7.0)
    assert open_checks(ClaimSettings(checked_by=ClaimsBy.RULES), deadlines) is check
    opened = open_checks(ClaimSettings(), deadlines)
    assert isinstance(opened, SecondReading)
    assert opened.seconds == 7.0
    with pytest.raises(ConfigError, match=r"claims\.reader"):
        open_checks(ClaimSettings(reader=tmp_path), deadlines)
