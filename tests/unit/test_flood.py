"""How often one person may ask."""

from hypothesis import given
from hypothesis import strategies as st

from bot.flood import Flood


def test_a_burst_then_one_word_then_silence() -> None:
    flood = Flood(burst=3, refill=0.5)
    assert [flood.take(7, 100.0) for _ in range(6)] == ["yes", "yes", "yes", "warn", "no", "no"]


def test_it_fills_up_again_and_warns_anew() -> None:
    flood = Flood(burst=2, refill=0.5)
    assert [flood.take(7, 0.0) for _ in range(3)] == ["yes", "yes", "warn"]
    assert flood.take(7, 1.9) == "no"
    assert flood.take(7, 4.0) == "yes"
    assert [flood.take(7, 4.0), flood.take(7, 4.1)] == ["yes", "warn"]


def test_a_flood_that_goes_on_is_warned_once() -> None:
    flood = Flood(burst=8, refill=1)
    said = [flood.take(7, tenth / 10) for tenth in range(600)]
    assert said.count("warn") == 1
    assert flood.take(7, 70.0) == "yes"
    assert [flood.take(7, 70.0) for _ in range(9)].count("warn") == 1


def test_one_person_takes_nothing_from_another() -> None:
    flood = Flood(burst=1, refill=0.1)
    assert [flood.take(7, 0.0), flood.take(7, 0.0), flood.take(8, 0.0)] == ["yes", "warn", "yes"]


def test_memory_is_bounded() -> None:
    flood = Flood(burst=1, refill=0.1)
    for user in range(20_001):
        flood.take(user, 0.0)
    assert len(flood._buckets) == 10_000


@given(st.lists(st.floats(min_value=0, max_value=60), max_size=300))
def test_never_more_than_burst_and_refill_allow(waits: list[float]) -> None:
    flood, now, passed = Flood(burst=5, refill=0.5), 0.0, 0
    for wait in waits:
        now += wait
        passed += flood.take(1, now) == "yes"
        assert passed <= 5 + now * 0.5 + 1e-6
