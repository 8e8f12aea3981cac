"""The Bot API's stand-in accepts, refuses and fails as it says."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from tests.standin import BOT_ID, TOKEN, BotApiStandin, BotApiThread
from tests.standin.judge import found_entities, kept, parse_html, telegram_accepts

CHANNEL = -1001234567890


def bot_of(standin: BotApiStandin, token: str = TOKEN) -> Bot:
    """python-telegram-bot's own client, pointed at the stand-in."""
    # Loading the certificates of the world twice a test would take most of this file's time.
    plain = {"trust_env": False, "verify": False}
    calls, polls = (HTTPXRequest(read_timeout=0.5, httpx_kwargs=plain) for _ in range(2))
    root = standin.api_url
    return Bot(token, f"{root}/bot", f"{root}/file/bot", request=calls, get_updates_request=polls)


@pytest.fixture(autouse=True)
def seconds_as_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this, reading RetryAfter.retry_after warns of a coming change."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def standin() -> AsyncIterator[BotApiStandin]:
    async with BotApiStandin() as server:
        server.add_chat(CHANNEL, username="news", title="News")
        yield server


@pytest.fixture
async def bot(standin: BotApiStandin) -> AsyncIterator[Bot]:
    client = bot_of(standin)
    await client._request[1].initialize()
    yield client
    await client._request[1].shutdown()
    await client._request[0].shutdown()


def link(offset: int, length: int, url: str | None = "https://a.org/") -> MessageEntity:
    return MessageEntity(MessageEntity.TEXT_LINK, offset, length, url=url)


def bold(offset: int, length: int) -> MessageEntity:
    return MessageEntity(MessageEntity.BOLD, offset, length)


ACCEPTED = [
    pytest.param("hello", [], id="plain"),
    pytest.param("x" * 4096, [], id="longest"),
    pytest.param("😀" * 2048, [], id="longest in UTF-16"),
    pytest.param("😀 hello", [bold(0, 2), link(3, 5)], id="entities counted in UTF-16"),
    pytest.param("سلام", [link(0, 4)], id="to the very end"),
]
REFUSED = [
    pytest.param("", [], "text is empty", id="empty"),
    pytest.param(" \n ", [], "must be non-empty", id="blank"),
    pytest.param("x" * 4097, [], "message is too long", id="one unit too long"),
    pytest.param("😀" * 2048 + "x", [], "message is too long", id="too long in UTF-16"),
    pytest.param("ش" * 16385, [], "text is too long", id="too many bytes"),
    pytest.param("hello", [bold(0, 6)], "after the end", id="beyond the end"),
    pytest.param("hello", [bold(-1, 2)], "after the end", id="before the start"),
    pytest.param("😀", [bold(0, 1)], "ends in a middle", id="ends in a surrogate pair"),
    pytest.param("😀x", [bold(1, 2)], "begins in a middle", id="begins in a surrogate pair"),
    pytest.param("hello", [link(0, 5, None)], "without url", id="link without url"),
    pytest.param("hello", [link(0, 5, "ftp://a")], "unsupported url protocol", id="ftp link"),
    pytest.param("hello", [MessageEntity("loud", 0, 5)], "unsupported type", id="unknown type"),
    pytest.param("x" * 101, [bold(i, 1) for i in range(101)], "more than 100", id="101 entities"),
]


@pytest.mark.parametrize(("words", "entities"), ACCEPTED)
async def test_a_sound_message_is_recorded(
    standin: BotApiStandin, bot: Bot, words: str, entities: list[MessageEntity]
) -> None:
    message = await bot.send_message(CHANNEL, words, entities=entities)

    (sent,) = standin.sent
    assert (sent.chat_id, sent.id, sent.text) == (CHANNEL, message.message_id, words)
    assert sent.entities == [e.to_dict() for e in entities]
    assert telegram_accepts(sent.text, sent.entities) is None


@pytest.mark.parametrize(("words", "entities", "reason"), REFUSED)
async def test_an_unsound_message_is_refused(
    standin: BotApiStandin, bot: Bot, words: str, entities: list[MessageEntity], reason: str
) -> None:
    with pytest.raises(BadRequest) as refusal:
        await bot.send_message(CHANNEL, words, entities=entities)

    assert reason in str(refusal.value).lower()
    assert not standin.sent


REFUSED_BY_JUDGE = [
    p for p in REFUSED if p.id in {
        "beyond the end", "before the start", "ends in a surrogate pair",
        "begins in a surrogate pair", "link without url", "ftp link",
    }
]  # fmt: skip


@pytest.mark.parametrize(("words", "entities", "reason"), REFUSED_BY_JUDGE)
def test_telegrams_own_library_refuses_the_same_entities(
    words: str, entities: list[MessageEntity], reason: str
) -> None:
    assert telegram_accepts(words, [e.to_dict() for e in entities]) is not None


def test_the_judge_tells_what_telegram_makes_of_a_text() -> None:
    assert kept("a\u2028b\u202ec\x00d") == "abc d"
    assert found_entities("see #iran") == [("hashtag", "#iran")]
    assert parse_html("<b>hi</b>") == ("hi", [{"type": "bold", "offset": 0, "length": 2}])
    assert "tag" in str(parse_html("<p>hi</p>"))


async def test_chats_are_as_strict_as_telegrams(standin: BotApiStandin, bot: Bot) -> None:
    channel = standin.state.chats[CHANNEL]
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(-100999, "hello")
    channel.bot_status = "left"
    with pytest.raises(Forbidden, match="not a member of the channel chat"):
        await bot.send_message(CHANNEL, "hello")
    channel.bot_status = "member"
    with pytest.raises(BadRequest, match="Need administrator rights"):
        await bot.send_message("@news", "hello")
    assert not standin.sent


async def test_a_wrong_token_and_an_unknown_method_are_refused(standin: BotApiStandin) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        wrong = await client.post(f"{standin.api_url}/bot1:x/getMe")
        unknown = await client.get(f"{standin.api_url}/bot{TOKEN}/flyToTheMoon")
    assert (wrong.status_code, wrong.json()["description"]) == (401, "Unauthorized")
    assert (unknown.status_code, unknown.json()["ok"]) == (404, False)


@pytest.mark.parametrize("form", ["json", "data", "files"])
async def test_every_kind_of_body_is_read(standin: BotApiStandin, form: str) -> None:
    fields: dict[str, Any] = {"chat_id": str(CHANNEL), "text": "hello"}
    body = {k: (None, v) for k, v in fields.items()} if form == "files" else fields
    options: dict[str, Any] = {form: body}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{standin.api_url}/bot{TOKEN}/sendMessage", **options)
    assert answer.json()["result"]["text"] == "hello"


NOT_RECORDED = [
    pytest.param("retry_after", {"seconds": 7}, RetryAfter, id="retry_after"),
    pytest.param("server_error", {"status": 500}, NetworkError, id="500"),
    pytest.param("server_error", {}, NetworkError, id="502"),
    pytest.param("drop_before", {}, NetworkError, id="drop_before"),
    pytest.param("migrate", {"to": -100777}, ChatMigrated, id="migrate"),
    pytest.param("forbidden", {}, Forbidden, id="forbidden"),
    pytest.param("refuse", {"code": 401}, InvalidToken, id="refuse"),
]
RECORDED = [
    pytest.param("drop_after", {}, NetworkError, id="drop_after"),
    pytest.param("bad_json", {}, TelegramError, id="bad_json"),
    pytest.param("slow", {"seconds": 0.7}, TimedOut, id="slow"),
]


async def fails_once(
    standin: BotApiStandin, bot: Bot, kind: str, args: dict[str, Any], error: type[Exception]
) -> None:
    standin.fault("sendMessage", kind, **args)
    with pytest.raises(error):
        await bot.send_message(CHANNEL, "first")
    await bot.send_message(CHANNEL, "second")


@pytest.mark.parametrize(("kind", "args", "error"), NOT_RECORDED)
async def test_a_fault_before_the_work_records_nothing(
    standin: BotApiStandin, bot: Bot, kind: str, args: dict[str, Any], error: type[Exception]
) -> None:
    await fails_once(standin, bot, kind, args, error)
    assert standin.texts(CHANNEL) == ["second"]
    assert [c.method for c in standin.calls] == ["sendMessage", "sendMessage"]


@pytest.mark.parametrize(("kind", "args", "error"), RECORDED)
async def test_a_fault_after_the_work_leaves_the_message_out(
    standin: BotApiStandin, bot: Bot, kind: str, args: dict[str, Any], error: type[Exception]
) -> None:
    await fails_once(standin, bot, kind, args, error)
    assert standin.texts(CHANNEL) == ["first", "second"]


async def test_rate_limits_count_per_chat_and_name_the_wait(
    standin: BotApiStandin, bot: Bot
) -> None:
    standin.add_chat(-100222)
    standin.limit(per_minute=2)
    for chat_id in (CHANNEL, CHANNEL, -100222):
        await bot.send_message(chat_id, "hello")
    with pytest.raises(RetryAfter) as refusal:
        await bot.send_message(CHANNEL, "hello")
    wait = refusal.value.retry_after
    assert isinstance(wait, timedelta)
    assert 50 < wait.total_seconds() <= 60


async def test_messages_are_edited_and_deleted(standin: BotApiStandin, bot: Bot) -> None:
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("Arrived", callback_data="d:1:ok")]])
    message = await bot.send_message(CHANNEL, "one", reply_markup=markup)
    other = await bot.send_message(CHANNEL, "two")
    await bot.edit_message_text("uno", CHANNEL, message.message_id, reply_markup=markup)
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_text("uno", CHANNEL, message.message_id, reply_markup=markup)
    await bot.edit_message_reply_markup(CHANNEL, message.message_id)
    await bot.delete_message(CHANNEL, other.message_id)
    with pytest.raises(BadRequest, match="not found"):
        await bot.delete_message(CHANNEL, other.message_id)

    assert standin.texts(CHANNEL) == ["uno"]
    assert (other.message_id - message.message_id, standin.sent[0].edits) == (1, 2)
    assert standin.sent[0].reply_markup is None


async def test_callback_data_over_64_bytes_is_refused(bot: Bot, standin: BotApiStandin) -> None:
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="x" * 65)]])
    with pytest.raises(BadRequest, match=r"(?i)button_data_invalid"):
        await bot.send_message(CHANNEL, "hello", reply_markup=markup)


async def test_updates_stay_until_an_offset_confirms_them(standin: BotApiStandin, bot: Bot) -> None:
    first, second = standin.message(7, "/start now"), standin.message(7, "hello")
    both = await bot.get_updates()
    again = await bot.get_updates()
    rest = await bot.get_updates(offset=second)

    assert [[u.update_id for u in us] for us in (both, again)] == [[first, second]] * 2
    assert [u.update_id for u in rest] == [second]
    assert both[0].message is not None
    assert both[0].message.parse_entities() == {both[0].message.entities[0]: "/start"}


async def test_a_waiting_poll_sees_a_new_update_and_ends_at_a_second_poll(
    standin: BotApiStandin, bot: Bot
) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=5))
    await standin.until(lambda: standin.state.pollers == 1)
    standin.message(7, "hello")
    assert len(await waiting) == 1

    waiting = asyncio.create_task(bot.get_updates(offset=-1, timeout=5))
    assert len(await waiting) == 1
    waiting = asyncio.create_task(bot.get_updates(offset=2000, timeout=5))
    await standin.until(lambda: standin.state.pollers == 3)
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(f"{standin.api_url}/bot{TOKEN}/getUpdates")
    with pytest.raises(Conflict):
        await waiting


async def test_updates_come_only_in_the_kinds_asked_for(standin: BotApiStandin, bot: Bot) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    assert standin.message(7, "hello") == 0
    query_id = standin.callback(7, "settle:1")
    (update,) = await bot.get_updates()
    assert update.callback_query is not None
    await bot.answer_callback_query(query_id, "done")
    assert standin.answers[0]["text"] == "done"
    with pytest.raises(BadRequest, match="too old"):
        await bot.answer_callback_query(query_id)


async def test_documents_go_both_ways(standin: BotApiStandin, bot: Bot) -> None:
    standin.document(7, "feeds.opml", b"<opml/>")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.document is not None
    file = await bot.get_file(update.message.document.file_id)
    assert bytes(await file.download_as_bytearray()) == b"<opml/>"

    await bot.send_document(7, b"a,b", filename="export.csv")
    assert standin.sent[-1].document == ("export.csv", b"a,b")


async def test_the_bot_learns_about_itself_and_its_chats(standin: BotApiStandin, bot: Bot) -> None:
    async with bot:
        assert (await bot.get_chat("@News")).title == "News"
        member = await bot.get_chat_member(CHANNEL, BOT_ID)
        await bot.set_my_commands([("help", "what I can do")])
        await bot.delete_webhook()
    assert bot.id == BOT_ID
    assert member.to_dict()["can_post_messages"] is True
    assert standin.state.commands == [{"command": "help", "description": "what I can do"}]


def test_a_child_program_may_talk_to_the_standin_while_the_test_blocks() -> None:
    with BotApiThread() as standin:
        standin.add_chat(CHANNEL)
        data = f"chat_id={CHANNEL}&text=hello"
        script = (
            "import sys, urllib.request as u; "
            "u.build_opener(u.ProxyHandler({})).open(sys.argv[1], sys.argv[2].encode())"
        )
        url = f"{standin.api_url}/bot{TOKEN}/sendMessage"
        subprocess.run([sys.executable, "-c", script, url, data], check=True)
        standin.wait(lambda: len(standin.sent) == 1)
    assert standin.texts(CHANNEL) == ["hello"]


@pytest.mark.parametrize(
    ("method", "kind", "args"),
    [
        pytest.param("sendMesage", "slow", {}, id="method"),
        pytest.param("sendMessage", "slowly", {}, id="kind"),
        pytest.param("sendMessage", "slow", {"second": 1}, id="argument"),
        pytest.param("sendMessage", "migrate", {}, id="missing argument"),
    ],
)
def test_a_misspelt_fault_is_an_error(method: str, kind: str, args: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"unknown|migrate needs"):
        BotApiStandin().fault(method, kind, **args)
