"""Polls that come in while a transaction runs share the next one; each gets its own answer."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.recorder import MOST, TROUBLE, Recorder
from bot.tally import Tally
from watchers.errors import StoreError
from watchers.model import PollResult, PollSaved

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)


def poll(number: int) -> PollResult:
    return PollResult(number, NOW, NOW, 900, 0.0, "unchanged")


class SlowDatabase:
    """A store that takes a turn of the loop for each transaction, and may refuse some feeds."""

    def __init__(self, refused: Mapping[int, Exception] | None = None) -> None:
        self.tried: list[list[int]] = []
        self.transactions: list[list[int]] = []
        self.refused = dict(refused or {})
        self.tally = Tally()

    async def __call__(self, work: Callable[[Any], Any]) -> Any:
        await asyncio.sleep(0)
        return work(self)

    def save_polls(self, results: Sequence[PollResult]) -> tuple[PollSaved, ...]:
        numbers = [result.feed_id for result in results]
        self.tried.append(numbers)
        for number in self.refused.keys() & set(numbers):
            raise self.refused[number]
        self.transactions.append(numbers)
        return tuple(PollSaved(number, new=number) for number in numbers)


def recorder(database: SlowDatabase) -> Recorder:
    return Recorder(database)  # type: ignore[arg-type]


async def test_those_that_wait_share_a_transaction_and_none_is_too_large() -> None:
    database = SlowDatabase()
    saving = recorder(database)
    saved = await asyncio.gather(*(saving.save(poll(n)) for n in range(1, 2 * MOST + 3)))
    assert [one.new for one in saved] == list(range(1, 2 * MOST + 3))
    assert [len(some) for some in database.transactions] == [MOST, MOST, 2]


@pytest.mark.parametrize("error", [ValueError("a bug"), StoreError("a value it cannot hold")])
async def test_one_that_cannot_be_stored_takes_no_other_with_it(error: Exception) -> None:
    database = SlowDatabase({2: error})
    saving = recorder(database)
    outcomes = await asyncio.gather(
        *(saving.save(poll(n)) for n in (1, 2, 3)), return_exceptions=True
    )
    assert outcomes[0] == PollSaved(1, new=1)
    assert outcomes[1] is error
    assert outcomes[2] == PollSaved(3, new=3)


@pytest.mark.parametrize("trouble", TROUBLE)
async def test_a_database_that_refuses_is_not_asked_once_for_each(
    trouble: type[StoreError],
) -> None:
    error = trouble("Not now.")
    database = SlowDatabase(dict.fromkeys(range(2, 40), error))
    saving = recorder(database)
    outcomes = await asyncio.gather(
        *(saving.save(poll(n)) for n in range(1, 40)), return_exceptions=True
    )
    assert outcomes == [PollSaved(1, new=1), *[error] * 38]
    assert database.tried == [list(range(1, 40)), [1], [2]]
    database.refused.clear()
    assert await saving.save(poll(2)) == PollSaved(2, new=2)


async def test_whoever_left_is_not_waited_for() -> None:
    database = SlowDatabase()
    saving = recorder(database)
    leaving = asyncio.create_task(saving.save(poll(1)))
    staying = asyncio.create_task(saving.save(poll(2)))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).feed_id == 2
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await saving.save(poll(3)) == PollSaved(3, new=3)
