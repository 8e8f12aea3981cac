"""What an attempt to send came to: never "sent" without a receipt, never resent in doubt."""

from __future__ import annotations

import inspect
import io
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest
import telegram.error
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    PassportDecryptionError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.sender import ANSWER, ConsoleSender, TelegramSender, _parts, outcome_of
from watchers.telling import Channel, Entity, Page, SendOutcome

CHANNEL = Channel(1, "@test", "UTC", (), "en", datetime(2026, 7, 30, tzinfo=UTC))
PAGE = Page("Text", (Entity("bold", 0, 4),))
SECRET = "123456:AAAA-secret"


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


def flood(seconds: float) -> RetryAfter:
    """The library's constructor warns of its own future."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return RetryAfter(timedelta(seconds=seconds))


ERRORS: dict[str, tuple[TelegramError, SendOutcome]] = {
    "RetryAfter": (flood(17), SendOutcome.RETRY),
    "ChatMigrated": (ChatMigrated(-1001), SendOutcome.MIGRATED),
    "Forbidden": (Forbidden("bot was kicked from the channel chat"), SendOutcome.PAUSE),
    "InvalidToken": (InvalidToken(f"The token `{SECRET}` was rejected"), SendOutcome.RETRY),
    "BadRequest": (BadRequest("Can't parse entities"), SendOutcome.FAILED),
    "BadRequest: no chat": (BadRequest("Chat not found"), SendOutcome.PAUSE),
    "BadRequest: no right": (
        BadRequest("Need administrator rights in the channel chat"),
        SendOutcome.PAUSE,
    ),
    "Conflict": (Conflict("terminated by other getUpdates request"), SendOutcome.RETRY),
    "TimedOut": (TimedOut(), SendOutcome.UNCERTAIN),
    "TimedOut: our own pool": (
        TimedOut("Pool timeout: All connections are occupied. Request was *not* sent to Telegram."),
        SendOutcome.RETRY,
    ),
    "NetworkError": (NetworkError("httpx.ReadError: "), SendOutcome.UNCERTAIN),
    "NetworkError: never connected": (
        caused(NetworkError("httpx.ConnectError"), httpx.ConnectError("refused")),
        SendOutcome.RETRY,
    ),
    "NetworkError: cut": (
        caused(NetworkError("httpx.ReadError"), httpx.ReadError("cut")),
        SendOutcome.UNCERTAIN,
    ),
    "NetworkError: 502": (NetworkError("Bad Gateway"), SendOutcome.UNCERTAIN),
    "NetworkError: 429": (NetworkError("Too Many Requests"), SendOutcome.RETRY),
    "EndPointNotFound": (EndPointNotFound("Not Found"), SendOutcome.UNCERTAIN),
    "PassportDecryptionError": (PassportDecryptionError("x"), SendOutcome.UNCERTAIN),
    "TelegramError": (TelegramError("Invalid server response"), SendOutcome.UNCERTAIN),
}


@pytest.mark.parametrize(("error", "outcome"), ERRORS.values(), ids=ERRORS)
def test_each_error_of_the_library_has_its_outcome(
    error: TelegramError, outcome: SendOutcome
) -> None:
    result = outcome_of(error)
    assert result.outcome is outcome
    assert result.detail
    assert SECRET not in result.detail


def test_no_error_class_of_the_library_is_forgotten() -> None:
    classes = {
        name
        for name, value in vars(telegram.error).items()
        if inspect.isclass(value) and issubclass(value, TelegramError)
    }
    assert classes == {type(error).__name__ for error, _ in ERRORS.values()}


def test_telegrams_wish_to_wait_is_passed_on() -> None:
    assert outcome_of(flood(17)).wait == 17
    assert outcome_of(flood(1.5)).wait == 1.5


def test_a_moved_chat_has_its_new_id() -> None:
    assert outcome_of(ChatMigrated(-1001)).new_chat == "-1001"


def test_what_is_tried_again_is_tried_after_a_pause() -> None:
    for error, outcome in ERRORS.values():
        if outcome is SendOutcome.RETRY:
            assert outcome_of(error).wait > 0


class FakeBot:
    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer
        self.asked: dict[str, Any] = {}

    async def send_message(self, **arguments: Any) -> Any:
        self.asked = arguments
        return self.answer()


class Receipt:
    message_id = 77


async def test_a_page_is_sent_with_its_entities_and_without_a_preview() -> None:
    bot = FakeBot(Receipt)
    result = await TelegramSender(cast("Bot", bot)).send(CHANNEL, PAGE)
    assert (result.outcome, result.message_id) == (SendOutcome.SENT, 77)
    assert (bot.asked["chat_id"], bot.asked["text"]) == ("@test", "Text")
    assert [e.type for e in bot.asked["entities"]] == ["bold"]
    assert bot.asked["link_preview_options"].is_disabled
    assert "parse_mode" not in bot.asked


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(TimedOut(), SendOutcome.UNCERTAIN), (KeyError("result"), SendOutcome.FAILED)],
    ids=["time-out", "an answer that says no"],
)
async def test_an_error_while_sending_is_a_value(error: Exception, outcome: SendOutcome) -> None:
    def fail() -> None:
        raise error

    sent = await TelegramSender(cast("Bot", FakeBot(fail))).send(CHANNEL, PAGE)
    assert sent.outcome is outcome


async def test_the_console_prints_the_page() -> None:
    stream = io.StringIO()
    result = await ConsoleSender(stream).send(CHANNEL, PAGE)
    assert (result.outcome, stream.getvalue()) == (SendOutcome.SENT, "Text\n\n")


async def test_a_closed_console_is_a_failure() -> None:
    stream = io.StringIO()
    stream.close()
    assert (await ConsoleSender(stream).send(CHANNEL, PAGE)).outcome is SendOutcome.FAILED


ANSWERS = {
    "short": ("a\nb", ["a\nb"]),
    "empty": ("", []),
    "blank": (" \n ", []),
}


@pytest.mark.parametrize(("text", "parts"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_split_between_lines(text: str, parts: list[str]) -> None:
    assert _parts(text) == parts


def test_a_long_answer_is_several_messages_that_fit() -> None:
    lines = [f"🕯 line {n} " + "x" * 100 for n in range(200)]
    parts = _parts("\n".join([*lines, "🕯" * 5000]))
    assert "\n".join(parts).splitlines()[:200] == lines
    assert all(len(part.encode("utf-16-le")) // 2 <= ANSWER for part in parts)


@pytest.mark.parametrize("wrapper", [TimedOut, NetworkError], ids=["time-out", "network"])
@pytest.mark.parametrize(
    "cause", [httpx.ConnectTimeout, httpx.ConnectError], ids=["slow", "refused"]
)
def test_a_connection_that_was_never_made_sent_nothing(
    wrapper: type[NetworkError], cause: type[httpx.TransportError]
) -> None:
    error = wrapper("failed")
    error.__cause__ = cause("no connection")
    assert outcome_of(error).outcome is SendOutcome.RETRY
