"""Time: an epoch, a moment or an epoch of a generation leads to what was live then."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from config.errors import ConfigError
from indexing.as_of import GenerationEpoch, as_of_text, parse_as_of
from indexing.errors import EpochNotCommittedError, EpochNotRetainedError
from indexing.generations.promotion import rollback
from indexing.generations.timeline import state_at
from indexing.ledger import tables
from indexing.ledger.generations import GenerationState, raise_horizon, set_state

DAY = dt.timedelta(days=1)
START = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def at(rig: Any, as_of: Any) -> tuple[str, int]:
    state = state_at(rig.corpus.ledger, "holdfast", rig.corpus.live(), as_of)
    return state.name, state.epoch


@pytest.fixture
def years(rig: Any) -> Any:
    """Four epochs, one a day; on day 10 a second generation, on day 20 a rollback."""
    for number in range(4):
        rig.write("a.txt", f"The mooring has {number} ropes.")
        rig.ingest()
    rig.reindex()
    rollback(rig.corpus)
    with rig.corpus.ledger.write() as connection:
        for generation, days in (("holdfast__g1", (0, 1, 2, 3)), ("holdfast__g2", (9,))):
            for number, day in enumerate(days, 1):
                connection.execute(
                    update(tables.epoch)
                    .where(tables.epoch.c.generation == generation, tables.epoch.c.number == number)
                    .values(committed_at=START + day * DAY)
                )
            connection.execute(
                update(tables.generation)
                .where(tables.generation.c.name == generation)
                .values(committed_at=START + days[-1] * DAY)
            )
        for number, day in enumerate((0, 10, 20), 1):
            connection.execute(
                update(tables.promotion)
                .where(tables.promotion.c.number == number)
                .values(at=START + day * DAY)
            )
    return rig


def test_an_epoch_is_one_of_the_live_generation(years: Any) -> None:
    assert at(years, None) == ("holdfast__g1", 4)
    assert at(years, 2) == ("holdfast__g1", 2)
    assert at(years, GenerationEpoch("holdfast__g2", 1)) == ("holdfast__g2", 1)
    for wrong in (5, -1, GenerationEpoch("holdfast__g2", 9), GenerationEpoch("other", 1)):
        with pytest.raises(EpochNotCommittedError):
            at(years, wrong)


LIVE_THEN = (
    (0, ("holdfast__g1", 1)),
    (2.5, ("holdfast__g1", 3)),
    (9.9, ("holdfast__g1", 4)),
    (10, ("holdfast__g2", 1)),
    (19, ("holdfast__g2", 1)),
    (21, ("holdfast__g1", 4)),
)


def test_a_moment_is_what_was_live_then(years: Any) -> None:
    # One test: the years take seconds to make, a look at them none.
    for day, state in LIVE_THEN:
        moment = START + day * DAY
        assert at(years, moment) == state, day
        shown = state_at(years.corpus.ledger, "holdfast", years.corpus.live(), moment).committed_at
        assert shown is not None
        assert shown <= moment


def test_before_the_first_state_there_was_nothing(years: Any) -> None:
    with pytest.raises(EpochNotCommittedError, match="Nothing was indexed yet at 2026-02-28"):
        at(years, START - DAY)


def test_an_epoch_from_before_the_promotion_was_built_and_not_served(rig: Any) -> None:
    for number in range(5):
        rig.write(f"{number}.txt", f"The mooring has {number} ropes.")
    rig.ingest()
    rig.write("0.txt", "The mooring has 9 ropes.")
    rig.ingest()
    limits = rig.corpus.settings.ingestion.model_copy(update={"batch_documents": 2})
    rig.corpus.settings = rig.corpus.settings.model_copy(update={"ingestion": limits})
    rig.reindex()
    rig.write("1.txt", "The mooring has 8 ropes.")
    rig.ingest()
    assert at(rig, 4) == ("holdfast__g2", 4)
    assert at(rig, 3) == ("holdfast__g2", 3), "the epoch that was promoted"
    for unseen in (0, 2, GenerationEpoch("holdfast__g2", 1)):
        with pytest.raises(EpochNotCommittedError, match=r"built, not served.* a time"):
            at(rig, unseen)
    with pytest.raises(EpochNotCommittedError, match=r"Name holdfast__g1@2, which was served"):
        at(rig, 2)
    assert at(rig, GenerationEpoch("holdfast__g1", 2)) == ("holdfast__g1", 2)


@pytest.mark.parametrize("state", [GenerationState.BUILDING, GenerationState.REJECTED])
def test_a_generation_that_never_was_live_was_never_served(
    years: Any, state: GenerationState
) -> None:
    set_state(years.corpus.ledger, "holdfast__g2", state)
    with pytest.raises(EpochNotCommittedError, match="no reader ever saw"):
        at(years, GenerationEpoch("holdfast__g2", 1))


def test_what_is_not_kept_is_refused_by_name(years: Any) -> None:
    raise_horizon(years.corpus.ledger, "holdfast__g1", 3)
    raise_horizon(years.corpus.ledger, "holdfast__g1", 2)
    assert at(years, 3) == ("holdfast__g1", 3)
    for gone in (2, START + DAY):
        with pytest.raises(EpochNotRetainedError, match=r"oldest that can be read is 3"):
            at(years, gone)
    set_state(years.corpus.ledger, "holdfast__g2", GenerationState.DROPPED)
    with pytest.raises(EpochNotRetainedError, match="dropped after its soak time"):
        at(years, START + 15 * DAY)


def test_a_ledger_of_the_first_schema_knows_its_live_generation(years: Any) -> None:
    with years.corpus.ledger.write() as connection:
        connection.execute(tables.promotion.delete())
        connection.execute(update(tables.generation).values(created_at=START))
    assert at(years, START + 2.5 * DAY) == ("holdfast__g1", 3)
    with pytest.raises(EpochNotCommittedError):
        at(years, START - DAY)


def test_a_time_without_a_zone_is_in_utc() -> None:
    assert parse_as_of("2026-11-25T10:30") == dt.datetime(2026, 11, 25, 10, 30, tzinfo=dt.UTC)
    assert parse_as_of("2026-11-25T10:30+01:00") == parse_as_of("2026-11-25T09:30Z")


@pytest.mark.parametrize(
    "wrong",
    ["", "-1", "yesterday", "g@", "@3", "g@x", "1.5", "g2@-1", "9" * 5000, "g@" + "9" * 5000],
)
def test_what_is_no_state_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match="neither an epoch"):
        parse_as_of(wrong)


@given(
    st.one_of(
        st.integers(0, 2**53),
        st.datetimes(timezones=st.just(dt.UTC)),
        st.builds(
            GenerationEpoch, st.from_regex(r"[a-z_]{1,9}__g[1-9]", fullmatch=True), st.integers(0)
        ),
    )
)
def test_every_state_is_read_back_as_it_was_written(as_of: Any) -> None:
    written = as_of_text(as_of)
    assert written is not None
    assert parse_as_of(written) == as_of
