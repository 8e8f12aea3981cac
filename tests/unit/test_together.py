"""Work done at once: expected errors come out by their class, bugs as they are."""

import asyncio

import pytest

from bot.together import together
from watchers.errors import StoreBusy, StoreFull


async def _give(value: int) -> int:
    await asyncio.sleep(0)
    return value


async def _fail(error: Exception) -> int:
    raise error


async def test_results_come_in_order() -> None:
    assert await together(_give(n) for n in (3, 1, 2)) == [3, 1, 2]


async def test_an_expected_error_is_no_group() -> None:
    with pytest.raises(StoreFull, match="disk"):
        await together([_give(1), _fail(StoreFull("The disk is full."))])


async def test_several_expected_errors_are_told_as_the_first() -> None:
    with pytest.raises(StoreBusy):
        await together([_fail(StoreBusy("one")), _fail(StoreBusy("two"))])


async def test_a_bug_beside_an_expected_error_is_loud() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await together([_fail(StoreBusy("one")), _fail(ZeroDivisionError())])
    assert caught.value.subgroup(ZeroDivisionError)
