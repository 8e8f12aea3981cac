"""What `make soak` finds fault with, and what it can see."""

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.soak import report, verdicts
from benchmarks.soak_run import rooms
from bot.flood import Flood
from bot.tally import Tally

Sample = dict[str, Any]


def sample(number: int, **changes: Any) -> Sample:
    plain = {
        "polls": number * 100, "outcomes": {}, "articles": {}, "pages": 1, "updates": 1, "day": 1.0,
        "ticks": {"failed": 0, "broke": 0}, "rss": 200_000_000, "workers": [60_000_000], "fds": 20,
        "sockets": 5, "threads": 9, "tasks": 8, "blocks": 900_000, "files": 9,
        "database": 2**20 * number, "wal": 4_000_000, "rooms": {"A._b": 1_000}, "caches": {},
    }  # fmt: skip
    return plain | changes


def bad(change: Callable[[int], Sample]) -> list[str]:
    samples = [sample(number, **change(number)) for number in range(1, 41)]
    found = verdicts(samples)
    assert report(samples, found, 60.0).count("NOT") == sum(not one.is_good for one in found)
    return [one.what for one in found if not one.is_good]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        pytest.param(lambda _: {}, [], id="nothing grows"),
        pytest.param(lambda n: {"rss": 2e8 + min(n, 10) * 1e7}, [], id="in the first quarter only"),
        pytest.param(lambda n: {"rss": 2e8 + n * 7e5}, ["memory, bytes"], id="memory, slowly"),
        pytest.param(lambda n: {"fds": 20 + n}, ["fds"], id="a file each hundred polls"),
        pytest.param(lambda n: {"tasks": 8 + n}, ["tasks"], id="tasks"),
        pytest.param(lambda n: {"rooms": {"A._b": n * 300}}, ["rooms: A._b"], id="a container"),
        pytest.param(
            lambda n: {"rooms": {"New._c": 900} if n > 25 else {}},
            ["rooms: New._c"],
            id="a new container",
        ),
        pytest.param(
            lambda n: {"wal": 10**8 if n == 40 else 0}, ["WAL, bytes"], id="the WAL, once"
        ),
        pytest.param(
            lambda n: {"ticks": {"failed": 9, "broke": int(n > 39)}},
            ["ticks that broke"],
            id="a bug",
        ),
    ],
)
def test_what_grows_is_told(change: Callable[[int], Sample], wrong: list[str]) -> None:
    assert bad(change) == wrong


def test_large_containers_of_ours_are_found_wherever_they_hang() -> None:
    flood, tally = Flood(), Tally()
    for user in range(150):
        flood.take(user, 0.0)
        tally.failures[f"kind {user}"] += 1

    class Handler:
        __module__ = "bot.here"

        def __init__(self) -> None:
            self.told: object = lambda: flood
            self.kept = {"deep": [tally]}

    found = rooms(Handler())
    assert found == {"Flood._buckets": 150, "Tally.failures": 150}
