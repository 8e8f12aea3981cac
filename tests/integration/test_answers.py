"""Answers in a chat: told to wait they wait and come, and what breaks is said to who asked."""

from __future__ import annotations

import pytest

from bot import sender
from bot.app import Program
from bot.commands import table
from bot.commands.orders import EVERYONE, Order, Press
from tests.integration.telling import bot, news, press, press_data
from tests.integration.test_feed_commands import ADMIN, Bot

__all__ = ["bot", "news"]


@pytest.fixture
def slept(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long answers waited, in seconds; none of it is waited in fact."""
    found: list[float] = []

    async def note(seconds: float) -> None:
        if seconds:  # pages of one answer are no time apart here
            found.append(seconds)

    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # or the library warns of its own future
    monkeypatch.setattr(sender, "_sleep", note)
    return found


def calls(bot: Bot, method: str) -> int:
    return sum(call.method.lower() == method.lower() for call in bot.telegram.calls)


async def test_an_answer_that_is_told_to_wait_comes_later(bot: Bot, slept: list[float]) -> None:
    bot.telegram.fault("sendMessage", "retry_after", times=3, seconds=7)
    assert (await bot.ask("/approvals")).startswith("No digest waits")
    assert slept == [7, 7, 7]
    assert calls(bot, "sendMessage") == 4


@pytest.mark.parametrize(
    ("times", "seconds", "waited"),
    [(4, 1, [1, 1, 1]), (1, 31, []), (2, 16, [16])],
    ids=["too-often", "too-long", "too-long-in-all"],
)
async def test_an_answer_waits_so_often_and_so_long(
    bot: Bot, slept: list[float], times: int, seconds: int, waited: list[float]
) -> None:
    bot.telegram.fault("sendMessage", "retry_after", times=times, seconds=seconds)
    bot.telegram.message(ADMIN, "/approvals")
    await bot.telegram.until(lambda: calls(bot, "sendMessage") == times)
    assert (await bot.ask("/audit")).startswith("What was changed")  # the other one is given up
    assert slept == waited
    assert calls(bot, "sendMessage") == times + 1


@pytest.mark.parametrize("kind", ["refuse", "drop_after", "error_after"])
async def test_an_answer_that_may_have_come_or_is_refused_is_not_tried_again(
    bot: Bot, slept: list[float], kind: str
) -> None:
    bot.telegram.fault("sendMessage", kind)
    bot.telegram.message(ADMIN, "/approvals")
    await bot.telegram.until(lambda: calls(bot, "sendMessage") == 1)
    await bot.ask("/audit")
    assert (slept, calls(bot, "sendMessage")) == ([], 2)


async def test_a_file_that_is_told_to_wait_comes_later(bot: Bot, slept: list[float]) -> None:
    bot.telegram.fault("sendDocument", "retry_after", seconds=9)
    bot.telegram.message(ADMIN, "/export")
    await bot.telegram.until(lambda: any(one.document for one in bot.telegram.sent))
    assert slept == [9]


async def test_pages_that_are_told_to_wait_come_later(bot: Bot, slept: list[float]) -> None:
    bot.telegram.fault("sendMessage", "retry_after", seconds=9)
    assert "paper" in await bot.ask("/preview")
    assert slept == [9]


async def test_a_text_in_place_that_is_told_to_wait_comes_later(
    bot: Bot, slept: list[float]
) -> None:
    await bot.ask("/stopposting")
    await bot.ask("/resumeposting")
    bot.telegram.fault("editMessageText", "retry_after", seconds=9)
    assert "Cancelled" in await press(bot, "Cancel")
    assert slept == [9]


async def test_buttons_that_are_told_to_wait_go_later(bot: Bot, slept: list[float]) -> None:
    await bot.ask("/merge s-bergen s-oslo")
    asked = bot.telegram.sent[-1]
    bot.telegram.fault("editMessageReplyMarkup", "retry_after", seconds=9)
    assert "Cancelled" in await press(bot, "Cancel")
    assert slept == [9]
    assert not asked.reply_markup


# ---------------------------------------------------------------- what breaks


async def broken(program: Program, order: Order) -> str:
    """A bug."""
    raise RuntimeError


async def test_a_press_that_breaks_is_answered(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    await bot.ask("/merge s-bergen s-oslo")
    monkeypatch.setitem(table.PRESSES, "boom", Press(broken, EVERYONE))
    said = await press_data(bot, "boom:1")
    assert said == "Something went wrong on our side; it was logged. Nothing was changed."
