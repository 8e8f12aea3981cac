"""The Bot API's stand-in accepts, refuses and fails as it says."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from telegram import (
    Bot,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MessageEntity,
)
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
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

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
    pytest.param("too_many", {}, NetworkError, id="429 without a wait"),
    pytest.param("not_ok", {}, KeyError, id="200 with ok:false"),
]
RECORDED = [
    pytest.param("drop_after", {}, NetworkError, id="drop_after"),
    pytest.param("bad_json", {}, TelegramError, id="bad_json"),
    pytest.param("slow", {"seconds": 0.7}, TimedOut, id="slow"),
    pytest.param("truncated", {}, NetworkError, id="truncated"),
    pytest.param("error_after", {"status": 504}, NetworkError, id="504 after the work"),
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


async def test_what_is_late_is_recorded_when_nobody_waits_any_more(
    standin: BotApiStandin, bot: Bot
) -> None:
    standin.fault("sendMessage", "late", seconds=0.8)
    with pytest.raises(TimedOut):
        await bot.send_message(CHANNEL, "first")
    await bot.send_message(CHANNEL, "second")
    assert standin.texts(CHANNEL) == ["second"]
    assert not standin.is_quiet
    await standin.until(lambda: standin.is_quiet)
    assert standin.texts(CHANNEL) == ["second", "first"]


async def test_a_migrated_chat_refuses_its_old_id_for_ever_and_takes_the_new_one(
    standin: BotApiStandin, bot: Bot
) -> None:
    standin.fault("sendMessage", "migrate", to=-100777, moves=True)
    for _ in range(2):
        with pytest.raises(ChatMigrated) as moved:
            await bot.send_message(CHANNEL, "hello")
        assert moved.value.new_chat_id == -100777
    await bot.send_message(-100777, "hello")
    assert (standin.texts(CHANNEL), standin.texts(-100777)) == ([], ["hello"])


async def test_a_storm_is_the_same_for_the_same_seed_and_ends(
    standin: BotApiStandin, bot: Bot
) -> None:
    async def struck(seed: int) -> list[str | None]:
        standin.calm()
        standin.storm("sendMessage", seed, {"forbidden": 0.3, "refuse": 0.3}, left=5)
        before = len(standin.sends())
        for _ in range(30):
            with contextlib.suppress(TelegramError):
                await bot.send_message(CHANNEL, "hello")
        return [exchange.fault for exchange in standin.sends()[before:]]

    first, again, other = await struck(1), await struck(1), await struck(2)
    assert first == again != other
    assert sum(fault is not None for fault in first) == 5


async def test_the_log_tells_what_became_of_each_send(standin: BotApiStandin, bot: Bot) -> None:
    seen: list[str] = []
    standin.watch(lambda stage, exchange: seen.append(f"{exchange.params['text']} {stage}"))
    standin.fault("sendMessage", "refuse")
    standin.fault("sendMessage", "drop_after")
    for text in ("one", "two", "three"):
        with contextlib.suppress(TelegramError):
            await bot.send_message(CHANNEL, text)
    log = [
        (e.params["text"], e.fault, e.recorded.id if e.recorded else None, e.status)
        for e in standin.sends()
    ]
    assert log == [
        ("one", "refuse", None, 400), ("two", "drop_after", 1, None), ("three", None, 2, 200),
    ]  # fmt: skip
    assert seen == [
        "one asked", "one answered",
        "two asked", "two recorded", "two answered",
        "three asked", "three recorded", "three answered",
    ]  # fmt: skip


async def test_only_its_own_messages_are_edited_and_only_what_may_be_is_deleted(
    standin: BotApiStandin, bot: Bot
) -> None:
    first = await bot.send_message(CHANNEL, "one")
    theirs = standin.others_message(CHANNEL)
    second = await bot.send_message(CHANNEL, "two")
    assert (theirs, second.message_id) == (first.message_id + 1, first.message_id + 2)
    with pytest.raises(BadRequest, match="can't be edited"):
        await bot.edit_message_text("mine now", CHANNEL, theirs)
    with pytest.raises(BadRequest, match="to edit not found"):
        await bot.edit_message_reply_markup(CHANNEL, 999)

    channel = standin.state.chats[CHANNEL]
    channel.can_delete = False
    standin.sent[0].at -= timedelta(hours=49)
    with pytest.raises(BadRequest, match="can't be deleted for everyone"):
        await bot.delete_message(CHANNEL, first.message_id)
    with pytest.raises(BadRequest, match="can't be deleted"):
        await bot.delete_message(CHANNEL, theirs)
    await bot.delete_message(CHANNEL, second.message_id)
    channel.can_delete = True
    await bot.delete_message(CHANNEL, theirs)
    await bot.delete_message(CHANNEL, first.message_id)
    assert standin.texts(CHANNEL) == []


async def test_a_bot_that_was_thrown_out_edits_and_deletes_nothing(
    standin: BotApiStandin, bot: Bot
) -> None:
    message = await bot.send_message(CHANNEL, "one")
    standin.state.chats[CHANNEL].bot_status = "kicked"
    with pytest.raises(Forbidden):
        await bot.edit_message_text("uno", CHANNEL, message.message_id)
    with pytest.raises(Forbidden):
        await bot.delete_message(CHANNEL, message.message_id)
    assert standin.texts(CHANNEL) == ["one"]


async def test_menus_are_kept_by_scope_and_language(standin: BotApiStandin, bot: Bot) -> None:
    standin.message(7, "/start")
    chat = BotCommandScopeChat(7)
    await bot.set_my_commands([("help", "Help")])
    await bot.set_my_commands([("help", "Aide")], language_code="fr")
    await bot.set_my_commands([("help", "Help"), ("feeds", "Feeds")], scope=chat)
    assert [c.description for c in await bot.get_my_commands(language_code="fr")] == ["Aide"]
    assert [c.command for c in await bot.get_my_commands(chat)] == ["help", "feeds"]
    assert standin.menu(type="chat", chat_id=7)[1]["command"] == "feeds"
    assert await bot.get_my_commands(BotCommandScopeAllPrivateChats()) == ()
    await bot.delete_my_commands(chat)
    assert (standin.menu(type="chat", chat_id=7), len(standin.menu())) == ([], 1)


MENUS = [
    pytest.param([("Help", "Help")], {}, "bot_command_invalid", id="upper case"),
    pytest.param([("help", "")], {}, "description_invalid", id="no description"),
    pytest.param([("help", "x" * 257)], {}, "description_invalid", id="long description"),
    pytest.param([(f"c{n}", "x") for n in range(101)], {}, "too_much", id="101 commands"),
    pytest.param([("help", "x")], {"scope": BotCommandScopeChat(-5)}, "not found", id="chat"),
    pytest.param([("help", "x")], {"language_code": "fa-IR"}, "language", id="language"),
]


@pytest.mark.parametrize(("commands", "how", "reason"), MENUS)
async def test_an_unsound_menu_is_refused(
    standin: BotApiStandin, bot: Bot, commands: list[tuple[str, str]],
    how: dict[str, Any], reason: str,
) -> None:  # fmt: skip
    with pytest.raises(BadRequest) as refusal:
        await bot.set_my_commands(commands, **how)
    assert reason in str(refusal.value).lower()
    assert not standin.state.menus


class Hook(RequestHandler):
    """A bot's webhook that says no as often as it is told to."""

    async def post(self) -> None:
        """Keep what came."""
        secret = self.request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        self.settings["got"].append((secret, json.loads(self.request.body)["update_id"]))
        if self.settings["refusals"]:
            self.set_status(self.settings["refusals"].pop())


@pytest.fixture
async def hook() -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """A webhook's address, what it got and what it will refuse with."""
    application = Application([("/hook", Hook)], got=[], refusals=[], log_function=lambda _: None)
    sockets = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(application)
    server.add_sockets(sockets)
    yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}/hook", application.settings
    server.stop()
    await server.close_all_connections()


async def test_updates_are_brought_to_the_webhook_until_it_takes_them(
    standin: BotApiStandin, bot: Bot, hook: tuple[str, dict[str, Any]]
) -> None:
    address, its = hook
    its["refusals"] += [500, 403]
    await bot.set_webhook(address, secret_token="s3-cret_")
    with pytest.raises(Conflict):
        await bot.get_updates()
    first, second = standin.message(7, "/start"), standin.message(7, "/help")
    await standin.until(lambda: not standin.pending_updates)
    assert its["got"] == [("s3-cret_", number) for number in (first, first, first, second)]
    assert [posted.status for posted in standin.state.posted] == [403, 500, 200, 200]
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count) == (address, 0)
    assert info.last_error_message == "Wrong response from the webhook: 500"

    await bot.delete_webhook()
    third = standin.message(7, "/stop")
    (update,) = await bot.get_updates()
    assert update.update_id == third
    assert len(its["got"]) == 4


async def test_setting_a_webhook_ends_a_waiting_poll(
    standin: BotApiStandin, bot: Bot, hook: tuple[str, dict[str, Any]]
) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=5))
    await standin.until(lambda: standin.state.pollers == 1)
    await bot.set_webhook(hook[0])
    with pytest.raises(Conflict):
        await waiting


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        pytest.param("https://bot.example/hook", None, id="elsewhere"),
        pytest.param("ftp://127.0.0.1/hook", None, id="no http"),
        pytest.param("http://127.0.0.1:1/hook", "a secret", id="secret with a blank"),
    ],
)
async def test_an_unsound_webhook_is_refused(
    standin: BotApiStandin, bot: Bot, url: str, secret: str | None
) -> None:
    with pytest.raises(BadRequest):
        await bot.set_webhook(url, secret_token=secret)
    assert not standin.state.webhook


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
